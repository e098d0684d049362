/**
 * Every message of the wire, as the code on either side sees it: bytes are bytes and headers are ordered pairs.
 * How they look as JSON is codec.ts's business; what they mean and which races are legal is in PROTOCOL.md.
 */

export type HeaderPair = readonly [name: string, value: string];

/** Status a version 1 peer gives each code: 400, 504, 503, 502. */
export type ErrorCodeV1 = 'invalid_request' | 'timeout' | 'local_service_unavailable' | 'internal_error';

/** Codes only a version 2 edge understands. */
export type ErrorCodeV2 =
  | ErrorCodeV1
  | 'upstream_unreachable'
  | 'upstream_failed'
  | 'response_too_large'
  | 'streaming_only'
  | 'agent_leaving';

export type RefusalCode = 'tunnel_id_taken' | 'tunnel_id_invalid';

/** Why the edge does not do what `ids` asks. */
export type IdsRefusalCode = RefusalCode | 'tunnel_id_not_yours' | 'tunnel_id_in_use' | 'too_many_ids';

/** How requests spread over several agents of one tunnel: by chance, by visitor, or all to the first that came. */
export type Balance = 'spread' | 'sticky' | 'failover';

/** How a body is compressed on the wire, and on the wire alone. */
export type BodyEncoding = 'br';

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
  /** For the whole tunnel: what the agent that came last asked for holds. Absent for `spread`. */
  readonly balance?: Balance;
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
  /** By the door that streams; absent where the stack has none. */
  readonly streamingUrl?: string;
  readonly hello?: EdgeHello;
}

export interface Ping {
  readonly type: 'ping';
  /** What a version 2 agent was told last; it wants a `pong`, and `url_updated` where this is true no more. */
  readonly told?: ToldUrls;
}

export interface ToldUrls {
  readonly tunnelId: string;
  readonly publicUrl: string;
  readonly subdomainUrl?: string;
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
  /** Where the request said that it wants its answer; absent where it said nothing. */
  readonly replyTo?: string;
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
  /** How much of the answer may be under way before a `credit`, in bytes as they travel; absent for no bound. */
  readonly windowBytes?: number;
  /** How the whole body is compressed; absent where it is not. */
  readonly encoding?: BodyEncoding;
  /** Where the agent may put a body that the door cannot give back; absent where the stack has no such place. */
  readonly uploadUrl?: string;
  /** To be repeated by everything that answers: who waits hears of it there. Absent: at the table. */
  readonly replyTo?: string;
  /** The door passes on what comes as it comes: the head at once, parts as they are there. Absent where it does not. */
  readonly stream?: true;
  /** An earlier request of this session's whose answer has come whole: it need not be kept. */
  readonly heard?: string;
}

/** A later slice of a body. Number 0 travels in the head's own message, so numbers here start at 1. */
interface BodyPart {
  readonly requestId: string;
  readonly part: number;
  readonly body: Uint8Array;
  /** Present on the last part alone: the length of the whole body as it travels, in bytes. */
  readonly totalBytes?: number;
  /** Present on the last part alone: SHA-256 of the whole body as it travels; 43 of base64url. */
  readonly sha256?: string;
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
  /** How the whole body is compressed; absent where it is not. */
  readonly encoding?: BodyEncoding;
  /** Bytes of a body that is not here because it was put to the request's `uploadUrl`. */
  readonly storedBytes?: number;
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

/** The agent has the request whole, and its answer takes a while: no need to send it again. Version 2 only. */
export interface Accepted extends FromSession {
  readonly type: 'accepted';
  readonly requestId: string;
}

/**
 * How many bytes of a body, as they travel, may have been sent by now. Counted from the body's beginning, so that a credit
 * which comes late or twice says nothing new. From the edge it is about the answer, from an agent about the request.
 */
export interface Credit extends FromSession {
  readonly type: 'credit';
  readonly requestId: string;
  readonly bytes: number;
}

/** The edge misses something of an answer that the agent has sent: once more, please. Version 2 only. */
export interface Again {
  readonly type: 'again';
  readonly requestId: string;
  /** The first part that is missing; 0 is the head. Everything from it on was not seen, but for `seen`. */
  readonly from: number;
  /** Parts beyond `from` that were seen. */
  readonly seen: readonly number[];
  /** As a {@link Credit} that may have been lost. */
  readonly bytes: number;
  /** In the place of the request's own, from now on; absent: none any more. */
  readonly replyTo?: string;
}

/** The agent takes no more requests; what it has it will still answer. Version 2 only. */
export interface Leave {
  readonly type: 'leave';
}

/** The edge sends this connection no more requests. Version 2 only. */
export interface Left {
  readonly type: 'left';
}

/** A question about the tunnel ids that are the asker's; needs no `ready` on its connection. Version 2 only. */
export type Ids = IdsQuestion & {
  readonly type: 'ids';
  /** The asker's name for the question, which the answer repeats: 1 to 64 printable ASCII characters. */
  readonly ask: string;
  /** As in {@link AgentHello}. */
  readonly agentKey: string;
};

/** `reserve`: keep this id for me until I release it. `release`: I want it no more. */
export type IdsQuestion =
  | { readonly operation: 'list' }
  | { readonly operation: 'reserve' | 'release'; readonly tunnelId: string };

/** A tunnel id and how its owner has it. */
export interface OwnedId {
  readonly tunnelId: string;
  readonly reserved: boolean;
  /** How many agents serve it now. */
  readonly agents: number;
  /** Epoch seconds after which it is anybody's, if no agent comes; absent for a reserved one. */
  readonly expiresAt?: number;
}

/** The answer to `ids`: all of the asker's for `list`, the one that was reserved, none for a release. Version 2 only. */
export interface IdsResult {
  readonly type: 'ids_result';
  readonly ask: string;
  readonly ids: readonly OwnedId[];
  /** True where there are more than fit; the reserved ones come first. */
  readonly more: boolean;
}

/** The answer to `ids`: no, and why. Version 2 only. */
export interface IdsRefused {
  readonly type: 'ids_refused';
  readonly ask: string;
  readonly code: IdsRefusalCode;
  readonly message: string;
}

/** A waiting function's own connection asks for its name, since nobody is told it by the gateway. Version 2 only. */
export interface ReplyReady {
  readonly type: 'reply_ready';
}

/** The answer to `reply_ready`. Version 2 only. */
export interface ReplyConnection {
  readonly type: 'reply_connection';
  readonly connectionId: string;
}

/** What a waiting function sends to its own connection, to see whether that still lives. Version 2 only. */
export interface Proof {
  readonly type: 'proof';
  /** 1 to 64 printable ASCII characters. */
  readonly nonce: string;
}

export type AgentMessage =
  | ReplyReady
  | Ready
  | Ping
  | Pong
  | HttpResponse
  | ResponsePart
  | ErrorMessage
  | Accepted
  | Credit
  | Leave
  | Ids;

export type EdgeMessage =
  | ReplyConnection
  | Proof
  | ConnectionEstablished
  | Ping
  | Pong
  | HttpRequest
  | RequestPart
  | ErrorMessage
  | Refused
  | UrlUpdated
  | Cancel
  | Credit
  | Again
  | Left
  | IdsResult
  | IdsRefused;

/** What answers an exchange, in the order it may arrive: any. */
export type AnswerMessage = HttpResponse | ResponsePart | ErrorMessage | Accepted | Credit;
