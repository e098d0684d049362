import { STATUS_CODES } from 'node:http';
import { expect } from 'chai';
import { type Asked, type Bent, type Case, chunked, latin1, shown } from '../../fixtures/http/case.ts';
import { LOSSES, type LossName, type LossRow } from '../../fixtures/http/losses.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import type { PayloadFormat } from './payload-format.ts';
import type { RawAnswer, RawMessage } from './raw-http.ts';

/** Where a visitor asks: directly, at a tunnel's own host, or behind a tunnel's prefix. */
export interface Way {
  /** Of the visitor's `Host` header. */
  readonly host: string;
  /** Before the target; empty but behind a prefix. */
  readonly prefix: string;
}

/** What came of one case: what the visitor got, and what the upstream saw. */
export interface Outcome {
  readonly way: Way;
  readonly answer: RawAnswer;
  readonly seen: readonly RawMessage[];
}

/** The visitor's very bytes. @param id what the `X-Case` header says, by which the upstream knows its answer */
export function requestBytes(asked: Asked, { host, prefix }: Way, id: string): Buffer {
  const { method = 'GET', target = '/', body, trailers, headBytes } = asked;
  const headers: HeaderPair[] = [['Host', host], ...(asked.headers ?? [])] as HeaderPair[];
  if (trailers) headers.push(['Transfer-Encoding', 'chunked']);
  else if (body) headers.push(['Content-Length', String(body.length)]);
  headers.push(['X-Case', id]);
  const line = `${method} ${prefix}${target} HTTP/1.1\r\n`;
  const written = () => line + headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  if (headBytes !== undefined) {
    const room = headBytes - written().length - `${PADDING}: \r\n`.length;
    headers.push([PADDING, 'p'.repeat(room)]);
  }
  const sent = body && trailers ? chunked(body, 100, trailers) : (body ?? latin1(''));
  return Buffer.concat([latin1(`${written()}\r\n`), sent]);
}

/** Holds a case's outcome through the tunnel against the direct one, field by field. */
export function expectFidelity(one: Case, format: PayloadFormat, direct: Outcome, tunnel: Outcome): void {
  const { answer, seen } = tunnel;
  expect(direct.seen, 'requests that the upstream saw directly').to.have.lengthOf(1);
  if (one.refused) {
    expect(answer.status).to.equal(one.refused.status);
    expect(seen, 'requests that the upstream saw').to.deep.equal([]);
    return;
  }
  expect(seen, 'requests that the upstream saw').to.have.lengthOf(1);
  expect(changes(requestFields(direct, one), requestFields(tunnel, one))).to.deep.equal(
    ...expectedChanges(one, format, 'request', requestFields(tunnel, one)),
  );
  expectForwarded(tunnel);
  expect(answer.whole, 'the answer is whole').to.equal(true);
  expect(valuesOf(answer.headers, 'apigw-requestid'), 'the answer is the gateway’s (HR-10)').to.have.lengthOf(1);
  expect(valuesOf(answer.headers, 'date'), 'its date (HR-10)').to.have.lengthOf(1);
  expect(valuesOf(answer.headers, 'transfer-encoding'), 'it is counted, not in chunks (HA-25)').to.deep.equal([]);
  if (one.failed || one.withheld) {
    if (one.failed) expect(direct.answer.whole, 'whole directly').to.equal(one.failed.direct === 'readable');
    expect(answer.status).to.equal(502);
    expect(valuesOf(answer.headers, 'x-postern-error')).to.deep.equal(['upstream_failed']);
    return;
  }
  expect(direct.answer.whole, 'whole directly').to.equal(true);
  expect(changes(answerFields(direct, one), answerFields(tunnel, one))).to.deep.equal(
    ...expectedChanges(one, format, 'answer', answerFields(tunnel, one)),
  );
}

type Fields = Readonly<Record<string, readonly string[]>>;

/** RFC 9110 7.6.1: they end where the connection ends, and so do those that `Connection` names. */
const OF_THE_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

const FORWARDED = /^(?:forwarded|x-real-ip|x-forwarded-.*)$/;

/** As long as the way's host leaves room for. */
const PADDING = 'X-Padding';

/** The runner's own, and what is compared by the body it measures. */
const NOT_COMPARED = new Set(['host', 'x-case', PADDING.toLowerCase(), 'content-length']);

function requestFields({ seen, way }: Outcome, one: Case): Fields {
  const [{ line, headers, body, trailers } = { line: '', headers: [], body: latin1(''), trailers: [] }] = seen;
  const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(line) ?? [];
  const kept = endToEnd(headers).filter(([name]) => !FORWARDED.test(name.toLowerCase()));
  return {
    method: [method],
    target: [target],
    padding: valuesOf(headers, PADDING).map((value) => String(value.length + way.host.length + way.prefix.length)),
    body: [shown(body)],
    upgrade: valuesOf(headers, 'upgrade').filter((value) => value !== 'h2c'),
    ...byName(kept, (name) => NOT_COMPARED.has(name), one),
    ...byTrailer(trailers),
  };
}

