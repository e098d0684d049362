/**
 * What a function may do to its own process in Lambda and must not do to this one, which all functions share.
 *
 * Some of a process no worker can have for itself: `/tmp` is this machine's, shared by all environments, and outlives them
 * (LA-03); local time is this machine's, though `TZ` says UTC; memory outside V8's heap is not bounded by the function's.
 * @param killed told of a signal that the function sends itself; its environment ends by that
 */
export function limitProcess(codeFolder: string, killed: (signal: string) => void): void {
  // Lambda's working directory is the code's. Only what asks for it is told so: a worker cannot change directories, so
  // relative paths handed to `node:fs` as they are still mean the emulator's.
  process.cwd = () => codeFolder;
  const kill = process.kill.bind(process);
  process.kill = (pid, signal) => {
    if (pid !== process.pid || signal === 0) return kill(pid, signal);
    return endBy(SIGNAL_WORDS[String(signal ?? 'SIGTERM')] ?? String(signal));
  };
  process.abort = () => endBy('aborted');

  function endBy(signal: string): never {
    killed(signal);
    process.exit(1);
  }
}

/** As the system names what ended a process. */
const SIGNAL_WORDS: Readonly<Record<string, string>> = {
  SIGTERM: 'terminated',
  SIGKILL: 'killed',
  SIGABRT: 'aborted',
  SIGINT: 'interrupt',
  SIGHUP: 'hangup',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
};
