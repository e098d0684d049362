import { Fields, Violation } from './fields.ts';
import { MAX_PARTS } from './limits.ts';
import type {
  AgentHello,
  AgentMessage,
  Balance,
  BodyEncoding,
  Credit,
  EdgeHello,
  EdgeMessage,
  ErrorCodeV2,
  HeaderPair,
  HttpRequest,
  HttpResponse,
  Ids,
  IdsQuestion,
  IdsRefusalCode,
  OwnedId,
  Proof,
  RefusalCode,
  ReplyConnection,
  RequestPart,
  ResponsePart,
  ToldUrls,
} from './messages.ts';

/** A text that is not a message: `field` is where (empty for the whole), `problem` what was expected there. */
export interface Malformed {
  readonly type: 'malformed';
  readonly field: string;
  readonly problem: string;
}

/** A well-formed envelope of a type this side does not know; to be logged and passed over. */
export interface UnknownType {
  readonly type: 'unknown';
  readonly name: string;
}

/** The one way in for what an agent sent. Never throws. */
export function decodeAgentMessage(text: string): AgentMessage | Malformed | UnknownType {
  return decode(text, agentMessage);
}

/** The one way in for what an edge sent. Never throws. */
export function decodeEdgeMessage(text: string): EdgeMessage | Malformed | UnknownType {
  return decode(text, edgeMessage);
}

/** The one way in for what comes over a waiting function's own connection. Never throws. */
export function decodeReplyMessage(text: string): AgentMessage | ReplyConnection | Proof | Malformed | UnknownType {
  return decode<AgentMessage | ReplyConnection | Proof>(text, (type, fields) =>
    type === 'reply_connection' || type === 'proof' ? replyMessage(type, fields) : agentMessage(type, fields),
  );
}

/** JSON text of a message, version 1 fields first. */
export function encode(message: AgentMessage | EdgeMessage): string {
  const text = JSON.stringify(toWire(message));
  if (!('body' in message) || message.body.length === 0) return text;
  // Base64 needs no escapes, and no string in front of it can hold these quotes unescaped: so it is spared the search for some.
  const at = text.indexOf('"body":""') + '"body":"'.length;
  return text.slice(0, at) + base64(message.body) + text.slice(at);
}

// --- out

function toWire(message: AgentMessage | EdgeMessage): Record<string, unknown> {
  switch (message.type) {
    case 'ready':
      return { type: 'ready', ...(message.hello && agentHelloToWire(message.hello)) };
    case 'connection_established':
      return {
        type: 'connection_established',
        connection_id: message.connectionId,
        tunnel_id: message.tunnelId,
        public_url: message.publicUrl,
        subdomain_url: message.subdomainUrl,
        path_based_url: message.pathBasedUrl,
        streaming_url: message.streamingUrl,
        ...(message.hello && {
          protocol: message.hello.protocol,
          renew_after_s: message.hello.renewAfterSeconds,
          heartbeat_s: message.hello.heartbeatSeconds,
        }),
      };
    case 'ping':
      return { type: 'ping', ...(message.told && toldToWire(message.told)) };
    case 'pong':
    case 'leave':
    case 'left':
      return { type: message.type };
    case 'http_request':
      return {
        type: 'http_request',
        request_id: message.requestId,
        method: message.method,
        uri: message.uri,
        headers: headersToWire(message.headers),
        body: '',
        timestamp: message.timestamp,
        more: message.more || undefined,
        timeout_ms: message.timeoutMs,
        max_response_bytes: message.maxResponseBytes,
        window_bytes: message.windowBytes,
        encoding: message.encoding,
        upload_url: message.uploadUrl,
        reply_to: message.replyTo,
        stream: message.stream,
        heard: message.heard,
      };
    case 'http_response':
      return {
        type: 'http_response',
        request_id: message.requestId,
        status_code: message.status,
        headers: headersToWire(message.headers),
        body: '',
        processing_time_ms: message.processingTimeMs,
        more: message.more || undefined,
        encoding: message.encoding,
        stored_bytes: message.storedBytes,
        ...fromToWire(message),
      };
    case 'request_part':
      return partToWire(message);
    case 'response_part':
      return { ...partToWire(message), ...fromToWire(message) };
    case 'error':
      return {
        type: 'error',
        request_id: message.requestId,
        code: message.code,
        message: message.message,
        ...fromToWire(message),
      };
    case 'refused':
      return { type: 'refused', code: message.code, message: message.message };
    case 'url_updated':
      return { type: 'url_updated', public_url: message.publicUrl, subdomain_url: message.subdomainUrl };
    case 'cancel':
      return { type: 'cancel', request_id: message.requestId };
    case 'accepted':
      return { type: 'accepted', request_id: message.requestId, ...fromToWire(message) };
    case 'credit':
      return {
        type: 'credit',
        request_id: message.requestId,
        bytes: message.bytes,
        ...fromToWire(message),
      };
    case 'again':
      return {
        type: 'again',
        request_id: message.requestId,
        from: message.from,
        seen: message.seen,
        bytes: message.bytes,
        reply_to: message.replyTo,
      };
    case 'reply_ready':
      return { type: message.type };
    case 'reply_connection':
      return { type: message.type, connection_id: message.connectionId };
    case 'proof':
      return { type: message.type, nonce: message.nonce };
    case 'ids':
      return {
        type: 'ids',
        ask: message.ask,
        operation: message.operation,
        tunnel_id: message.operation === 'list' ? undefined : message.tunnelId,
        agent_key: message.agentKey,
      };
    case 'ids_result':
      return {
        type: 'ids_result',
        ask: message.ask,
        ids: message.ids.map(ownedIdToWire),
        more: message.more || undefined,
      };
    case 'ids_refused':
      return { type: 'ids_refused', ask: message.ask, code: message.code, message: message.message };
  }
}

