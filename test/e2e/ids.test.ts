import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { expect } from 'chai';
import type { OwnedId } from '../../src/protocol/messages.ts';
import { newKeyFile } from '../support/agent.ts';
import { type Cloud, ROOT, startCloud } from '../support/cloud.ts';
import { endCommands, startCommand } from '../support/command.ts';
import { echo, startUpstream, type Upstream } from '../support/upstream.ts';

const POSTERN = join(ROOT, 'agent/bin.mjs');

describe('postern ids, as people run it', function () {
  this.timeout(60_000);
  let cloud: Cloud;
  let upstream: Upstream;
  let table: DynamoDBClient;

  before(async () => {
    [cloud, upstream] = await Promise.all([startCloud(), startUpstream(echo)]);
    table = new DynamoDBClient({
      endpoint: cloud.emulator.urls.dynamodb ?? '',
      region: 'us-east-1',
      credentials: {
        accessKeyId: 'AKIAPOSTERNDEVELOPER',
        secretAccessKey: 'postern-developer-key-of-this-machine-only',
      },
    });
  });

  after(async () => {
    table?.destroy();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  afterEach(endCommands);

  function postern(keyFile: string, ...words: string[]) {
    return startCommand([POSTERN, ...words, '--json'], {
      POSTERN_KEY_FILE: keyFile,
      POSTERN_ENDPOINT: cloud.websocket,
    });
  }

  /** The exit code, and the ids or the code of the failure. */
  async function ids(
    keyFile: string,
    ...words: string[]
  ): Promise<readonly [number | null, readonly OwnedId[] | string]> {
    const command = postern(keyFile, 'ids', ...words);
    const exit = await command.exit;
    const event = JSON.parse(command.output());
    return [exit, event.ids ?? event.code];
  }

  async function serve(keyFile: string, tunnelId: string) {
    const agent = postern(keyFile, upstream.url, '--tunnel-id', tunnelId);
    const { publicUrl } = JSON.parse(await agent.line(/"event":"online"/));
    expect(publicUrl).to.match(new RegExp(`/${tunnelId}$`));
    return {
      publicUrl,
      async stop() {
        agent.signal('SIGINT');
        expect(await agent.exit, agent.output()).to.equal(0);
      },
    };
  }

  it('reserves an id that nobody serves, for one key and against all others, until it is released', async () => {
    const [mine, theirs] = [newKeyFile(), newKeyFile()];
    const reserved = { tunnelId: 'ids-reserved', reserved: true, agents: 0 };
    expect(await ids(mine, 'list')).to.deep.equal([0, []]);
    expect(await ids(mine, 'reserve', 'ids-reserved')).to.deep.equal([0, [reserved]]);
    expect(await ids(mine, 'list')).to.deep.equal([0, [reserved]]);
    expect(await ids(theirs, 'reserve', 'ids-reserved')).to.deep.equal([4, 'tunnel_id_taken']);
    expect(await ids(theirs, 'release', 'ids-reserved')).to.deep.equal([4, 'tunnel_id_not_yours']);
    expect(await postern(theirs, upstream.url, '--tunnel-id', 'ids-reserved').exit).to.equal(4);
    expect(await ids(theirs, 'list')).to.deep.equal([0, []]);
    expect(await ids(mine, 'release', 'ids-reserved')).to.deep.equal([0, []]);
    expect(await ids(mine, 'list')).to.deep.equal([0, []]);
    expect(await ids(theirs, 'reserve', 'ids-reserved')).to.deep.equal([0, [reserved]]);
  });

  it('keeps a reserved id across restarts of its agent, and gives it up only when none serves it', async () => {
    const key = newKeyFile();
    expect((await ids(key, 'reserve', 'ids-served'))[0]).to.equal(0);
    const first = await serve(key, 'ids-served');
    expect((await fetch(`${first.publicUrl}/hello`)).status).to.equal(200);
    expect(await ids(key, 'release', 'ids-served')).to.deep.equal([4, 'tunnel_id_in_use']);
    await first.stop();
    expect(await ids(key, 'list')).to.deep.equal([0, [{ tunnelId: 'ids-served', reserved: true, agents: 0 }]]);
    const second = await serve(key, 'ids-served');
    expect(await ids(key, 'list')).to.deep.equal([0, [{ tunnelId: 'ids-served', reserved: true, agents: 1 }]]);
    expect((await fetch(`${second.publicUrl}/again`)).status).to.equal(200);
    await second.stop();
    expect(await ids(key, 'release', 'ids-served')).to.deep.equal([0, []]);
    expect((await fetch(second.publicUrl)).status).to.equal(404);
  });

  it('lists a held id until it has expired, also where its item lingers; a reserved one has no time to live', async () => {
    const [mine, theirs] = [newKeyFile(), newKeyFile()];
    await (await serve(mine, 'ids-held')).stop();
    await ids(mine, 'reserve', 'ids-kept');
    const [, listed] = await ids(mine, 'list');
    expect(listed).to.have.lengthOf(2);
    expect(listed[0]).to.deep.equal({ tunnelId: 'ids-kept', reserved: true, agents: 0 });
    expect(listed[1]).to.include({ tunnelId: 'ids-held', reserved: false, agents: 0 });
    expect(await ids(theirs, 'reserve', 'ids-held')).to.deep.equal([4, 'tunnel_id_taken']);

    const TableName = 'postern-dev-tunnels';
    await table.send(
      new UpdateItemCommand({
        TableName,
        Key: { tunnelId: { S: 'ids-held' } },
        UpdateExpression: 'SET expiresAt = :now',
        ExpressionAttributeValues: { ':now': { N: String(Math.floor(Date.now() / 1_000)) } },
      }),
    );
    const kept = await table.send(new GetItemCommand({ TableName, Key: { tunnelId: { S: 'ids-kept' } } }));
    expect(kept.Item).to.include.keys('tunnelId', 'owner').and.not.have.property('expiresAt');
    expect(await ids(mine, 'list')).to.deep.equal([0, [{ tunnelId: 'ids-kept', reserved: true, agents: 0 }]]);
    expect((await ids(theirs, 'reserve', 'ids-held'))[0]).to.equal(0);
    expect(await ids(mine, 'release', 'ids-held')).to.deep.equal([4, 'tunnel_id_not_yours']);
  });
});
