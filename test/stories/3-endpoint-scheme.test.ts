import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { cured } from '../../fixtures/stacks/3-endpoint-scheme/stacks.ts';
import { GREETING } from '../../fixtures/stacks/websocket.ts';
import { openClient } from '../emulator/gateway/fixture.ts';
import { startStory, stopStories } from './story.ts';

describe('story bug 3: the WebSocket endpoint handed to the SDK as it is', () => {
  afterEach(stopStories);

  it('MG-14: the SDK takes wss: without a word and sends the signed request in clear', async () => {
    const received: IncomingMessage[] = [];
    const plain = createServer((request, response) => {
      received.push(request);
      response.end();
    });
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const client = new ApiGatewayManagementApiClient({
      endpoint: `wss://127.0.0.1:${(plain.address() as AddressInfo).port}/dev`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });

    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: 'PJqB0fHsqRcCHlw=', Data: 'x' }));

      expect(received.map(({ url }) => url)).to.deep.equal(['/dev/@connections/PJqB0fHsqRcCHlw%3D']);
      expect(received[0]?.headers.authorization).to.match(/^AWS4-HMAC-SHA256 /);
    } finally {
      client.destroy();
      plain.closeAllConnections();
      plain.close();
    }
  });

  it('is cured by turning the endpoint into the one of the Management API', async () => {
    const story = await startStory(cured);
    const client = await openClient(story.websocket);

    client.socket.send('{"type":"ready"}');

    const greeting = { ...GREETING, posted_to: story.management };
    expect(JSON.parse(await client.message())).to.deep.equal(greeting);
    // What the function reads in AWS, where the conversion matters; the emulator's own endpoint is ws:.
    expect(story.stack.functions[0]?.environment.WEBSOCKET_API_ENDPOINT).to.match(/^wss:\/\/[a-z0-9]+\.execute-api\./);
  });
});
