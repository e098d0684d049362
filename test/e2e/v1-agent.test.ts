import { expect } from 'chai';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { startV1Agent, type V1Answer, type V1Request } from '../support/v1-agent.ts';

describe('a version 1 agent on our edge', () => {
  let cloud: Cloud;
  let agent: Awaited<ReturnType<typeof startV1Agent>>;
  let answer: (request: V1Request) => V1Answer | 'error' | 'silence' = () => ({ status: 200 });

  before(async () => {
    cloud = await startCloud();
    agent = await startV1Agent(cloud.websocket, (request) => answer(request));
    agent.send('{"type":"ping"}');
  });

  after(async () => {
    await agent?.stop();
    await cloud?.stop();
  });

  function visit(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${agent.established.public_url}${path}`, init);
  }

  it('is told its tunnel in the fields it knows', () => {
    expect(agent.established.tunnel_id).to.match(/^[a-z0-9]{12}$/);
    expect(agent.established.public_url).to.equal(`${cloud.http}/${agent.established.tunnel_id}`);
    expect(agent.established.connection_id).to.be.a('string');
    expect(agent.established).to.not.have.any.keys('protocol', 'renew_after_s', 'heartbeat_s');
  });

  it('serves a request in version 1 format', async () => {
    let seen: V1Request | undefined;
    answer = (request) => {
      seen = request;
      return {
        status: 201,
        headers: { 'content-type': ['text/plain'], 'x-twice': ['a', 'b'] },
        body: Buffer.from('hi'),
      };
    };
    const response = await visit('/api?x=1', { method: 'POST', body: 'payload' });
    expect(response.status).to.equal(201);
    expect(await response.text()).to.equal('hi');
    expect(response.headers.get('x-twice')).to.equal('a, b');
    expect(seen).to.include({ method: 'POST', uri: '/api?x=1', body: Buffer.from('payload').toString('base64') });
    expect(seen?.request_id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(seen?.headers.host).to.deep.equal([new URL(cloud.http).host]);
    expect(seen?.timestamp).to.satisfy(Number.isInteger);
    expect(seen).to.have.all.keys('type', 'request_id', 'method', 'uri', 'headers', 'body', 'timestamp');
  });

  it("has its error codes' statuses", async () => {
    answer = () => 'error';
    expect((await visit('/')).status).to.equal(503);
  });

  it('gets no request that does not fit one message: 413 instead', async () => {
    const response = await visit('/', { method: 'POST', body: Buffer.alloc(200_000) });
    expect(response.status).to.equal(413);
    expect(response.headers.get('x-postern-error')).to.equal('request_too_large');
  });

  it('gets one of 90,000 bytes, in frames of at most 32 KB (WS-43)', async () => {
    answer = (request) => ({ status: 200, body: Buffer.from(String(Buffer.from(request.body, 'base64').length)) });
    const response = await visit('/', { method: 'POST', body: Buffer.alloc(90_000) });
    expect(await response.text()).to.equal('90000');
  });

  it('cannot answer for another agent: the answer is dropped', async () => {
    const other = await startV1Agent(cloud.websocket, () => ({ status: 200, body: Buffer.from('other') }));
    answer = (request) => {
      other.send(
        JSON.stringify({
          type: 'http_response',
          request_id: request.request_id,
          status_code: 200,
          headers: {},
          body: '',
        }),
      );
      return 'error';
    };
    expect((await visit('/')).status).to.equal(503);
    await other.stop();
  });

  it('has seen no message of a type it does not know', () => {
    expect(agent.unknown).to.deep.equal([]);
  });
});
