/** The limits the gateway holds. Each is AWS's own unless its comment says otherwise; tests set short ones. */
export interface Quotas {
  /** Payload bytes of one WebSocket frame, either direction (WS-41, WS-43). */
  readonly frameBytes: number;
  /** Payload bytes of one assembled WebSocket message (WS-42). */
  readonly messageBytes: number;
  /** Body bytes of one PostToConnection (MG-11). */
  readonly managementBodyBytes: number;
  /** Milliseconds without a message in either direction before the connection is closed (WS-46). */
  readonly idleMs: number;
  /** Milliseconds a connection lives, whatever its activity (WS-47). */
  readonly lifeMs: number;
  /** Longest a WebSocket integration may take, whatever the template says (WS-10). */
  readonly webSocketIntegrationMs: number;
  /** Longest an HTTP integration may take, whatever the template says (HR-06). */
  readonly httpIntegrationMs: number;
  /** Bytes of request line and headers together (HA-22). */
  readonly httpHeaderBytes: number;
  /** Bytes of a request body (HA-22). */
  readonly httpBodyBytes: number;
  /** Body bytes of a streamed response (LA-12). */
  readonly streamBytes: number;
  /** Of these, how many leave as fast as they can (developer guide, configuration-response-streaming). */
  readonly streamBurstBytes: number;
  /** Bytes a second of a streamed response after these (the same page). */
  readonly streamBytesPerSecond: number;

  /** New WebSocket connections a second (WS-17). */
  readonly connectsPerSecond: number;
  /** Requests a second of the whole account: HTTP requests, messages and Management API calls together (WS-50). */
  readonly requestsPerSecond: number;
  /** Of these, how many at once (WS-50). */
  readonly requestBurst: number;
  /** Characters of a WebSocket URL (WS-18). */
  readonly webSocketUrlCharacters: number;
  /** Bytes of what an authorizer returns (WS-15). */
  readonly authorizerResultBytes: number;

  /** Bytes waiting for a slow client before posts get 429 (MG-12); AWS does not publish its figure, this one is ours. */
  readonly clientBufferBytes: number;
  /** Messages of one connection being worked on before the gateway stops reading from it. Ours: it bounds memory. */
  readonly messagesInFlight: number;
  /** Milliseconds a client gets to answer a close frame. Ours. */
  readonly closeGraceMs: number;
  /** Milliseconds a client gets to send its headers. Ours: against clients that send a byte at a time. */
  readonly headersMs: number;
  /** Milliseconds a client gets to send its whole request. Ours. */
  readonly requestMs: number;
}

export const DEFAULT_QUOTAS: Quotas = {
  frameBytes: 32 * 1024,
  messageBytes: 128 * 1024,
  managementBodyBytes: 131_072,
  idleMs: 10 * 60_000,
  lifeMs: 2 * 60 * 60_000,
  webSocketIntegrationMs: 29_000,
  httpIntegrationMs: 30_000,
  httpHeaderBytes: 10_240,
  httpBodyBytes: 10 * 1024 * 1024,
  streamBytes: 200 * 1024 * 1024,
  streamBurstBytes: 6 * 1024 * 1024,
  streamBytesPerSecond: 2 * 1024 * 1024,
  connectsPerSecond: 500,
  requestsPerSecond: 10_000,
  requestBurst: 5_000,
  webSocketUrlCharacters: 4_096,
  authorizerResultBytes: 8 * 1024,
  clientBufferBytes: 4 * 1024 * 1024,
  messagesInFlight: 1_000,
  closeGraceMs: 2_000,
  headersMs: 10_000,
  requestMs: 60_000,
};
