import { expect } from 'chai';
import { broken, cured } from '../../fixtures/stacks/6-route-key-first/stacks.ts';
import { openClient } from '../emulator/gateway/fixture.ts';
import { type Story, startStory, stopStories } from './story.ts';

describe('story bug 6: one function for both APIs that asks for routeKey first', () => {
  afterEach(stopStories);

  it('WS-39, HR-05: takes an HTTP 2.0 request for a WebSocket message and fails with 500', async () => {
    const story = await startStory(broken);

    const response = await fetch(`${story.http}/ibfuaoqmqzdc/`);

    expect(response.status).to.equal(500);
    expect(await response.text()).to.equal('{"message":"Internal Server Error"}');
    expect(typesSeen(story)).to.deep.equal(['WebSocketDefault']);
    expect(story.logOf('route-key-first-dev-unified').join('\n')).to.include('missing field `eventType`');
  });

  it('is cured by asking first for what only one of them has', async () => {
    const story = await startStory(cured);

    const response = await fetch(`${story.http}/ibfuaoqmqzdc/`);

    expect(response.status).to.equal(200);
    expect(await response.json()).to.deep.equal({ message: 'TodoMVC API', docs: '/docs' });
    expect(typesSeen(story)).to.deep.equal(['HttpApi']);
  });

  for (const [name, stack] of Object.entries({ broken, cured })) {
    it(`serves WebSocket messages all along (${name})`, async () => {
      const story = await startStory(stack);
      const client = await openClient(story.websocket);

      client.socket.send('{"type":"ping"}');

      expect(await client.message()).to.equal('{"type":"pong"}');
      expect(typesSeen(story)).to.deep.equal(['WebSocketConnect', 'WebSocketDefault']);
    });
  }
});

function typesSeen(story: Story): (string | undefined)[] {
  return story
    .logOf('route-key-first-dev-unified')
    .filter((line) => line.includes('Processing event type'))
    .map((line) => line.split(' ').at(-1));
}
