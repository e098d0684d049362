/**
 * What goes wrong between gateway and clients, now and then, in AWS. Rates go from 0 (never) to 1 (always) and are drawn by
 * seed, so that a run can be repeated.
 */
export interface GatewayFaults {
  /** Most milliseconds that a message event is held back, so that nobody relies on their order (WS-44). */
  readonly messageShuffleMs: number;
  /** Most milliseconds that a post is held back on its way to the client, so that concurrent ones race (WS-45). */
  readonly postShuffleMs: number;
  /** How often `$disconnect` never runs (WS-60). */
  readonly disconnectDropRate: number;
  /** Milliseconds after which `$disconnect` runs (WS-60). */
  readonly disconnectDelayMs: number;
  /** How often a client that vanishes without a close frame goes unnoticed until the idle timeout (WS-49). */
  readonly halfOpenRate: number;
  /** How often a handshake gets 429 (WS-17). */
  readonly connectThrottleRate: number;
  /** How often a message is throttled (WS-50). */
  readonly messageThrottleRate: number;
  /** How often a call of the Management API gets 429 (MG-12). */
  readonly postThrottleRate: number;
  /** How often a post that was delivered is answered 500, so that the SDK delivers it again (MG-13). */
  readonly postRepeatRate: number;
  /** How often an HTTP request gets 429 (HA-24). */
  readonly requestThrottleRate: number;
}

export const DEFAULT_GATEWAY_FAULTS: GatewayFaults = {
  messageShuffleMs: 5, // on unless turned off: AWS promises no order
  postShuffleMs: 0,
  disconnectDropRate: 0,
  disconnectDelayMs: 0,
  halfOpenRate: 0,
  connectThrottleRate: 0,
  messageThrottleRate: 0,
  postThrottleRate: 0,
  postRepeatRate: 0,
  requestThrottleRate: 0,
};
