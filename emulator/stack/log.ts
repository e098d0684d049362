export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One thing the emulator has to say. `behaviour` is an id of the specification (`WS-06`), where one explains the line. */
export interface LogEntry {
  readonly level: LogLevel;
  /** Who speaks: `gateway`, `lambda`, `dynamodb`, or a function's name for what it printed itself. */
  readonly source: string;
  readonly message: string;
  readonly behaviour?: string;
}

export type Log = (entry: LogEntry) => void;
