import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { packageService } from '../../emulator/packaging/package-service.ts';
import { openClient, stopAll } from '../emulator/gateway/fixture.ts';
import { endCommands, startCommand } from '../support/command.ts';

const POSTERN = 'agent/bin.mjs';
const ANY = ['http', 'websocket', 'lambda', 'dynamodb', 'functionUrl'].flatMap((name) => ['--set', `ports.${name}=0`]);
const CALCULATOR = fileURLToPath(new URL('../../fixtures/services/calculator', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.postern/services', import.meta.url));

describe('postern emulator', function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    const packaged = await packageService({
      service: CALCULATOR,
      stage: 'dev',
      cache: CACHE,
      environment: process.env,
    });
    if (packaged.kind === 'failed') throw new Error(packaged.output);
    folder = await mkdtemp(join(tmpdir(), 'postern-template-'));
    await cp(packaged.folder, folder, { recursive: true });
  });

  after(() => rm(folder, { recursive: true, force: true }));
  afterEach(async () => {
    await stopAll();
    await endCommands();
  });

  it('runs what `sls package` left, by folder and by file, until Ctrl-C', async () => {
    for (const template of [folder, join(folder, 'cloudformation-template-update-stack.json')]) {
      const command = startCommand([POSTERN, 'emulator', '--template', template, ...ANY]);
      const url = /ws:\S+/.exec(await command.line(/WebSocket API/))?.[0] ?? '';
      const client = await openClient(url);
      client.socket.send('{"operation":"add","operands":[20,22]}');
      expect(await client.message()).to.equal('42');
      command.signal('SIGINT');
      expect(await command.exit, command.output()).to.equal(0);
    }
  });

  it('says with --json where everything is, and by --set how it behaves', async () => {
    const set = ['--set', 'seed=7', '--set', 'messageBytes=100', '--set', 'tls=true'];
    const command = startCommand([POSTERN, 'emulator', '--template', folder, '--json', ...set, ...ANY]);
    const { urls, certificate } = JSON.parse(await command.line(/"event":"ready"/));
    expect(urls.websocket).to.match(/^wss:/);
    expect(await readFile(certificate, 'utf8')).to.match(/^-----BEGIN CERTIFICATE/);
    const socket = new WebSocket(urls.websocket, { ca: await readFile(certificate) });
    await once(socket, 'open');
    socket.send('x'.repeat(101));
    const [code] = await once(socket, 'close');
    expect(code).to.equal(1009);
    command.signal('SIGINT');
    expect(await command.exit).to.equal(0);
  });

  it('refuses with a cause and a cure: no template, a broken one, settings that are none', async () => {
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{"Resources":{"Queue":{"Type":"AWS::MSK::Cluster"}}}');
    const refusals: [string[], number, RegExp][] = [
      [['--template', join(folder, 'nowhere')], 1, /nowhere/],
      [['--template', broken], 1, /Queue: the emulator does not know resource type AWS::MSK::Cluster/],
      [['--template', folder, '--set', 'sead=1'], 1, /sead is no setting/],
      [['--template', folder, '--set', 'dynamodb=local'], 1, /only `npx sls offline` can start/],
      [['--template', folder, '--parameter', 'x'], 2, /--parameter wants name=value/],
    ];
    for (const [words, exit, said] of refusals) {
      const command = startCommand([POSTERN, 'emulator', ...words]);
      expect(await command.exit, command.output()).to.equal(exit);
      expect(command.output()).to.match(said);
      expect(command.output()).to.not.match(/^ +at /m);
    }
  });
});
