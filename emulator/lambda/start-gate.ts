/** Lets tasks begin in the order they came, and at most so many at a time. */
export type StartGate = (task: () => Promise<void>) => void;

/**
 * Starting an environment is work for a whole core: more of them at once than cores would only make each one later.
 * @param width how many may run at the same time, at least 1
 */
export function createStartGate(width: number): StartGate {
  const queue: (() => Promise<void>)[] = [];
  let running = 0;

  function next(): void {
    if (running >= width) return;
    const task = queue.shift();
    if (task === undefined) return;
    running++;
    void task().finally(() => {
      running--;
      next();
    });
  }

  return (task) => {
    queue.push(task);
    next();
  };
}
