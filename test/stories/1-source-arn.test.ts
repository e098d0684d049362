import { expect } from 'chai';
import { broken, cured } from '../../fixtures/stacks/1-source-arn/stacks.ts';
import { openClient, refusalOf } from '../emulator/gateway/fixture.ts';
import { startStory, stopStories } from './story.ts';

const FUNCTION = 'source-arn-dev-connect';

describe('story bug 1: a permission whose SourceArn lacks the stage', () => {
  afterEach(stopStories);

  it('WS-06: refuses the handshake with 500 and never invokes the function', async () => {
    const story = await startStory(broken);

    expect((await refusalOf(story.websocket)).status).to.equal(500);

    expect(story.logOf(FUNCTION)).to.deep.equal([]);
  });

  it('WS-07: names the ARN of the invocation and the pattern that missed it', async () => {
    const story = await startStory(broken);
    const api = `arn:aws:execute-api:us-east-1:123456789012:${story.stack.webSocketApi?.apiId}`;

    await refusalOf(story.websocket);

    expect(story.complaints()).to.have.lengthOf(1);
    expect(story.complaints()[0]?.behaviour).to.equal('WS-06');
    expect(story.complaints()[0]?.message).to.include(`as ${api}/dev/$connect:`);
    expect(story.complaints()[0]?.message).to.include(`ConnectLambdaPermissionWebsockets allows ${api}/$connect.`);
  });

  it('is cured by a wildcard in the place of the stage', async () => {
    const story = await startStory(cured);

    await openClient(story.websocket);

    expect(story.complaints()).to.deep.equal([]);
    expect(story.logOf(FUNCTION).join('\n')).to.include('New WebSocket connection: ');
  });
});
