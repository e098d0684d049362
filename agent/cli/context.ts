/** What a command may know of the process it runs in. */
export interface CliContext {
  /** Without node and script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  /** The first signal: finish what is in flight and leave. */
  readonly stop: AbortSignal;
  /** The second signal: leave at once. */
  readonly kill: AbortSignal;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}
