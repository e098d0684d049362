import { createHash } from 'node:crypto';
import { brotliCompressSync, constants } from 'node:zlib';
import { expect } from 'chai';
import type { Forward, ForwardRequest } from '../../../agent/forward.ts';
import { createExchanges } from '../../../agent/session/exchanges.ts';
import { LARGEST_REQUEST_BYTES } from '../../../agent/session/request-joiner.ts';
import { decodeAgentMessage } from '../../../src/protocol/codec.ts';
import { PART_BYTES, WINDOW_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HttpRequest } from '../../../src/protocol/messages.ts';
import { splitRequest } from '../../../src/protocol/parts.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createQueue } from '../support/queue.ts';

const REQUEST: HttpRequest = {
  type: 'http_request',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  method: 'GET',
  uri: '/',
  headers: [],
  body: new Uint8Array(0),
  timestamp: 1,
  more: false,
};
const { requestId } = REQUEST;

function start(bytes: number, held = Promise.resolve(), protocol: 1 | 2 = 2) {
  const said = createQueue<AgentMessage>('said');
  const asked: ForwardRequest[] = [];
  const clock = createManualClock();
  const forward: Forward = async (request) => {
    asked.push(request);
    await held;
    const body = (async function* () {
      yield Buffer.alloc(bytes, 7);
    })();
    return { kind: 'answered', status: 200, headers: [], body };
  };
  const exchanges = createExchanges({
    forward,
    async deliver(text) {
      said.push(decodeAgentMessage(text) as AgentMessage);
      return true;
    },
    protocol: () => protocol,
    sessionId: 's'.repeat(22),
    requestTimeoutMs: 25_000,
    clock,
    report: () => {},
  });
  const parts = async (count: number) => {
    const found: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const message = await said.next();
      found.push(message.type === 'response_part' ? String(message.part) : message.type);
    }
    return found;
  };
  return { exchanges, said, asked, clock, parts };
}

