/**
 * What the edge needs of the world. Adapters provide it from AWS, tests from memory; one contract suite holds them all.
 */
import type { Balance, BodyEncoding, HeaderPair } from '../protocol/messages.ts';
import type { Slice } from '../protocol/parts.ts';

/** A request as a visitor made it, whichever door it came in by. */
export interface VisitorRequest {
  readonly method: string;
  /** As in the `Host` header, port included. */
  readonly host: string;
  /** The path of the request line, percent-encoded, without the API's stage. */
  readonly path: string;
  /** Without `?`; empty for none. */
  readonly query: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
  readonly sourceIp: string;
}

export interface VisitorResponse {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  readonly body: Uint8Array;
}

/** A response whose body is still coming. It must be read to its end or broken off, which ends the exchange. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: readonly HeaderPair[];
  /** Throws where the answer breaks off. */
  readonly stream: AsyncIterable<Uint8Array>;
}

/** One agent's place in a tunnel: the connection its session has now. */
export interface TunnelSession {
  readonly connectionId: string;
  readonly epoch: number;
  readonly protocol: 1 | 2;
  /** Epoch seconds after which the connection cannot live any more (WS-47). */
  readonly until: number;
  /** Epoch seconds when the session came to the tunnel, whatever its connections since. */
  readonly since: number;
  /** Epoch seconds when its connection was seen to be gone; the agent is expected back. Absent while it is there. */
  readonly awaySince?: number;
}

/** One item of `tunnels`: who owns an id, and which agents serve it. */
export interface Tunnel {
  readonly tunnelId: string;
  readonly owner: string;
  readonly sessions: Readonly<Record<string, TunnelSession>>;
  /** How requests are shared out among several sessions. */
  readonly balance: Balance;
  /** Grows by one with every change: the condition that every write carries. */
  readonly version: number;
  /** Epoch seconds; after it the id is anybody's (DD-03: the item itself may linger). Absent for a reserved id. */
  readonly expiresAt?: number;
}

export interface TunnelStore {
  /** Strongly consistent. Items past their `expiresAt` are given as they are. */
  read(tunnelId: string): Promise<Tunnel | undefined>;
  /**
   * Writes `tunnel` if nobody wrote since it was read.
   * @param tunnel its `version` is one more than the version read, 1 where nothing was there
   * @returns false when somebody did
   */
  write(tunnel: Tunnel): Promise<boolean>;
  /**
   * An owner's tunnel ids, the reserved ones first. By `owner-index`: eventually consistent (DD-01), and expired ones are
   * among them (DD-03), so each is to be read again.
   * @param limit how many at most
   */
  ofOwner(owner: string, limit: number): Promise<string[]>;
}

/** One item of `connections`. */
export interface Connection {
  readonly connectionId: string;
  /** Epoch milliseconds. */
  readonly connectedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** The token's subject, where the stage asks for tokens. */
  readonly subject?: string;
  /** Known once the agent is `ready`. */
  readonly attached?: Attachment;
}

export interface Attachment {
  readonly tunnelId: string;
  readonly sessionId: string;
  readonly protocol: 1 | 2;
}

export interface ConnectionStore {
  add(connection: Connection): Promise<void>;
  /** Strongly consistent. */
  read(connectionId: string): Promise<Connection | undefined>;
  /**
   * Ties a connection to its tunnel, once and for all.
   * @returns false when the connection is not there (any more), or tied to another tunnel
   */
  attach(connectionId: string, attachment: Attachment): Promise<boolean>;
  /** @returns what was removed */
  remove(connectionId: string): Promise<Connection | undefined>;
  /** By `tunnel-id-index`: eventually consistent (DD-01). */
  ofTunnel(tunnelId: string): Promise<Connection[]>;
}

