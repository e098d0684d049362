import type { EmulatorError } from '../../emulator/stack/emulator-error.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import { EXIT, type Failure } from './failure.ts';

/** A line of the emulator's log, as a terminal shows it. */
export function logLine({ level, source, message, behaviour }: LogEntry): string {
  return `${level.padEnd(5)}  ${source}: ${message}${behaviour ? ` (${behaviour})` : ''}`;
}

export function failureOf({ code, cause, cure }: EmulatorError): Failure {
  return { exit: EXIT.broken, code, cause, cure };
}