describe('exchanges', () => {
  it('run a request once that comes twice, and say once more what they have said', async () => {
    const { exchanges, asked, parts } = start(PART_BYTES + 5);
    exchanges.receive(REQUEST);
    expect(await parts(2)).to.deep.equal(['http_response', '1']);
    exchanges.receive(REQUEST);
    expect(await parts(2)).to.deep.equal(['http_response', '1']);
    expect(asked).to.have.length(1);
  });

  it('say that they are at it, where there is nothing to say yet', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { exchanges, asked, parts } = start(1, held);
    exchanges.receive(REQUEST);
    exchanges.receive(REQUEST);
    expect(await parts(1)).to.deep.equal(['accepted']);
    answer();
    expect(await parts(1)).to.deep.equal(['http_response']);
    expect(asked).to.have.length(1);
  });

  it('say again what is missing and nothing else', async () => {
    const { exchanges, parts } = start(PART_BYTES * 5);
    exchanges.receive(REQUEST);
    await parts(5);
    exchanges.receive({ type: 'again', requestId, from: 1, seen: [2, 4], bytes: WINDOW_BYTES });
    expect(await parts(2)).to.deep.equal(['1', '3']);
  });

  it('say an error where the answer is not kept any more, and for a request they never had', async () => {
    const { exchanges, said } = start(1);
    exchanges.receive({ type: 'again', requestId, from: 0, seen: [], bytes: 0 });
    expect(await said.next()).to.include({ type: 'error', requestId, code: 'upstream_failed' });
  });

  it('keep what was said until the edge has it, and a minute at most', async () => {
    const { exchanges, parts, clock, said } = start(PART_BYTES * 5);
    exchanges.receive(REQUEST);
    await parts(5);
    exchanges.receive({ type: 'credit', requestId, bytes: WINDOW_BYTES + PART_BYTES * 2 });
    exchanges.receive({ type: 'again', requestId, from: 0, seen: [], bytes: 0 });
    expect(await parts(3)).to.deep.equal(['2', '3', '4']);
    clock.advance(60_000);
    exchanges.receive({ ...REQUEST, requestId: 'another' });
    await said.next();
    exchanges.receive({ type: 'again', requestId, from: 0, seen: [], bytes: 0 });
    expect(await said.next()).to.include({ type: 'error', requestId });
  });

  it('keep no more what the edge says it has heard, and are silent about it', async () => {
    const { exchanges, said, parts } = start(PART_BYTES * 2);
    exchanges.receive(REQUEST);
    await parts(2);
    exchanges.receive({ ...REQUEST, requestId: 'another', heard: requestId });
    exchanges.receive({ type: 'again', requestId, from: 0, seen: [], bytes: 0 });
    exchanges.receive(REQUEST);
    exchanges.receive({ type: 'again', requestId: 'another', from: 0, seen: [], bytes: 0 });
    for (let count = 0; count < 3; count += 1) expect(await said.next()).to.include({ requestId: 'another' });
  });

  it('give credit for a long request before the edge stands still', async () => {
    const { exchanges, said, asked } = start(1);
    const body = Buffer.alloc(4_500_000, 3);
    const sha256 = () => 'x';
    const messages = splitRequest({ ...REQUEST, body }, sha256) ?? [];
    const window = WINDOW_BYTES / PART_BYTES;
    for (const message of messages.slice(0, window)) exchanges.receive(message);
    const credit = await said.next();
    expect(credit).to.include({ type: 'credit', requestId });
    expect(credit.type === 'credit' && credit.bytes).to.be.above(WINDOW_BYTES);
    for (const message of messages.slice(window)) exchanges.receive(message);
    const end = await said.next(({ type }) => type !== 'credit');
    expect(end, 'its hash is wrong').to.include({ type: 'error', code: 'upstream_failed' });
    expect(asked).to.deep.equal([]);
  });

  it('expand a request that was compressed, and refuse a bomb', async () => {
    const { exchanges, said, asked } = start(1);
    const body = Buffer.alloc(100_000, 'postern ');
    exchanges.receive({ ...REQUEST, body: brotliCompressSync(body), encoding: 'br' });
    await said.next();
    expect(asked[0]?.body).to.deep.equal(body);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
    const bomb = brotliCompressSync(Buffer.alloc(LARGEST_REQUEST_BYTES + 1), { params });
    exchanges.receive({ ...REQUEST, requestId: 'bomb', body: bomb, encoding: 'br' });
    expect(await said.next()).to.include({ type: 'error', requestId: 'bomb' });
    expect(asked).to.have.length(1);
  });

  it('say again what was said lately, where the gateway has lost one of it', async () => {
    const { exchanges, parts, clock } = start(1);
    exchanges.receive(REQUEST);
    await parts(1);
    clock.advance(5_000);
    exchanges.receive({ ...REQUEST, requestId: 'another' });
    await parts(1);
    exchanges.repeatLatest();
    expect(await parts(1)).to.deep.equal(['http_response']);
  });

  it('say again an answer without a body, whatever credit comes with the question', async () => {
    const { exchanges, parts } = start(0);
    exchanges.receive(REQUEST);
    await parts(1);
    exchanges.receive({ type: 'again', requestId, from: 0, seen: [], bytes: WINDOW_BYTES });
    expect(await parts(1)).to.deep.equal(['http_response']);
  });

  it('speak version 2 to a request that overtakes the greeting, and version 1 to an edge that knows no other', async () => {
    const early = start(1, undefined, 1);
    early.exchanges.receive({ ...REQUEST, timeoutMs: 28_000 });
    expect(await early.said.next()).to.have.property('sessionId');
    const old = start(1, undefined, 1);
    old.exchanges.receive(REQUEST);
    old.exchanges.receive(REQUEST);
    expect(await old.said.next()).to.not.have.property('sessionId');
    await new Promise(setImmediate);
    expect(old.said.rest).to.deep.equal([]);
  });

  it('end what nobody cancelled and nobody can wait for any more', async () => {
    const { exchanges, clock } = start(WINDOW_BYTES * 2);
    exchanges.receive({ ...REQUEST, timeoutMs: 28_000, windowBytes: PART_BYTES });
    await new Promise(setImmediate);
    const drained = exchanges.drain();
    clock.advance(33_000);
    await drained;
  });

  it('answer what had begun to come when they are drained', async () => {
    const { exchanges, said, asked } = start(1);
    const body = Buffer.alloc(PART_BYTES + 5);
    const [head, part] =
      splitRequest({ ...REQUEST, body }, () => createHash('sha256').update(body).digest('base64url')) ?? [];
    if (!head || !part) throw new Error('it fits one message');
    exchanges.receive(head);
    const drained = exchanges.drain();
    exchanges.receive(part);
    expect(await said.next()).to.include({ type: 'http_response', status: 200 });
    await drained;
    expect(asked).to.have.length(1);
    exchanges.receive({ ...REQUEST, requestId: 'late' });
    expect(await said.next()).to.include({ type: 'error', requestId: 'late', code: 'agent_leaving' });
  });
});
