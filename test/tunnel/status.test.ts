import { expect } from 'chai';
import { createTestEdge, hello, visit } from '../support/test-edge.ts';

function jsonOf({ body }: { readonly body: Uint8Array }) {
  return JSON.parse(Buffer.from(body).toString());
}

describe('GET /_status/<connection id>', () => {
  it('tells of a connection and its tunnel', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('PJqB0fHsqRcCHlw=');
    const before = await edge.forward(visit('/_status/PJqB0fHsqRcCHlw%3D'));
    expect(jsonOf(before)).to.deep.equal({ status: 'connecting', connectedAt: '2025-10-25T13:46:40.000Z' });
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    const after = await edge.forward(visit('/_status/PJqB0fHsqRcCHlw='));
    expect(after.status).to.equal(200);
    expect(jsonOf(after)).to.deep.equal({
      status: 'online',
      connectedAt: '2025-10-25T13:46:40.000Z',
      tunnelId: 'blue-harbour',
      publicUrl: 'https://t.example.com/blue-harbour',
      subdomainUrl: 'https://blue-harbour.t.example.com',
    });
  });

  it('knows nothing of others, nor of one whose two hours are over (DD-03)', async () => {
    const edge = createTestEdge();
    await edge.connect('A=');
    expect((await edge.forward(visit('/_status/B='))).status).to.equal(404);
    expect((await edge.forward(visit(`/_status/${'a'.repeat(3_000)}`))).status).to.equal(404);
    await edge.clock.sleep(7_200_000);
    const over = await edge.forward(visit('/_status/A='));
    expect(over.status).to.equal(404);
    expect(jsonOf(over)).to.deep.equal({ error: { code: 'connection_not_found', title: 'No such connection' } });
  });
});

describe('GET /_status/tunnel/<tunnel id>', () => {
  async function statusOf(edge: ReturnType<typeof createTestEdge>) {
    return jsonOf(await edge.forward(visit('/_status/tunnel/blue-harbour')));
  }

  it('counts the agents, and tells since when', async () => {
    const edge = createTestEdge();
    const key = hello('a').agentKey;
    for (const [connectionId, letter] of [
      ['A=', 'a'],
      ['B=', 'b'],
    ] as const) {
      const agent = await edge.connect(connectionId);
      await agent.say({ type: 'ready', hello: hello(letter, { tunnelId: 'blue-harbour', agentKey: key }) });
      await edge.clock.sleep(1_000);
    }
    expect(await statusOf(edge)).to.deep.equal({
      status: 'online',
      agents: 2,
      connectedSince: ['2025-10-25T13:46:40.000Z', '2025-10-25T13:46:41.000Z'],
      tunnelId: 'blue-harbour',
      publicUrl: 'https://t.example.com/blue-harbour',
      subdomainUrl: 'https://blue-harbour.t.example.com',
    });
  });

  it('says offline once the last agent has left, and nothing once the id is anybody’s', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await edge.disconnect('A=');
    expect(await statusOf(edge)).to.include({ status: 'offline', agents: 0 });
    await edge.clock.sleep(86_400_000);
    expect((await statusOf(edge)).error.code).to.equal('tunnel_not_found');
  });

  it('says offline once the connections cannot live any more, whatever the tables still hold (DD-03)', async () => {
    const edge = createTestEdge();
    const agent = await edge.connect('A=');
    await agent.say({ type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) });
    await edge.clock.sleep(7_200_000);
    expect(await statusOf(edge)).to.deep.include({ status: 'offline', agents: 0, connectedSince: [] });
  });
});
