/**
 * Every message of the wire, as the code on either side sees it: bytes are bytes and headers are ordered pairs.
 * How they look as JSON is codec.ts's business; what they mean and which races are legal is in PROTOCOL.md.
 */

export type HeaderPair = readonly [name: string, value: string];

/** Status a version 1 peer gives each code: 400, 504, 503, 502. */
export type ErrorCodeV1 = 'invalid_request' | 'timeout' | 'local_service_unavailable' | 'internal_error';

/** Codes only a version 2 edge understands. */
export type ErrorCodeV2 = ErrorCodeV1 | 'upstream_unreachable' | 'upstream_failed' | 'response_too_large';

export type RefusalCode = 'tunnel_id_taken' | 'tunnel_id_invalid';

/** What an agent says of itself in the extra fields of `ready`; an agent that says nothing speaks version 1. */
export interface AgentHello {
  readonly protocol: 2;
  /** Unguessable, the same across the session's connections; 22 of the base64url alphabet. */
  readonly sessionId: string;
  /** 1 for the session's first connection, growing with each: an older one never replaces a newer. */
  readonly epoch: number;
  /** The secret this agent made and keeps; its hash owns the tunnel id where no token does. 43 of base64url. */
  readonly agentKey: string;
  /** The tunnel id asked for; absent for a random one. */
  readonly tunnelId?: string;
  /** Name and version, for logs: `postern/0.1.0`. */
  readonly agent: string;
}

/** What the edge says of itself in the extra fields of `connection_established`. */
export interface EdgeHello {
  readonly protocol: 2;
  /** Seconds after which the agent should open its next connection. */
  readonly renewAfterSeconds: number;
  /** Seconds between the agent's pings. */
  readonly heartbeatSeconds: number;
}

export interface Ready {
  readonly type: 'ready';
  readonly hello?: AgentHello;
}

export interface ConnectionEstablished {
  readonly type: 'connection_established';
  readonly connectionId: string;
  readonly tunnelId: string;
  readonly publicUrl: string;
  readonly subdomainUrl?: string;
  readonly pathBasedUrl?: string;
  readonly hello?: EdgeHello;
}

export interface Ping {
  readonly type: 'ping';
}

export interface Pong {
  readonly type: 'pong';
}

/**
 * What a version 2 agent adds to everything that answers a request: the session the request was sent to. A version 1
 * agent adds nothing, and answers over the very connection that was asked.
 */
interface FromSession {
  readonly sessionId?: string;
}

/** A visitor's request, whole or (version 2, `more`) its head and first part. */
export interface HttpRequest {
  readonly type: 'http_request';
  readonly requestId: string;
  readonly method: string;
  /** Path and `?query`; starts with `/`. */
  readonly uri: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
  /** Epoch milliseconds at the edge. */
  readonly timestamp: number;
  /** True when `request_part`s follow. */
  readonly more: boolean;
  /** Milliseconds the door still waits; absent from version 1 edges. */
  readonly timeoutMs?: number;
  /** The largest body the door can give back, in bytes; absent from version 1 edges. */
  readonly maxResponseBytes?: number;
}

/** A later slice of a body. Number 0 travels in the head's own message, so numbers here start at 1. */
interface BodyPart {
  readonly requestId: string;
  readonly part: number;
  readonly body: Uint8Array;
  /** Present on the last part alone: the whole body's length in bytes. */
  readonly totalBytes?: number;
}

export interface RequestPart extends BodyPart {
  readonly type: 'request_part';
}

/** The upstream's answer, whole or (version 2, `more`) its head and first part. */
export interface HttpResponse extends FromSession {
  readonly type: 'http_response';
  readonly requestId: string;
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
  readonly processingTimeMs: number;
  readonly more: boolean;
}

export interface ResponsePart extends BodyPart, FromSession {
  readonly type: 'response_part';
}

/** Something failed. With a request id it ends that exchange, also after its head. */
export interface ErrorMessage extends FromSession {
  readonly type: 'error';
  readonly requestId: string | null;
  readonly code: ErrorCodeV2;
  /** For the developer; never shown to a visitor. */
  readonly message: string;
}

/** The edge will not open the tunnel that `ready` asked for. Version 2 only. */
export interface Refused {
  readonly type: 'refused';
  readonly code: RefusalCode;
  readonly message: string;
}

/** The tunnel's public URL has changed. Version 2 only. */
export interface UrlUpdated {
  readonly type: 'url_updated';
  readonly publicUrl: string;
  readonly subdomainUrl?: string;
}

/** The door has given up on a request: its answer is wanted no more. Version 2 only. */
export interface Cancel {
  readonly type: 'cancel';
  readonly requestId: string;
}

export type AgentMessage = Ready | Ping | Pong | HttpResponse | ResponsePart | ErrorMessage;

export type EdgeMessage =
  | ConnectionEstablished
  | Ping
  | Pong
  | HttpRequest
  | RequestPart
  | ErrorMessage
  | Refused
  | UrlUpdated
  | Cancel;

/** What answers an exchange, in the order it may arrive: any. */
export type AnswerMessage = HttpResponse | ResponsePart | ErrorMessage;
