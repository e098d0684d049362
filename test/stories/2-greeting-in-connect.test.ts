import { expect } from 'chai';
import { broken, cured } from '../../fixtures/stacks/2-greeting-in-connect/stacks.ts';
import { GREETING } from '../../fixtures/stacks/websocket.ts';
import { openClient } from '../emulator/gateway/fixture.ts';
import { startStory, stopStories } from './story.ts';

describe("story bug 2: the greeting in $connect's body", () => {
  afterEach(stopStories);

  it('WS-02: lets the client in and delivers nothing: what comes first is the answer to its own message', async () => {
    const story = await startStory(broken);
    const client = await openClient(story.websocket);

    client.socket.send('{"type":"ping"}');

    expect(await client.message()).to.equal('{"type":"pong"}');
    const answer = { statusCode: 200, body: JSON.stringify(GREETING) };
    expect(await story.invoke('greeting-in-connect-dev-connect', {})).to.deep.equal(answer);
  });

  it('is cured by greeting when the agent says that it is ready', async () => {
    const story = await startStory(cured);
    const client = await openClient(story.websocket);

    client.socket.send('{"type":"ready"}');

    expect(JSON.parse(await client.message())).to.deep.equal(GREETING);
  });
});
