import { expect } from 'chai';
import fc from 'fast-check';
import { hashes } from '../../src/adapters/system.ts';
import { PART_BYTES, WINDOW_BYTES } from '../../src/protocol/limits.ts';
import type { AgentMessage, HttpRequest } from '../../src/protocol/messages.ts';
import { createPartJoiner } from '../../src/protocol/parts.ts';
import { plain } from '../support/plain.ts';
import { DOOR_MS, failureCode, visit } from '../support/test-edge.ts';
import { answers, answerTo, firstRequest, SESSION, textOf, tunnelled } from './tunnelled.ts';

function sha256(bytes: Uint8Array): string {
  return Buffer.from(hashes.sha256(bytes)).toString('base64url');
}

describe('forwardRequest', () => {
  it('asks the agent for what the visitor wants, and gives back what it says', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = answers('hello');
    const response = await edge.forward(
      visit(`${path}/hello`, { method: 'POST', query: 'x=1', body: Buffer.from('hi'), headers: [['accept', '*/*']] }),
    );
    expect(plain(firstRequest(agent))).to.deep.include({
      method: 'POST',
      uri: '/hello?x=1',
      body: Buffer.from('hi').toString('hex'),
      more: false,
      timeoutMs: DOOR_MS,
      maxResponseBytes: 6_291_556,
      windowBytes: WINDOW_BYTES,
      headers: [
        ['accept', '*/*'],
        ['x-forwarded-for', '198.51.100.23'],
        ['x-forwarded-proto', 'https'],
        ['x-forwarded-host', 't.example.com'],
        ['x-forwarded-prefix', '/blue-harbour'],
      ],
    });
    expect({ ...response, body: textOf(response) }).to.deep.equal({
      status: 200,
      headers: [['content-type', 'text/plain']],
      body: 'hello',
    });
  });

  it('serves the same tunnel by its subdomain, without a prefix', async () => {
    const { edge, agent } = await tunnelled();
    agent.answer = answers('hello');
    const response = await edge.forward(visit('/x//y', { host: 'Blue-Harbour.t.example.com:443' }));
    expect(textOf(response)).to.equal('hello');
    expect(firstRequest(agent).uri).to.equal('/x//y');
    expect(firstRequest(agent).headers.map(([name]) => name)).to.not.include('x-forwarded-prefix');
  });

  it('sends a version 1 agent version 1 fields alone', async () => {
    const { edge, agent, path } = await tunnelled(1);
    agent.answer = answers('hello', {});
    expect(textOf(await edge.forward(visit(`${path}/`)))).to.equal('hello');
    expect(firstRequest(agent)).to.have.all.keys(
      'type',
      'requestId',
      'method',
      'uri',
      'headers',
      'body',
      'timestamp',
      'more',
    );
    expect(firstRequest(agent).more).to.equal(false);
  });

  it("passes on the upstream's own failures as they are", async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = answers('no such page', { status: 404, sessionId: SESSION });
    const response = await edge.forward(visit(path));
    expect(response.status).to.equal(404);
    expect(failureCode(response)).to.equal(undefined);
  });

  it('keeps many exchanges at once apart', async () => {
    const { edge, agent, path } = await tunnelled();
    const asked: HttpRequest[] = [];
    agent.answer = (message) => {
      if (message.type === 'http_request') asked.push(message);
      return asked.length < 50 ? [] : asked.reverse().map((request) => answerTo(request, `answer to ${request.uri}`));
    };
    const uris = Array.from({ length: 50 }, (_, at) => `/${at}`);
    const responses = await Promise.all(uris.map((uri) => edge.forward(visit(path + uri))));
    expect(responses.map(textOf)).to.deep.equal(uris.map((uri) => `answer to ${uri}`));
  });
});

describe('a body of several messages', () => {
  it('goes to a version 2 agent in parts', async () => {
    const { edge, agent, path } = await tunnelled();
    const body = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at ^ (at >> 8)) & 0xff);
    const joiner = createPartJoiner(body.length, sha256);
    const results: unknown[] = [];
    agent.answer = (message) => {
      if (message.type === 'http_request') results.push(joiner.add({ part: 0, body: message.body }));
      if (message.type === 'request_part') results.push(joiner.add(message));
      return message.type === 'request_part' && message.totalBytes !== undefined
        ? [answerTo(firstRequest(agent), 'got it')]
        : [];
    };
    expect(textOf(await edge.forward(visit(path, { method: 'PUT', body })))).to.equal('got it');
    expect(agent.received('request_part').length).to.be.at.least(10);
    expect(plain(results.at(-1))).to.deep.equal({ kind: 'complete', body: Buffer.from(body).toString('hex') });
  });

  it('comes from it in parts, in any order, some of them twice', async () => {
    const body = Uint8Array.from({ length: PART_BYTES * 3 + 5 }, (_, at) => (at ^ (at >> 8)) & 0xff);
    function answerInParts(request: HttpRequest): AgentMessage[] {
      const { requestId } = request;
      const parts = [1, 2, 3].map((part): AgentMessage => {
        const slice = body.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
        const last = part === 3 && { totalBytes: body.length };
        return { type: 'response_part', requestId, part, body: slice, sessionId: SESSION, ...last };
      });
      return [{ ...answerTo(request, body.subarray(0, PART_BYTES)), more: true }, ...parts];
    }
    const order = fc.tuple(fc.subarray([0, 1, 2, 3]), fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }));
    await fc.assert(
      fc.asyncProperty(order, async ([early, all]) => {
        const { edge, agent, path } = await tunnelled();
        agent.answer = (message) => {
          const pieces = message.type === 'http_request' ? answerInParts(message) : [];
          return [...early, ...all].flatMap((at) => pieces.slice(at, at + 1));
        };
        const response = await edge.forward(visit(path));
        expect(Buffer.compare(response.body, body)).to.equal(0);
      }),
      { numRuns: 8 },
    );
  });

  it('is too large for a version 1 agent: 413, and nothing is sent', async () => {
    const { edge, agent, path } = await tunnelled(1);
    const response = await edge.forward(visit(path, { method: 'PUT', body: new Uint8Array(100_000) }));
    expect(response.status).to.equal(413);
    expect(failureCode(response)).to.equal('request_too_large');
    expect(agent.received('http_request')).to.deep.equal([]);
  });

  it('goes to a version 1 agent where it fits one message', async () => {
    const { edge, agent, path } = await tunnelled(1);
    agent.answer = answers('got it', {});
    const body = new Uint8Array(90_000).fill(7);
    expect(textOf(await edge.forward(visit(path, { method: 'PUT', body })))).to.equal('got it');
    expect(firstRequest(agent).body).to.have.lengthOf(body.length);
  });

  it('is refused where the head alone is larger than a message', async () => {
    const { edge, path } = await tunnelled();
    const response = await edge.forward(visit(path, { headers: [['x-long', 'x'.repeat(140_000)]] }));
    expect(failureCode(response)).to.equal('request_too_large');
  });

  it('that the door cannot give back ends with 502, and the agent is told to stop', async () => {
    const { edge, agent, path } = await tunnelled();
    agent.answer = answers('eleven long');
    const response = await edge.forward(visit(path), { maxResponseBytes: 10 });
    expect(response.status).to.equal(502);
    expect(failureCode(response)).to.equal('response_too_large');
    expect(agent.received('cancel')).to.have.lengthOf(1);
  });
});
