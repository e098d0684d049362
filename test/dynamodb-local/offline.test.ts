import { DynamoDBClient, TransactGetItemsCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import { DEVELOPER_CREDENTIALS } from '../../emulator/iam/credentials.ts';
import { ANY_PORTS, endCommands, startCommand } from '../support/command.ts';
import { freePort } from '../support/free-port.ts';
import { echo, startUpstream } from '../support/upstream.ts';

describe('npx sls offline on the real DynamoDB Local', function () {
  this.timeout(60_000);
  afterEach(endCommands);

  it('starts it through serverless-dynamodb, tunnels, and takes it down again', async () => {
    const upstream = await startUpstream(echo);
    const offline = startCommand(['node_modules/serverless/bin/serverless.js', 'offline'], {
      ...ANY_PORTS,
      POSTERN_DYNAMODB: 'local',
      POSTERN_DYNAMODB_PORT: String(await freePort()),
    });
    const line = await offline.line(/DynamoDB +http/);
    const database = /http:\S+/.exec(line)?.[0] ?? '';
    // Only the real one knows transactions.
    const client = new DynamoDBClient({ endpoint: database, region: 'us-east-1', credentials: DEVELOPER_CREDENTIALS });
    const answer = client.send(new TransactGetItemsCommand({ TransactItems: [] }));
    expect(await answer.catch(({ name }: Error) => name)).to.equal('ValidationException');
    client.destroy();
    const endpoint = /ws:\/\/\S+/.exec(offline.output())?.[0] ?? '';
    const agent = startCommand(['agent/bin.mjs', upstream.url, '--json'], { POSTERN_ENDPOINT: endpoint });
    const { publicUrl } = JSON.parse(await agent.line(/"event":"online"/));
    expect((await fetch(publicUrl)).status).to.equal(200);
    agent.signal('SIGTERM');
    expect(await agent.exit, agent.output()).to.equal(0);
    offline.signal('SIGINT');
    expect(await offline.exit, offline.output()).to.equal(0);
    expect(await fetch(database).catch(() => 'nothing listens')).to.equal('nothing listens');
    await upstream.stop();
  });
});
