/** One header line: its name as it goes into an event, the same in lower case, and its value. */
export interface Header {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

/** What the gateway adds to, or puts in the place of, what the client sent. */
export interface Forwarding {
  readonly sourceIp: string;
  readonly proto: 'https' | 'http';
  readonly traceId: string;
  /** Bytes of the body as it arrived; absent for a handshake, which has none (WS-12). */
  readonly contentLength?: number;
}

const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

const REPLACED = new Set(['content-length', 'x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto']);

/** Spellings that the gateway imposes; every other header keeps the client's (HA-13, WS-12). */
const CANONICAL: ReadonlyMap<string, string> = new Map(
  [
    'Content-Length',
    'Host',
    'Sec-WebSocket-Extensions',
    'Sec-WebSocket-Key',
    'Sec-WebSocket-Protocol',
    'Sec-WebSocket-Version',
    'User-Agent',
    'X-Amzn-Trace-Id',
    'X-Forwarded-For',
    'X-Forwarded-Port',
    'X-Forwarded-Proto',
  ].map((name) => [name.toLowerCase(), name]),
);

/**
 * The headers an integration sees: the client's without the hop-by-hop ones, with the gateway's own.
 * @param rawHeaders names and values in turn, as Node gives them
 * @see HA-12, HA-14, HA-25, WS-12
 */
export function forwardedHeaders(rawHeaders: readonly string[], forwarding: Forwarding): Header[] {
  const headers: Header[] = [];
  const addresses: string[] = [];
  let traced = false;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    const key = name.toLowerCase();
    if (key === 'x-forwarded-for') addresses.push(value);
    if (HOP_BY_HOP.has(key) || REPLACED.has(key)) continue;
    if (key === 'x-amzn-trace-id') traced = true;
    headers.push({ name: CANONICAL.get(key) ?? name, key, value });
  }
  if (forwarding.contentLength !== undefined) headers.push(own('Content-Length', String(forwarding.contentLength)));
  if (!traced) headers.push(own('X-Amzn-Trace-Id', forwarding.traceId));
  headers.push(
    own('X-Forwarded-For', [...addresses, forwarding.sourceIp].join(', ')),
    own('X-Forwarded-Port', forwarding.proto === 'https' ? '443' : '80'),
    own('X-Forwarded-Proto', forwarding.proto),
  );
  return headers;
}

/** One value a name, the last of repeated ones; names as spelled first (1.0 and WebSocket events). */
export function lastValues(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(Object.entries(allValues(headers)).map(([name, values]) => [name, values.at(-1) ?? '']));
}

/** Every value of every name, under the spelling that came first (1.0 and WebSocket events). */
export function allValues(headers: readonly Header[]): Record<string, string[]> {
  const groups = new Map<string, { name: string; values: string[] }>();
  for (const { name, key, value } of headers) {
    const group = groups.get(key);
    if (group) group.values.push(value);
    else groups.set(key, { name, values: [value] });
  }
  return Object.fromEntries(Array.from(groups.values(), ({ name, values }) => [name, values]));
}

/** Lower-case names, repeated values joined by `,`; without `cookie`, which 2.0 carries apart (HA-12, HA-15). */
export function joinedValues(headers: readonly Header[]): Record<string, string> {
  const joined = new Map<string, string>();
  for (const { key, value } of headers) {
    if (key === 'cookie') continue;
    const earlier = joined.get(key);
    joined.set(key, earlier === undefined ? value : `${earlier},${value}`);
  }
  return Object.fromEntries(joined);
}

/** The value of the first header of that lower-case name. */
export function headerValue(headers: readonly Header[], key: string): string | undefined {
  return headers.find((header) => header.key === key)?.value;
}

function own(name: string, value: string): Header {
  return { name, key: name.toLowerCase(), value };
}
