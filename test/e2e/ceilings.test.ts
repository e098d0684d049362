import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { forwardedHeaders } from '../../emulator/gateway/events/headers.ts';
import { httpEventV1 } from '../../emulator/gateway/events/http-v1.ts';
import { httpEventV2 } from '../../emulator/gateway/events/http-v2.ts';
import { DEFAULT_SWITCHES } from '../../emulator/gateway/switches.ts';
import { MOST_EVENT_BYTES } from '../../emulator/lambda/limits.ts';
import type { Stack } from '../../emulator/stack/stack.ts';
import { RESULT_BYTES, resultV1, resultV2 } from '../../src/adapters/http-api-result.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { type PayloadFormat, withPayloadFormat } from '../support/payload-format.ts';
import { askRaw, type RawMessage, type RawUpstream, startRawHttpUpstream } from '../support/raw-http.ts';

/** How a body travels in an event and in a result: as it is, or as base64. */
type Kind = 'text' | 'binary';

const TYPES: Readonly<Record<Kind, string>> = { text: 'text/plain', binary: 'application/octet-stream' };

/** A byte more of text, or three of what travels as base64, make one more of the event or result. */
const STEP: Readonly<Record<Kind, number>> = { text: 1, binary: 3 };

/** Of the largest body there is here; prefixes of it are sent. */
const BYTES = 6_300_000;
const RANDOM: Readonly<Record<Kind, Buffer>> = {
  binary: randomBytes(BYTES),
  text: Buffer.from(randomBytes(BYTES).toString('base64url').slice(0, BYTES)),
};

for (const format of ['1.0', '2.0'] as const) {
  describe(`the ceilings of the door, through payload format ${format}`, function () {
    this.timeout(60_000);
    let upstream: RawUpstream;
    let cloud: Cloud;
    let agent: TestAgent;
    let stack: Stack | undefined;
    const seen: RawMessage[] = [];

    before(async () => {
      upstream = await startRawHttpUpstream((request) => {
        seen.push(request);
        const [, kind, bytes] = /^GET \/(text|binary|quotes)\/(\d+) /.exec(request.line) ?? [];
        if (kind === undefined) return reply('text', Buffer.from(sha256(request.body)));
        if (kind === 'quotes') return reply('text', Buffer.alloc(Number(bytes), '"'));
        return reply(kind as Kind, RANDOM[kind as Kind].subarray(0, Number(bytes)));
      });
      cloud = await startCloud({
        change(packaged) {
          stack = withPayloadFormat(format)(packaged);
          return stack;
        },
      });
      agent = await startAgent({ endpoint: cloud.websocket, upstream: `http://127.0.0.1:${upstream.port}` });
    });

    beforeEach(() => {
      seen.length = 0;
    });

    after(async () => {
      await agent?.stop();
      await Promise.all([cloud?.stop(), upstream?.stop()]);
    });

    function ask(method: string, target: string, headers: readonly HeaderPair[] = [], body: Uint8Array = EMPTY) {
      const { host } = new URL(agent.online.subdomainUrl ?? '');
      const lines = [['Host', host], ...headers, ...(body.length > 0 ? [['Content-Length', String(body.length)]] : [])];
      const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
      return askRaw(Number(new URL(cloud.http).port), Buffer.concat([Buffer.from(head), body]));
    }

    /** The largest body of which the whole event is no larger than Lambda takes. */
    function largestRequest(kind: Kind): number {
      if (!stack) throw new Error('no stack runs');
      const { host, hostname } = new URL(agent.online.subdomainUrl ?? '');
      const around = eventBytes(format, stack, { host, hostname, type: TYPES[kind] });
      return largestBeside(MOST_EVENT_BYTES - around, kind);
    }

    for (const kind of ['text', 'binary'] as const) {
      it(`carries the largest ${kind} request there can be (HA-23)`, async () => {
        const body = RANDOM[kind].subarray(0, largestRequest(kind));
        const answer = await ask('POST', '/', [['Content-Type', TYPES[kind]]], body);
        expect(answer.status).to.equal(200);
        expect(answer.body.toString()).to.equal(sha256(body));
      });

      it(`says 413 to the next larger one, in the gateway's own words, and the upstream never sees it (HA-23)`, async () => {
        const body = RANDOM[kind].subarray(0, largestRequest(kind) + STEP[kind]);
        const answer = await ask('POST', '/', [['Content-Type', TYPES[kind]]], body);
        expect(answer.status).to.equal(413);
        expect(answer.body.toString()).to.equal('{"message":"Request Entity Too Large"}');
        expect(seen).to.deep.equal([]);
      });

      it(`carries the largest ${kind} answer there can be (HR-07)`, async () => {
        const bytes = largestAnswer(format, kind);
        const answer = await ask('GET', `/${kind}/${bytes}`);
        expect(answer.status).to.equal(200);
        expect(answer.body.length).to.equal(bytes);
        expect(sha256(answer.body)).to.equal(sha256(RANDOM[kind].subarray(0, bytes)));
      });

      it('says 502 response_too_large instead of the next larger one, and names the limit and the way out (HR-07)', async () => {
        const bytes = largestAnswer(format, kind) + STEP[kind];
        const answer = await ask('GET', `/${kind}/${bytes}`, [['Accept', 'text/html']]);
        expect(answer.status).to.equal(502);
        expect(Object.fromEntries(answer.headers)).to.deep.include({ 'X-Postern-Error': 'response_too_large' });
        expect(answer.body.toString()).to.match(/6 MB.*4\.5 MB.*ranges/s);
        expect(seen.map(({ line }) => line)).to.deep.equal([`GET /${kind}/${bytes} HTTP/1.1`]);
      });
    }

    it('carries text that is dear to escape as if it were binary: no answer is worse off for its type', async () => {
      const bytes = largestAnswer(format, 'binary');
      const answer = await ask('GET', `/quotes/${bytes}`);
      expect(answer.status).to.equal(200);
      expect(answer.body.equals(Buffer.alloc(bytes, '"'))).to.equal(true);
    });

    it('says 413 to more than the gateway itself takes, before Lambda is asked (HA-22)', async () => {
      const answer = await ask('POST', '/', [['Content-Type', TYPES.binary]], Buffer.alloc(10 * 1024 * 1024 + 1));
      expect(answer.status).to.equal(413);
      expect(answer.body.toString()).to.equal('{"message":"Request Entity Too Large"}');
    });
  });
}

