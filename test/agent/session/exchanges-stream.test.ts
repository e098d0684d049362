import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect } from 'chai';
import type { Forward } from '../../../agent/forward.ts';
import { createUpstream } from '../../../agent/proxy/upstream.ts';
import { parseUpstream } from '../../../agent/proxy/upstream-address.ts';
import { systemClock } from '../../../agent/session/clock.ts';
import type { AgentEvent } from '../../../agent/session/events.ts';
import { createExchanges } from '../../../agent/session/exchanges.ts';
import { decodeAgentMessage } from '../../../src/protocol/codec.ts';
import { PART_BYTES, WINDOW_BYTES } from '../../../src/protocol/limits.ts';
import type { AgentMessage, HttpRequest, ResponsePart } from '../../../src/protocol/messages.ts';
import { useCleanup } from '../support/cleanup.ts';
import { SESSION } from '../support/exchange-run.ts';
import { startHttpUpstream } from '../support/http-upstream.ts';
import { createQueue } from '../support/queue.ts';

const STREAM: HttpRequest = {
  type: 'http_request',
  requestId: '550e8400-e29b-41d4-a716-446655440000',
  method: 'GET',
  uri: '/',
  headers: [],
  body: new Uint8Array(0),
  timestamp: 1,
  more: false,
  timeoutMs: 900_000,
  maxResponseBytes: 200_000_000,
  windowBytes: WINDOW_BYTES,
  stream: true,
};
const { requestId } = STREAM;
const PIECE = Buffer.alloc(250_000, 'postern ');

/** Real time and a real upstream; the test is the edge. */
describe('exchanges whose door streams, with a real upstream', () => {
  const cleanup = useCleanup();

  async function start(answer: (response: ServerResponse) => void) {
    const server = await startHttpUpstream((_request, response) => answer(response));
    cleanup(server.stop);
    const parsed = parseUpstream(`127.0.0.1:${server.port}`);
    if (parsed.kind !== 'address') throw new Error(parsed.problem);
    const upstream = createUpstream(parsed.address, { kind: 'preserve' });
    cleanup(upstream.close);
    const said = createQueue<AgentMessage>('said');
    const events = createQueue<AgentEvent>('events');
    const read = { bytes: 0 };
    const forward: Forward = async (request, signal) => {
      const result = await upstream.forward(request, signal);
      if (result.kind === 'failed') return result;
      async function* counted(body: AsyncIterable<Uint8Array>) {
        for await (const piece of body) {
          read.bytes += piece.length;
          yield piece;
        }
      }
      return { ...result, body: counted(result.body) };
    };
    const exchanges = createExchanges({
      forward,
      async deliver(text) {
        said.push(decodeAgentMessage(text) as AgentMessage);
        return true;
      },
      protocol: () => 2,
      sessionId: SESSION,
      requestTimeoutMs: 25_000,
      clock: systemClock,
      report: (event) => events.push(event),
    });
    cleanup(exchanges.close);
    /** The next part's body as text. */
    const heard = async () => {
      const message = await said.next();
      return 'body' in message ? Buffer.from(message.body).toString() : message.type;
    };
    return { exchanges, said, events, read, heard };
  }

  it('brings each event before the next is written', async () => {
    const responses = createQueue<ServerResponse>('responses');
    const { exchanges, said, heard, events } = await start((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      responses.push(response);
    });
    exchanges.receive(STREAM);
    expect(await said.next()).to.deep.include({ type: 'http_response', status: 200, more: true });
    const response = await responses.next();
    for (let at = 1; at <= 20; at += 1) {
      response.write(`id: ${at}\n\n`);
      expect(await heard()).to.equal(`id: ${at}\n\n`);
    }
    response.end();
    expect(await said.next()).to.include({ type: 'response_part', part: 21 });
    expect(await events.next()).to.include({ event: 'request', status: 200 });
  });

  it('says a small answer in one message', async () => {
    const { exchanges, said, events } = await start((response) => response.end('hello'));
    exchanges.receive(STREAM);
    expect(await said.next()).to.deep.include({ type: 'http_response', more: false, body: Buffer.from('hello') });
    await events.next();
    expect(said.rest).to.deep.equal([]);
  });

  it('holds 25 MB back at a slow edge, and brings them whole', async () => {
    const { exchanges, said, read } = await start(async (response) => {
      response.writeHead(200, { 'content-type': 'video/mp4' });
      for (let at = 0; at < 100; at += 1) {
        if (!response.write(PIECE)) await once(response, 'drain');
      }
      response.end();
    });
    exchanges.receive(STREAM);
    const hash = createHash('sha256');
    let bytes = 0;
    let credit = WINDOW_BYTES;
    let most = 0;
    let last: ResponsePart | undefined;
    while (!last) {
      const message = await said.next();
      if (message.type !== 'http_response' && message.type !== 'response_part') throw new Error(message.type);
      hash.update(message.body);
      bytes += message.body.length;
      most = Math.max(most, read.bytes - credit);
      if (message.type === 'response_part' && message.totalBytes !== undefined) last = message;
      // The edge gives nothing before the window is used up to a part, and then little.
      if (credit - bytes < PART_BYTES) {
        await new Promise(setImmediate);
        credit += 3 * PART_BYTES;
        exchanges.receive({ type: 'credit', requestId, bytes: credit });
      }
    }
    expect(most).to.be.at.most(PART_BYTES + 2 * 65_536);
    expect(last).to.include({ totalBytes: 25_000_000, sha256: hash.digest('base64url') });
    expect(bytes).to.equal(25_000_000);
  }).timeout(30_000);

  it('ends the upstream’s request when it is cancelled in mid-stream', async () => {
    const closed = createQueue<string>('closed');
    const { exchanges, said, events } = await start((response) => {
      response.on('close', () => closed.push('closed'));
      response.write('first');
    });
    exchanges.receive(STREAM);
    await said.next();
    exchanges.receive({ type: 'cancel', requestId });
    await closed.next();
    expect(await events.next()).to.include({ event: 'request', status: 499 });
    await new Promise(setImmediate);
    expect(said.rest.filter(({ type }) => type === 'error')).to.deep.equal([]);
  });

  it('says upstream_failed after the head where the upstream breaks off', async () => {
    const { exchanges, said } = await start((response) => {
      response.write('first');
      setImmediate(() => response.destroy());
    });
    exchanges.receive(STREAM);
    expect(await said.next()).to.include({ type: 'http_response', more: true });
    expect(await said.next(({ type }) => type === 'error')).to.include({ code: 'upstream_failed' });
  });

  it('refuses an event stream at a door that does not stream, and hangs up on the upstream', async () => {
    const closed = createQueue<string>('closed');
    const { exchanges, said } = await start((response) => {
      response.on('close', () => closed.push('closed'));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const { stream: _stream, ...request } = STREAM;
    exchanges.receive({ ...request, timeoutMs: 28_000 });
    expect(await said.next()).to.include({ type: 'error', code: 'streaming_only' });
    await closed.next();
  });
});
