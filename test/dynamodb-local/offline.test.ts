import { expect } from 'chai';
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
    const answer = await fetch(database, {
      method: 'POST',
      body: '{"TransactItems":[]}',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.TransactGetItems',
        authorization:
          'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=a',
      },
    });
    expect(await answer.text()).to.include('ValidationException');
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
