import fc from 'fast-check';
import type {
  AgentMessage,
  Balance,
  BodyEncoding,
  EdgeMessage,
  HeaderPair,
  OwnedId,
} from '../../src/protocol/messages.ts';

const integer = fc.maxSafeNat();
const text = fc.string({ unit: 'binary' });
const body = fc.uint8Array({ maxLength: 64 });
const requestId = fc.uuid();
const sessionId = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);

/** A field that may be absent, which is not the same as undefined. */
function optional<Fields extends object>(fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> }) {
  return fc.record(fields, { requiredKeys: [] });
}

/** Pairs as the wire can say them: values of one name together, names in the order of JSON's objects. */
const headers: fc.Arbitrary<HeaderPair[]> = fc
  .dictionary(
    fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'set-cookie')),
    fc.array(text, { minLength: 1 }),
  )
  .map((grouped) =>
    Object.entries(grouped).flatMap(([name, values]) => values.map((value): HeaderPair => [name, value])),
  );

function extended<Required extends object, Optional extends object>(
  required: fc.Arbitrary<Required>,
  more: fc.Arbitrary<Optional>,
): fc.Arbitrary<Required & Optional> {
  return fc.tuple(required, more).map(([a, b]) => ({ ...a, ...b }));
}

const part = extended(
  fc.record({ requestId, part: fc.integer({ min: 1, max: 4_096 }), body }),
  optional<{ totalBytes: number; sha256: string }>({
    totalBytes: integer,
    sha256: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  }),
);
const replyTo = fc.stringMatching(/^[\x21-\x7e]{1,256}$/);
const fromSession = optional<{ sessionId: string; replyTo: string }>({ sessionId, replyTo });
const error = fc.record({
  type: fc.constant('error' as const),
  requestId: fc.option(requestId),
  code: fc.constantFrom(
    'invalid_request' as const,
    'timeout' as const,
    'streaming_only' as const,
    'agent_leaving' as const,
  ),
  message: text,
});
const empty = fc.constantFrom({ type: 'ping' as const }, { type: 'pong' as const });

const hello = extended(
  fc.record({
    protocol: fc.constant(2 as const),
    sessionId,
    epoch: fc.integer({ min: 1 }),
    agentKey: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    agent: fc.stringMatching(/^[\x20-\x7e]{1,64}$/),
  }),
  optional<{ tunnelId: string; balance: Balance }>({
    tunnelId: text,
    balance: fc.constantFrom('spread', 'sticky', 'failover'),
  }),
);
const told = extended(
  fc.record({ tunnelId: text, publicUrl: text }),
  optional<{ subdomainUrl: string }>({ subdomainUrl: text }),
);
const encoding = fc.constant('br' as const);
const ask = fc.stringMatching(/^[\x20-\x7e]{1,64}$/);
const asked = fc.record({
  type: fc.constant('ids' as const),
  ask,
  agentKey: fc.stringMatching(/^[A-Za-z0-9_-]{43}$/),
});
const ownedId: fc.Arbitrary<OwnedId> = extended(
  fc.record({ tunnelId: text, reserved: fc.boolean(), agents: integer }),
  optional<{ expiresAt: number }>({ expiresAt: integer }),
);
const credit = fc.record({ type: fc.constant('credit' as const), requestId: text, bytes: integer });

export const agentMessage: fc.Arbitrary<AgentMessage> = fc.oneof(
  empty,
  fc.constant({ type: 'leave' as const }),
  fc.constant({ type: 'reply_ready' as const }),
  extended(asked, fc.record({ operation: fc.constant('list' as const) })),
  extended(asked, fc.record({ operation: fc.constantFrom('reserve' as const, 'release' as const), tunnelId: text })),
  extended(fc.constant({ type: 'ready' as const }), optional({ hello })),
  extended(fc.constant({ type: 'ping' as const }), optional({ told })),
  extended(fc.record({ type: fc.constant('accepted' as const), requestId: text }), fromSession),
  extended(credit, fromSession),
  extended(
    fc.record({
      type: fc.constant('http_response' as const),
      requestId,
      status: fc.integer({ min: 0, max: 65_535 }),
      headers,
      body,
      processingTimeMs: integer,
      more: fc.boolean(),
    }),
    optional<{ sessionId: string; replyTo: string; encoding: BodyEncoding; storedBytes: number }>({
      sessionId,
      replyTo,
      encoding,
      storedBytes: integer,
    }),
  ),
  extended(extended(fc.constant({ type: 'response_part' as const }), part), fromSession),
  extended(error, fromSession),
);

export const edgeMessage: fc.Arbitrary<EdgeMessage> = fc.oneof(
  empty,
  error,
  credit,
  fc.constant({ type: 'left' as const }),
  fc.record({ type: fc.constant('ids_result' as const), ask, ids: fc.array(ownedId), more: fc.boolean() }),
  fc.record({
    type: fc.constant('ids_refused' as const),
    ask,
    code: fc.constantFrom('tunnel_id_taken' as const, 'tunnel_id_not_yours' as const, 'too_many_ids' as const),
    message: text,
  }),
  extended(
    fc.record({
      type: fc.constant('again' as const),
      requestId: text,
      from: fc.nat(4_096),
      seen: fc.array(fc.integer({ min: 1, max: 4_096 })),
      bytes: integer,
    }),
    optional<{ replyTo: string }>({ replyTo }),
  ),
  fc.record({ type: fc.constant('reply_connection' as const), connectionId: text }),
  fc.record({ type: fc.constant('proof' as const), nonce: fc.stringMatching(/^[\x20-\x7e]{1,64}$/) }),
  extended(
    fc.record({
      type: fc.constant('connection_established' as const),
      connectionId: text,
      tunnelId: text,
      publicUrl: text,
    }),
    optional<{
      subdomainUrl: string;
      pathBasedUrl: string;
      streamingUrl: string;
      hello: { protocol: 2; renewAfterSeconds: number; heartbeatSeconds: number };
    }>({
      subdomainUrl: text,
      pathBasedUrl: text,
      streamingUrl: text,
      hello: fc.record({
        protocol: fc.constant(2 as const),
        renewAfterSeconds: fc.integer({ min: 1 }),
        heartbeatSeconds: fc.integer({ min: 1 }),
      }),
    }),
  ),
  extended(
    fc.record({
      type: fc.constant('http_request' as const),
      requestId,
      method: fc.constantFrom('GET', 'POST', 'PROPFIND', "x!#$%&'*+.^_`|~-"),
      uri: text.map((rest) => `/${rest}`),
      headers,
      body,
      timestamp: integer,
      more: fc.boolean(),
    }),
    optional<{
      timeoutMs: number;
      maxResponseBytes: number;
      windowBytes: number;
      encoding: BodyEncoding;
      uploadUrl: string;
      replyTo: string;
      stream: true;
      heard: string;
    }>({
      timeoutMs: integer,
      maxResponseBytes: integer,
      windowBytes: integer,
      encoding,
      uploadUrl: text,
      replyTo,
      stream: fc.constant(true as const),
      heard: requestId,
    }),
  ),
  extended(fc.constant({ type: 'request_part' as const }), part),
  fc.record({
    type: fc.constant('refused' as const),
    code: fc.constantFrom('tunnel_id_taken' as const, 'tunnel_id_invalid' as const),
    message: text,
  }),
  extended(
    fc.record({ type: fc.constant('url_updated' as const), publicUrl: text }),
    optional<{ subdomainUrl: string }>({ subdomainUrl: text }),
  ),
  fc.record({ type: fc.constant('cancel' as const), requestId: text }),
);
