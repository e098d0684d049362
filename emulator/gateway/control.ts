/**
 * What a test may do to a running gateway that no client and no function could: the bad days of a network, on demand.
 * Where the stack has no WebSocket API nothing happens.
 */
export interface GatewayControl {
  /** Ids of all open connections, half-open ones included, oldest first. */
  connections(): readonly string[];
  /**
   * Closes every open connection with this code and reason; `$disconnect` follows as usual. AWS itself says
   * `{ code: 1001, reason: 'Going away' }` (WS-46, WS-47).
   * @throws when the code may not stand in a close frame (RFC 6455, 7.4), or the reason is over 123 bytes
   */
  closeAll(closing: { readonly code: number; readonly reason: string }): void;
  /**
   * Cuts a connection's network: nothing is read or delivered any more, in neither direction, and neither side is told.
   * The gateway goes on for it as with any half-open connection: posts get 200, and the idle timeout or the end of its
   * life brings `$disconnect` (WS-49). An id that is not open is left alone.
   */
  cut(connectionId: string): void;
  /**
   * Answers every handshake with a status, before any function is asked.
   * @param status 400 to 599
   * @param ms for how long, by the gateway's clock; 0 ends it
   */
  refuseConnects(status: number, ms: number): void;
}

/** For a stack without a WebSocket API. */
export const NO_CONNECTIONS: GatewayControl = {
  connections: () => [],
  closeAll() {},
  cut() {},
  refuseConnects() {},
};