/** A piece of an answer on its way from the message function to the waiting forward. */
export type AnswerPiece =
  | {
      readonly kind: 'head';
      readonly status: number;
      readonly headers: readonly HeaderPair[];
      readonly body: Uint8Array;
      /** True when parts follow. */
      readonly more: boolean;
      /** How the whole body is compressed. */
      readonly encoding?: BodyEncoding;
      /** Bytes of a body that lies in the place for large responses instead of here. */
      readonly storedBytes?: number;
    }
  | ({ readonly kind: 'part' } & Slice)
  | { readonly kind: 'error'; readonly code: string; readonly message: string }
  /** The agent has the request whole, and its answer takes a while. */
  | { readonly kind: 'accepted' }
  /** So many bytes of the request's body, from its beginning, may have been sent by now. */
  | { readonly kind: 'credit'; readonly bytes: number };

/** How the waiting forward learns of the answer. */
export interface Rendezvous {
  /** Idempotent: the same piece twice is one piece. */
  put(requestId: string, piece: AnswerPiece): Promise<void>;
  /**
   * The pieces that are there, in any order: a head, parts numbered `fromPart` or more, and all that is no part. Read page
   * by page, so that who has seen enough need not hold the rest.
   * @param fromPart 0 for everything; the head counts as part 0
   */
  take(requestId: string, fromPart: number): AsyncIterable<AnswerPiece>;
}

/** A waiting function's own connection to the WebSocket API: what is posted to it needs no table. */
export interface ReplySocket {
  /**
   * The connection that answers can be posted to. Undefined where there is none: then the next is being opened. One that has been
   * silent, and may have died while its function stood still (LA-02, WS-49), is being proven from now on.
   */
  current(): string | undefined;
  /** Resolves when there is one, or none after `ms`. */
  opened(ms: number): Promise<void>;
  /** @returns what ends the listening */
  listen(requestId: string, listener: ReplyListener): () => void;
  /** Whether the connection carries messages; one that does not is given up, and listeners are told. */
  prove(): Promise<boolean>;
}

export interface ReplyListener {
  heard(piece: AnswerPiece): void;
  /** Nothing more will come by this connection. */
  lost(): void;
}

/**
 * `gone`: the connection does not exist (410), and nothing was delivered. `failed`: everything else, already tried again. An
 * attempt whose fate nobody knows and a 410 after it are `sent`: it may have been delivered (MG-13).
 */
export type PostResult = 'sent' | 'gone' | 'failed';

/**
 * Sends a text to one connection. 429 and transient 5xx are tried again until `deadline` (epoch milliseconds), ten seconds at
 * most: so a message may be delivered twice (MG-13).
 * @see MG-06, MG-11, MG-12
 */
export type PostToConnection = (connectionId: string, text: string, deadline?: number) => Promise<PostResult>;

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** @param until ends it sooner */
  sleep(milliseconds: number, until?: Promise<unknown>): Promise<void>;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One structured line. Never bodies, never tokens, never a query string. */
export type Log = (level: LogLevel, event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** The hash functions the edge needs; `mac` is HMAC-SHA-256. */
export interface Hashes {
  sha256(data: string | Uint8Array): Uint8Array;
  mac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** SHA-256 of what comes piece by piece. */
  hasher(): { update(data: Uint8Array): unknown; digest(): Uint8Array };
}

/** Bodies as they travel. */
export interface Compression {
  compress(body: Uint8Array): Uint8Array;
  /** @returns undefined for what is broken or would be larger than `limitBytes`, of which no more is ever made */
  expand(body: Uint8Array, limitBytes: number): Uint8Array | undefined;
  /** The same for a body that comes in pieces; throws where {@link expand} gives nothing. */
  expandStream(body: AsyncIterable<Uint8Array>, limitBytes: number): AsyncIterable<Uint8Array>;
}

/** Where this stack's visitors and tunnels are. */
export interface PublicAddress {
  /** The HTTP API's URL or the domain before it, without a slash at the end: `https://tunnel.example.com`. */
  readonly publicUrl: string;
  /** The domain whose subdomains are tunnels, without a port: `tunnel.example.com`; absent where there is none. */
  readonly wildcardDomain?: string;
  /** The streaming door's URL, without a slash at the end; absent where there is none, and for that door itself. */
  readonly streamingUrl?: string;
}

/** What agents are told to do, and how often. */
export interface Pace {
  /** After so many seconds an agent opens its next connection. */
  readonly renewAfterSeconds: number;
  /** An idle agent says so every so many seconds. */
  readonly heartbeatSeconds: number;
}
