/** The only file of the agent that touches `process`. */
import { main } from './cli/commands.ts';

/** A terminal's Ctrl-C reaches npm and the agent, and npm passes it on: two signals this close are one press. */
const ONE_PRESS_MS = 300;

try {
  // Variables that are already set win.
  process.loadEnvFile();
} catch (error) {
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  if (!missing) process.stderr.write(`The file .env is not read: ${error}\n`);
}

const stop = new AbortController();
const kill = new AbortController();
let pressedAt = Number.NEGATIVE_INFINITY;

function interrupt(): void {
  const now = performance.now();
  if (now - pressedAt < ONE_PRESS_MS) return;
  pressedAt = now;
  if (stop.signal.aborted) kill.abort();
  else stop.abort();
}

process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);
// Nobody reads any more (`postern 3000 --json | head -1`): there is nobody to work for.
process.stdout.on('error', () => stop.abort());

const exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  stop: stop.signal,
  kill: kill.signal,
});
// What was written leaves first; then the end, whatever an upstream still keeps open.
process.stdout.write('', () => process.exit(exitCode));
