import { expect } from 'chai';
import { request } from 'undici';
import { broken, cured, prefixKept } from '../../fixtures/stacks/5-subdomain-lookup/stacks.ts';
import { openClient } from '../emulator/gateway/fixture.ts';
import { type Story, startStory, stopStories } from './story.ts';

describe('story bug 5: looking a tunnel up by subdomain when its id is in the path', () => {
  afterEach(stopStories);

  it('does not find the tunnel of https://tunnel.example.com/abc123', async () => {
    const story = await startStory(broken);
    await openAgent(story);

    const answer = await visit(story, 'tunnel.example.com', '/abc123/api/users');

    expect(answer).to.deep.equal({ status: 404, body: 'tunnel tunnel not found' });
  });

  it('was right while the id was in the host name', async () => {
    const story = await startStory(broken);
    const agent = await openAgent(story);

    const answer = await visit(story, 'abc123.tunnel.example.com', '/api/users');

    expect(answer.status).to.equal(202);
    expect(await agent.message()).to.equal('{"type":"http_request","uri":"/api/users"}');
  });

  it('asks the upstream for a path that only the edge has, once the tunnel is found', async () => {
    const story = await startStory(prefixKept);
    const agent = await openAgent(story);

    await visit(story, 'tunnel.example.com', '/abc123/api/users?id=5');

    expect(await agent.message()).to.equal('{"type":"http_request","uri":"/abc123/api/users?id=5"}');
  });

  it('is cured by the first segment of the path, taken off', async () => {
    const story = await startStory(cured);
    const agent = await openAgent(story);

    for (const [path, uri] of [
      ['/abc123/api/users?id=5', '/api/users?id=5'],
      ['/abc123/', '/'],
      ['/abc123', '/'],
    ]) {
      expect((await visit(story, 'tunnel.example.com', path ?? '')).status).to.equal(202);
      expect(await agent.message()).to.equal(JSON.stringify({ type: 'http_request', uri }));
    }
  });
});

function openAgent(story: Story) {
  return openClient(`${story.websocket}?tunnel_id=abc123`);
}

/** As a custom domain would pass it on: `fetch` does not let one choose the host. */
async function visit(story: Story, host: string, path: string): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await request(story.http + path, { headers: { host } });
  return { status: statusCode, body: await body.text() };
}
