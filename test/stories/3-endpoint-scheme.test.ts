import { expect } from 'chai';
import { broken, cured } from '../../fixtures/stacks/3-endpoint-scheme/stacks.ts';
import { GREETING } from '../../fixtures/stacks/websocket.ts';
import { openClient } from '../emulator/gateway/fixture.ts';
import { startStory, stopStories } from './story.ts';

const FUNCTION = 'endpoint-scheme-dev-message';

describe('story bug 3: the WebSocket endpoint handed to the SDK as it is', () => {
  afterEach(stopStories);

  it('MG-14: the SDK waits at port 80 for ever; the function times out and the client reads an error frame', async () => {
    const story = await startStory(broken);
    const client = await openClient(story.websocket);

    client.socket.send('{"type":"ready"}');

    expect(JSON.parse(await client.message())).to.include({ message: 'Internal server error' });
    // The log group holds no word of what is wrong; only the emulator tells.
    const printed = story.logOf(FUNCTION).join('\n');
    expect(printed).to.match(/Task timed out after 1\.00 seconds/);
    expect(printed).not.to.match(/wss|scheme|port 80/);
  });

  it('is cured by turning the endpoint into the one of the Management API', async () => {
    const story = await startStory(cured);
    const client = await openClient(story.websocket);

    client.socket.send('{"type":"ready"}');

    const endpoint = story.stack.functions[0]?.environment.WEBSOCKET_API_ENDPOINT ?? '';
    expect(endpoint).to.match(/^wss:\/\/[a-z0-9]+\.execute-api\./);
    const greeting = { ...GREETING, posted_to: endpoint.replace('wss:', 'https:') };
    expect(JSON.parse(await client.message())).to.deep.equal(greeting);
  });
});