/** Undefined for an edge's own `error` and `credit`, which come from no session. */
function fromToWire({ sessionId, replyTo }: { readonly sessionId?: string; readonly replyTo?: string }) {
  return { session_id: sessionId, reply_to: replyTo };
}

function ownedIdToWire({ tunnelId, reserved, agents, expiresAt }: OwnedId): Record<string, unknown> {
  return { tunnel_id: tunnelId, reserved, agents, expires_at: expiresAt };
}

function toldToWire({ tunnelId, publicUrl, subdomainUrl }: ToldUrls): Record<string, unknown> {
  return { protocol: 2, tunnel_id: tunnelId, public_url: publicUrl, subdomain_url: subdomainUrl };
}

function partToWire(message: RequestPart | ResponsePart): Record<string, unknown> {
  return {
    type: message.type,
    request_id: message.requestId,
    part: message.part,
    body: '',
    total_bytes: message.totalBytes,
    sha256: message.sha256,
  };
}

function agentHelloToWire(hello: AgentHello): Record<string, unknown> {
  return {
    protocol: hello.protocol,
    session_id: hello.sessionId,
    epoch: hello.epoch,
    agent_key: hello.agentKey,
    tunnel_id: hello.tunnelId,
    agent: hello.agent,
    balance: hello.balance,
  };
}

