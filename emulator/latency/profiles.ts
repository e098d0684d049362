/** Milliseconds; half of all draws lie below `p50`, 99 in a hundred below `p99`. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
}

/** What takes time in AWS; `LATENCY.md` says where each is spent. Networks are round trips. */
export type Row =
  | 'visitorNetwork'
  | 'agentNetwork'
  | 'regionNetwork'
  | 'httpApi'
  | 'functionUrl'
  | 'invoke'
  | 'environmentStart'
  | 'coldInit'
  | 'webSocketMessage'
  | 'postToConnection'
  | 'delivery'
  | 'getItem'
  | 'putItem'
  | 'updateItem'
  | 'deleteItem'
  | 'query'
  | 'indexQuery'
  | 'scan'
  | 'batch'
  | 'transaction';

export interface SourcedSpread extends Spread {
  /** `measured`: somebody published the median as measured. `stated`: AWS says so. All else is `estimated`, or `chosen`. */
  readonly basis: 'measured' | 'stated' | 'estimated' | 'chosen';
  /** What the numbers go by. */
  readonly source: string;
}

export type ProfileName = 'none' | 'aws';

/** The day on which the numbers were gathered. */
export const PROFILE_DATE = '2026-11-23';

const STORY = 'debugging story, chapter 11 (Rust functions, us-east-1)';
const HIDDEN =
  'D. Frasca, dev.to, "The hidden serverless latency": 10 to 20 ms for an HTTP API or a function URL with its invocation';

const AWS: Readonly<Record<Row, SourcedSpread>> = {
  visitorNetwork: { p50: 20, p99: 40, basis: 'chosen', source: 'a visitor in the same country; yours may be 5 or 200' },
  agentNetwork: { p50: 20, p99: 40, basis: 'chosen', source: 'an agent in the same country; yours may be 5 or 200' },
  regionNetwork: { p50: 1, p99: 3, basis: 'estimated', source: 'between two availability zones' },
  httpApi: {
    p50: 4,
    p99: 10,
    basis: 'stated',
    source:
      'AWS Compute Blog, "HTTP APIs now generally available": under 10 ms at p99, request and response together; the median is estimated',
  },
  functionUrl: { p50: 4, p99: 12, basis: 'estimated', source: HIDDEN },
  invoke: { p50: 8, p99: 30, basis: 'estimated', source: `${HIDDEN}, less the door` },
  environmentStart: {
    p50: 100,
    p99: 300,
    basis: 'estimated',
    source: 'imarck.dev, "Review Lambda latency": about 100 ms until code is loaded; billed to nobody',
  },
  coldInit: {
    p50: 250,
    p99: 500,
    basis: 'measured',
    source:
      'speedrun.nobackspacecrew.com, 2025-07-21: about 250 ms for a bundle with three AWS clients on Node 22; memory matters little there; the spread is estimated',
  },
  webSocketMessage: { p50: 10, p99: 40, basis: 'estimated', source: 'twice what an HTTP API takes, and more spread' },
  postToConnection: {
    p50: 20,
    p99: 80,
    basis: 'estimated',
    source: `${STORY}: 40 ms in a cold request, where opening the connection is a part of it; 50 to 100 ms for a whole warm request that has one`,
  },
  delivery: {
    p50: 2,
    p99: 10,
    basis: 'estimated',
    source: 'from the Management API to the connection that holds the client',
  },
  getItem: { p50: 6, p99: 20, basis: 'measured', source: `${STORY}: 5 to 10 ms an operation; the spread is estimated` },
  putItem: { p50: 8, p99: 25, basis: 'measured', source: `${STORY}: 5 to 10 ms an operation; the spread is estimated` },
  updateItem: {
    p50: 8,
    p99: 25,
    basis: 'measured',
    source: `${STORY}: 5 to 10 ms an operation; the spread is estimated`,
  },
  deleteItem: {
    p50: 8,
    p99: 25,
    basis: 'measured',
    source: `${STORY}: 5 to 10 ms an operation; the spread is estimated`,
  },
  query: { p50: 7, p99: 25, basis: 'measured', source: `${STORY}: 5 to 10 ms an operation; the spread is estimated` },
  indexQuery: { p50: 17, p99: 45, basis: 'measured', source: `${STORY}: 15 to 20 ms; the spread is estimated` },
  scan: { p50: 10, p99: 40, basis: 'estimated', source: 'a small table' },
  batch: { p50: 10, p99: 40, basis: 'estimated', source: 'as slow as the slowest of its items' },
  transaction: { p50: 18, p99: 60, basis: 'estimated', source: 'two rounds of writes' },
};

/** By name; `none` has no rows: nothing waits. */
export const PROFILES: Readonly<Record<ProfileName, Readonly<Partial<Record<Row, SourcedSpread>>>>> = {
  none: {},
  aws: AWS,
};

export const PROFILE_NAMES = Object.keys(PROFILES) as readonly ProfileName[];

export const ROWS = Object.keys(AWS) as readonly Row[];
