import { expect } from 'chai';
import { broken, cured } from '../../fixtures/stacks/4-post-in-connect/stacks.ts';
import { GREETING } from '../../fixtures/stacks/websocket.ts';
import { openClient, refusalOf } from '../emulator/gateway/fixture.ts';
import { startStory, stopStories } from './story.ts';

describe('story bug 4: PostToConnection inside $connect', () => {
  afterEach(stopStories);

  it('MG-05, MG-06: the SDK throws GoneException, named by the header of an empty 410, at the first attempt', async () => {
    const story = await startStory(broken);

    await refusalOf(story.websocket);

    const line = story.logOf('post-in-connect-dev-connect').find((text) => text.startsWith('{')) ?? '{}';
    expect(JSON.parse(line)).to.deep.equal({
      level: 'error',
      message: 'the greeting could not be sent',
      error: 'GoneException',
      status: 410,
      attempts: 1,
      errorTypeHeader: 'GoneException',
      contentLength: '0',
    });
  });

  it('WS-05: the function that does not catch it fails, and so does the handshake', async () => {
    const story = await startStory(broken);

    expect((await refusalOf(story.websocket)).status).to.equal(502);

    expect(story.complaints().map(({ behaviour }) => behaviour)).to.deep.equal(['MG-05', 'WS-05']);
  });

  it("is cured by posting when the agent's first message has come", async () => {
    const story = await startStory(cured);
    const client = await openClient(story.websocket);

    client.socket.send('{"type":"ready"}');

    expect(JSON.parse(await client.message())).to.deep.equal(GREETING);
  });
});
