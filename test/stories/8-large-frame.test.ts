import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { sendInFrames, sendInOneFrame } from '../../fixtures/stacks/8-large-frame/agents.ts';
import { stack } from '../../fixtures/stacks/8-large-frame/stacks.ts';
import { openClient } from '../emulator/gateway/fixture.ts';
import { startStory, stopStories } from './story.ts';

const FUNCTION = 'large-frame-dev-message';

/** An answer of 64 KB, which base64 makes 87 KB: far under the limit of a message, over that of a frame. */
const ANSWER = JSON.stringify({ type: 'http_response', body: Buffer.alloc(64 * 1024, 'postern').toString('base64') });

describe('bug 8, which the story did not see: a frame of more than 32 KB', () => {
  afterEach(stopStories);

  it('WS-41: closes the connection with 1009 and invokes nothing', async () => {
    const story = await startStory(stack);
    const agent = await openClient(story.websocket);

    sendInOneFrame(agent.socket, ANSWER);

    expect((await agent.closed).code).to.equal(1009);
    expect(story.logOf(FUNCTION)).to.deep.equal([]);
  });

  it('WS-42: is cured by smaller frames, which arrive as one event', async () => {
    const story = await startStory(stack);
    const agent = await openClient(story.websocket);

    sendInFrames(agent.socket, ANSWER);

    const sha256 = createHash('sha256').update(ANSWER).digest('hex');
    expect(JSON.parse(await agent.message())).to.deep.equal({ type: 'received', sha256 });
    expect(story.logOf(FUNCTION).filter((line) => line.includes('Received'))).to.have.lengthOf(1);
  });
});
