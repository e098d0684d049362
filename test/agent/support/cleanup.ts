/** Call within `describe`: what is handed to the returned function runs after the test, latest first. */
export function useCleanup(): (undo: () => unknown) => void {
  const pending: (() => unknown)[] = [];
  afterEach(async () => {
    while (pending.length > 0) await pending.pop()?.();
  });
  return (undo) => pending.push(undo);
}