const EMPTY = new Uint8Array(0);

function reply(kind: Kind, body: Buffer) {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${TYPES[kind]}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head), body]), end: 'keep' } as const;
}

/** The largest body of which the whole result is no larger than Lambda gives back. */
function largestAnswer(format: PayloadFormat, kind: Kind): number {
  const resultOf = format === '1.0' ? resultV1 : resultV2;
  const result = resultOf({ status: 200, headers: [['Content-Type', TYPES[kind]]], body: EMPTY });
  return largestBeside(RESULT_BYTES - JSON.stringify(result).length, kind);
}

/** The largest body that takes no more than this many bytes of JSON; our text has nothing to escape. */
function largestBeside(bytes: number, kind: Kind): number {
  return kind === 'text' ? bytes : Math.floor(bytes / 4) * 3;
}

/** Bytes of a request's event without its body, as the emulator makes it: each of its ids is as long as any other. */
function eventBytes(
  format: PayloadFormat,
  { accountId, httpApi }: Stack,
  { host, hostname, type }: { readonly host: string; readonly hostname: string; readonly type: string },
): number {
  if (!httpApi) throw new Error('the stack has no HTTP API');
  const headers = forwardedHeaders(['Host', host, 'Content-Type', type], {
    sourceIp: '127.0.0.1',
    proto: DEFAULT_SWITCHES.forwardedProto,
    traceId: `Root=1-${'0'.repeat(8)}-${'0'.repeat(24)}`,
    contentLength: 1_000_000,
  });
  const request = {
    method: 'POST',
    path: '/',
    decodedPath: '/',
    query: '',
    headers,
    body: Buffer.from('abc'),
    sourceIp: '127.0.0.1',
    domainName: hostname,
    accountId,
    apiId: httpApi.apiId,
    stage: { name: '$default', variables: {} },
    routeKey: '$default',
    pathParameters: {},
    requestId: `${'0'.repeat(15)}=`,
    timeEpoch: 1_800_000_000_000,
  };
  const event = format === '1.0' ? httpEventV1(request, DEFAULT_SWITCHES) : httpEventV2(request, DEFAULT_SWITCHES);
  return JSON.stringify(event).length - (event.body?.length ?? 0);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