function answerFields({ answer }: Outcome, one: Case): Fields {
  const { status, reason, headers, body, trailers, informational } = answer;
  const bodiless = one.asked.method === 'HEAD' || status === 204 || status === 304;
  // What the gateway adds to every answer (HR-10) is compared where the upstream has it, too.
  const isAdded = (name: string) =>
    name === 'apigw-requestid' ||
    (name === 'date' && !saysDate(one)) ||
    (name === 'content-length' && !bodiless && valuesOf(headers, name).join() === String(body.length));
  return {
    status: [String(status)],
    ...(one.alsoCompare?.includes('reason') && { reason: [reason || (STATUS_CODES[status] ? reason : 'unknown')] }),
    body: [shown(body)],
    informational: informational.map(String),
    ...byName(endToEnd(headers), isAdded, one),
    ...byTrailer(trailers),
  };
}

function saysDate({ answered }: Case): boolean {
  return typeof answered !== 'function' && /\r\ndate: /i.test(Buffer.from(answered.bytes).toString('latin1'));
}

function endToEnd(headers: readonly HeaderPair[]): HeaderPair[] {
  const named = valuesOf(headers, 'connection').flatMap((value) => value.toLowerCase().split(/\s*,\s*/));
  return headers.filter(([name]) => !OF_THE_HOP.has(name.toLowerCase()) && !named.includes(name.toLowerCase()));
}

function byName(headers: readonly HeaderPair[], isDropped: (name: string) => boolean, { alsoCompare }: Case): Fields {
  const fields: Record<string, string[]> = {};
  const names: string[] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (isDropped(key)) continue;
    names.push(name);
    fields[`header ${key}`] ??= [];
    fields[`header ${key}`]?.push(value);
  }
  return alsoCompare?.includes('names') ? { ...fields, names: names.sort() } : fields;
}

function byTrailer(trailers: readonly HeaderPair[]): Fields {
  return Object.fromEntries(trailers.map(([name, value]) => [`trailer ${name.toLowerCase()}`, [value]]));
}

function valuesOf(headers: readonly HeaderPair[], name: string): string[] {
  return headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

/** The fields that differ, as they are in the tunnel's outcome. */
function changes(direct: Fields, tunnel: Fields): Fields {
  const changed: Record<string, readonly string[]> = {};
  for (const field of Object.keys({ ...direct, ...tunnel })) {
    const [was = [], is = []] = [direct[field], tunnel[field]];
    if (JSON.stringify(was) !== JSON.stringify(is)) changed[field] = is;
  }
  return changed;
}

/** The fields that must differ, and the reason, as chai takes them. */
function expectedChanges(
  { losses = {} }: Case,
  format: PayloadFormat,
  side: LossRow['side'],
  tunnel: Fields,
): [Fields, string] {
  const expected: Record<string, readonly string[]> = {};
  const why: string[] = [];
  for (const [name, bent] of Object.entries(losses) as [LossName, Bent][]) {
    const row: LossRow = LOSSES[name];
    if (row.side !== side || !row.formats.includes(format)) continue;
    why.push(`${name}, ${row.id}`);
    for (const [field, becomes] of Object.entries(bent)) {
      // A pattern stands for whatever value fits it.
      const is = tunnel[field] ?? [];
      const fits = becomes instanceof RegExp && is.length === 1 && is.every((value) => becomes.test(value));
      expected[field] = becomes instanceof RegExp ? (fits ? is : [String(becomes)]) : becomes;
    }
  }
  return [expected, `what the ${side} loses${why.length > 0 ? ` (${why.join('; ')})` : ''}`];
}

/** What the tunnel says of the visitor, whatever the visitor said. */
function expectForwarded({ seen: [request], way }: Outcome): void {
  const headers = request?.headers ?? [];
  const said = Object.fromEntries(
    headers
      .map(([name]) => name.toLowerCase())
      .filter((name) => FORWARDED.test(name))
      .map((name) => [name, valuesOf(headers, name)]),
  );
  expect(said).to.deep.equal({
    'x-forwarded-for': ['127.0.0.1'],
    'x-forwarded-proto': ['http'],
    'x-forwarded-host': [way.host],
    ...(way.prefix && { 'x-forwarded-prefix': [way.prefix] }),
  });
  expect(valuesOf(headers, 'host')).to.deep.equal([way.host]);
  const hop = headers.map(([name]) => name.toLowerCase()).filter((name) => OF_THE_HOP.has(name));
  expect(hop, "headers of the hop: the agent's own").to.deep.equal(['connection']);
}