/** The wire groups values by name; the order of one name's values is kept. */
function headersToWire(headers: readonly HeaderPair[]): Record<string, string[]> {
  const grouped: Record<string, string[]> = Object.create(null);
  for (const [name, value] of headers) {
    const values = grouped[name];
    if (values) values.push(value);
    else grouped[name] = [value];
  }
  return grouped;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

// --- in

function decode<Message>(text: string, read: (type: string, fields: Fields) => Message | UnknownType) {
  try {
    const fields = new Fields(parseObject(text));
    return read(fields.string('type'), fields);
  } catch (error) {
    if (error instanceof Violation) {
      const malformed: Malformed = { type: 'malformed', field: error.field, problem: error.message };
      return malformed;
    }
    throw error;
  }
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Violation('', 'not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Violation('', 'not an object');
  return value as Record<string, unknown>;
}

function agentMessage(type: string, fields: Fields): AgentMessage | UnknownType {
  switch (type) {
    case 'ready': {
      const hello = fields.optional('protocol') === 2 ? agentHello(fields) : undefined;
      return hello ? { type, hello } : { type };
    }
    case 'ping':
      return { type, ...toldUrls(fields) };
    case 'pong':
    case 'leave':
      return { type };
    case 'http_response':
      return httpResponse(fields);
    case 'response_part':
      return { type, ...bodyPart(fields), ...fromSession(fields) };
    case 'error':
      return { ...errorMessage(fields), ...fromSession(fields) };
    case 'accepted':
      return { type, requestId: fields.string('request_id'), ...fromSession(fields) };
    case 'credit':
      return { ...credit(fields), ...fromSession(fields) };
    case 'ids':
      return ids(fields);
    case 'reply_ready':
      return { type };
    default:
      return { type: 'unknown', name: type };
  }
}

function edgeMessage(type: string, fields: Fields): EdgeMessage | UnknownType {
  switch (type) {
    case 'connection_established':
      return {
        type,
        connectionId: fields.string('connection_id'),
        tunnelId: fields.string('tunnel_id'),
        publicUrl: fields.string('public_url'),
        ...fields.optionalString('subdomain_url', 'subdomainUrl'),
        ...fields.optionalString('path_based_url', 'pathBasedUrl'),
        ...fields.optionalString('streaming_url', 'streamingUrl'),
        ...edgeHello(fields),
      };
    case 'ping':
    case 'pong':
    case 'left':
      return { type };
    case 'http_request':
      return httpRequest(fields);
    case 'request_part':
      return { type, ...bodyPart(fields) };
    case 'error':
      return errorMessage(fields);
    case 'refused':
      return { type, code: fields.oneOf('code', REFUSAL_CODES), message: fields.string('message') };
    case 'url_updated':
      return {
        type,
        publicUrl: fields.string('public_url'),
        ...fields.optionalString('subdomain_url', 'subdomainUrl'),
      };
    case 'cancel':
      return { type, requestId: fields.string('request_id') };
    case 'credit':
      return credit(fields);
    case 'again':
      return {
        type,
        requestId: fields.string('request_id'),
        from: fields.integer('from', 0, MAX_PARTS),
        seen: fields.integers('seen', 1, MAX_PARTS),
        bytes: fields.integer('bytes', 0),
        ...replyTo(fields),
      };
    case 'reply_connection':
    case 'proof':
      return replyMessage(type, fields);
    case 'ids_result':
      return { type, ask: ask(fields), ids: fields.objects('ids', ownedId), more: fields.flag('more') };
    case 'ids_refused':
      return {
        type,
        ask: ask(fields),
        code: fields.oneOf('code', IDS_REFUSAL_CODES),
        message: fields.string('message'),
      };
    default:
      return { type: 'unknown', name: type };
  }
}

function agentHello(fields: Fields): AgentHello {
  return {
    protocol: 2,
    sessionId: fields.matching('session_id', SESSION_ID),
    epoch: fields.integer('epoch', 1),
    agentKey: fields.matching('agent_key', AGENT_KEY),
    ...fields.optionalString('tunnel_id', 'tunnelId'),
    agent: fields.matching('agent', /^[\x20-\x7e]{1,64}$/),
    ...fields.optionalOneOf('balance', BALANCES),
  };
}

function replyMessage(type: (ReplyConnection | Proof)['type'], fields: Fields): ReplyConnection | Proof {
  return type === 'proof'
    ? { type, nonce: fields.matching('nonce', ASKED) }
    : { type, connectionId: fields.string('connection_id') };
}

/** A session's id is the agent's own name for it, so that it can never name a version 1 connection's. */
function fromSession(fields: Fields): { sessionId?: string; replyTo?: string } {
  return {
    ...(fields.optional('session_id') !== undefined && { sessionId: fields.matching('session_id', SESSION_ID) }),
    ...replyTo(fields),
  };
}

/** Opaque to agents. */
function replyTo(fields: Fields): { replyTo?: string } {
  return fields.optional('reply_to') === undefined ? {} : { replyTo: fields.matching('reply_to', REPLY_TO) };
}

/** A version 1 agent's ping has no fields. */
function toldUrls(fields: Fields): { told?: ToldUrls } {
  if (fields.optional('protocol') !== 2) return {};
  return {
    told: {
      tunnelId: fields.string('tunnel_id'),
      publicUrl: fields.string('public_url'),
      ...fields.optionalString('subdomain_url', 'subdomainUrl'),
    },
  };
}

function credit(fields: Fields): Credit {
  return { type: 'credit', requestId: fields.string('request_id'), bytes: fields.integer('bytes', 0) };
}

function ids(fields: Fields): Ids {
  const operation = fields.oneOf('operation', IDS_OPERATIONS);
  const question = operation === 'list' ? { operation } : { operation, tunnelId: fields.string('tunnel_id') };
  return { type: 'ids', ask: ask(fields), ...question, agentKey: fields.matching('agent_key', AGENT_KEY) };
}

function ask(fields: Fields): string {
  return fields.matching('ask', ASKED);
}

function ownedId(fields: Fields): OwnedId {
  return {
    tunnelId: fields.string('tunnel_id'),
    reserved: fields.flag('reserved'),
    agents: fields.integer('agents', 0),
    ...fields.optionalInteger('expires_at', 'expiresAt'),
  };
}

function edgeHello(fields: Fields): { hello?: EdgeHello } {
  if (fields.optional('protocol') !== 2) return {};
  return {
    hello: {
      protocol: 2,
      renewAfterSeconds: fields.integer('renew_after_s', 1),
      heartbeatSeconds: fields.integer('heartbeat_s', 1),
    },
  };
}

function httpRequest(fields: Fields): HttpRequest {
  return {
    type: 'http_request',
    requestId: fields.string('request_id'),
    method: fields.matching('method', METHOD),
    uri: fields.matching('uri', /^\//),
    headers: fields.headers(),
    body: fields.bytes('body', ''),
    timestamp: fields.integer('timestamp', 0),
    more: fields.flag('more'),
    ...fields.optionalInteger('timeout_ms', 'timeoutMs'),
    ...fields.optionalInteger('max_response_bytes', 'maxResponseBytes'),
    ...fields.optionalInteger('window_bytes', 'windowBytes'),
    ...fields.optionalOneOf('encoding', BODY_ENCODINGS),
    ...fields.optionalString('upload_url', 'uploadUrl'),
    ...replyTo(fields),
    ...(fields.flag('stream') && { stream: true }),
    ...fields.optionalString('heard', 'heard'),
  };
}

function httpResponse(fields: Fields): HttpResponse {
  return {
    type: 'http_response',
    requestId: fields.string('request_id'),
    status: fields.integer('status_code', 0, 65_535),
    headers: fields.headers(),
    body: fields.bytes('body', ''),
    processingTimeMs: fields.integer('processing_time_ms', 0, Number.MAX_SAFE_INTEGER, 0),
    more: fields.flag('more'),
    ...fields.optionalOneOf('encoding', BODY_ENCODINGS),
    ...fields.optionalInteger('stored_bytes', 'storedBytes'),
    ...fromSession(fields),
  };
}

function bodyPart(fields: Fields) {
  return {
    requestId: fields.string('request_id'),
    part: fields.integer('part', 1, MAX_PARTS),
    body: fields.bytes('body'),
    ...fields.optionalInteger('total_bytes', 'totalBytes'),
    ...(fields.optional('sha256') !== undefined && { sha256: fields.matching('sha256', SHA256) }),
  };
}

function errorMessage(fields: Fields) {
  const requestId = fields.optional('request_id');
  if (requestId !== undefined && requestId !== null && typeof requestId !== 'string') {
    throw new Violation('request_id', 'expected a string or null');
  }
  return {
    type: 'error' as const,
    requestId: requestId ?? null,
    code: fields.oneOf('code', ERROR_CODES),
    message: fields.string('message'),
  };
}

const ERROR_CODES: readonly ErrorCodeV2[] = [
  'invalid_request',
  'timeout',
  'local_service_unavailable',
  'internal_error',
  'upstream_unreachable',
  'upstream_failed',
  'response_too_large',
  'streaming_only',
  'agent_leaving',
];

const REFUSAL_CODES: readonly RefusalCode[] = ['tunnel_id_taken', 'tunnel_id_invalid'];

const IDS_REFUSAL_CODES: readonly IdsRefusalCode[] = [
  ...REFUSAL_CODES,
  'tunnel_id_not_yours',
  'tunnel_id_in_use',
  'too_many_ids',
];

const IDS_OPERATIONS: readonly IdsQuestion['operation'][] = ['list', 'reserve', 'release'];

/** A token of RFC 9110; upper case is the sender's custom, not a rule of HTTP. */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;

const BALANCES: readonly Balance[] = ['spread', 'sticky', 'failover'];

const BODY_ENCODINGS: readonly BodyEncoding[] = ['br'];

const SHA256 = /^[A-Za-z0-9_-]{43}$/;

const AGENT_KEY = /^[A-Za-z0-9_-]{43}$/;

const ASKED = /^[\x20-\x7e]{1,64}$/;

const REPLY_TO = /^[\x21-\x7e]{1,256}$/;

const SESSION_ID = /^[A-Za-z0-9_-]{22}$/;
