import type { Row } from './profiles.ts';

/** Which rows a step takes its time from, and how much of each: half of a round trip is one way. */
export type Shares = Readonly<Partial<Record<Row, number>>>;

/** The places at which the emulator waits, each by one draw for each of its rows. */
export const STEPS = {
  /** A request on its way to the HTTP API's function. */
  requestArrives: { visitorNetwork: 0.5, httpApi: 0.5 },
  /** An answer on its way back from there. */
  answerLeaves: { visitorNetwork: 0.5, httpApi: 0.5 },
  /** Both ways to a function URL, before its function runs: the parts of a streamed answer then leave as they come. */
  urlExchange: { visitorNetwork: 1, functionUrl: 1 },
  /** Both ways of a handshake, before `$connect` is asked. */
  handshake: { agentNetwork: 1, webSocketMessage: 1 },
  handshakeInRegion: { regionNetwork: 1, webSocketMessage: 1 },
  /** A client's message on its way to the gateway. */
  messageArrives: { agentNetwork: 0.5 },
  messageArrivesInRegion: { regionNetwork: 0.5 },
  /** From there to the integration. */
  messageRouted: { webSocketMessage: 1 },
  invocation: { invoke: 1 },
  environmentStart: { environmentStart: 1 },
  coldInit: { coldInit: 1 },
  /** A call of the Management API, before it does anything. */
  managementCall: { postToConnection: 1 },
  /** What was posted, or answered, on its way to the client. */
  delivery: { delivery: 1, agentNetwork: 0.5 },
  deliveryInRegion: { delivery: 1, regionNetwork: 0.5 },
  getItem: { getItem: 1 },
  putItem: { putItem: 1 },
  updateItem: { updateItem: 1 },
  deleteItem: { deleteItem: 1 },
  query: { query: 1 },
  indexQuery: { indexQuery: 1 },
  scan: { scan: 1 },
  batch: { batch: 1 },
  transaction: { transaction: 1 },
} as const satisfies Readonly<Record<string, Shares>>;

export type Step = keyof typeof STEPS;
