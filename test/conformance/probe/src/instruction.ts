/** What a test asks a probe's function to do, besides telling what it received. Nothing asked: `{ statusCode: 200 }`. */
export interface Instruction {
  /** Found again in the record of the event. */
  readonly tag?: string;
  /** Wait so long before the answer. */
  readonly sleepMs?: number;
  /** Post to a connection (`self`: the event's own) and record what came of it. */
  readonly post?: {
    readonly to: string;
    readonly data: string;
    readonly endpoint?: string;
    /** In place of the endpoint's own: `wss` (MG-14). */
    readonly scheme?: string;
  };
  /** Post these to the event's own connection, each when the one before it was answered. */
  readonly postInTurn?: readonly string[];
  /** Ask DynamoDB for something in the stack's table, and record what came of it. */
  readonly useTable?: boolean;
  /** Leave a timer running after the answer, which counts every 10 ms. */
  readonly keepCounting?: boolean;
  /** Post after the answer was given, without waiting. */
  readonly postAfterwards?: { readonly to: string; readonly data: string };
  readonly throw?: string;
  readonly exit?: number;
  /** Returned as it is. */
  readonly answer?: unknown;
  /** As `answer.body`: so many `x`. */
  readonly bodyBytes?: number;
  /** Never answer. */
  readonly hang?: boolean;
  /** Leave a note 50 ms after the answer was given, without waiting. */
  readonly noteAfterwards?: boolean;
  /** Of the callback handler: do not wait for the timer that is left. */
  readonly callBackAtOnce?: boolean;
  /** Tell nothing of the event: it would not fit into an item of the table. */
  readonly quiet?: boolean;
}

/** What a function tells of one event. */
export interface ProbeRecord {
  readonly kind: 'event';
  readonly tag?: string;
  readonly functionName: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The same for all events of one execution environment. */
  readonly environment: string;
  /** How many events that environment has served, this one included. */
  readonly served: number;
  /** When that environment ran the module's code, in epoch milliseconds. */
  readonly loadedAt: number;
  /** How far the timer of an earlier `keepCounting` has come. */
  readonly counted: number;
}

/** What came of something that a function did: `name` is `ok`, or the error's. */
export interface ProbeNote {
  readonly kind: 'note';
  readonly tag?: string;
  readonly about: 'post' | 'useTable' | 'afterwards' | 'callback';
  readonly name: string;
  readonly message: string;
  readonly status?: number;
  readonly ms: number;
}

export type ProbeEntry = ProbeRecord | ProbeNote;
