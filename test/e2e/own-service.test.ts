import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openClient, stopAll } from '../emulator/gateway/fixture.ts';
import { ROOT } from '../support/cloud.ts';
import { endCommands, startCommand } from '../support/command.ts';

const SLS = join(ROOT, 'node_modules/serverless/bin/serverless.js');
const PORTS = ['websocket', 'lambda'].flatMap((name) => ['--set', `ports.${name}=0`]);

describe('a service of somebody else, by `plugins: [postern, serverless-offline]`', function () {
  this.timeout(60_000);
  let service: string;

  /** As `npm install -D ../postern serverless-offline` would leave it. */
  before(() => {
    service = mkdtempSync(join(tmpdir(), 'postern-own-'));
    mkdirSync(join(service, 'node_modules'));
    symlinkSync(ROOT, join(service, 'node_modules/postern'));
    for (const name of ['serverless', 'serverless-offline', 'serverless-esbuild', 'esbuild']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(service, 'node_modules', name));
    }
    cpSync(join(ROOT, 'fixtures/services/calculator'), service, { recursive: true });
    change(
      'serverless.yml',
      'plugins: [serverless-esbuild]',
      'plugins: [serverless-esbuild, postern, serverless-offline]',
    );
  });

  after(() => rmSync(service, { recursive: true, force: true }));
  afterEach(async () => {
    await stopAll();
    await endCommands();
  });

  function change(file: string, from: string, to: string): void {
    const text = readFileSync(join(service, file), 'utf8');
    expect(text).to.include(from);
    writeFileSync(join(service, file), text.replace(from, to));
  }

  it('runs by `sls offline`, and takes new code while connections stay open', async () => {
    const offline = startCommand([SLS, 'offline', ...PORTS], {}, service);
    const url = /ws:\S+/.exec(await offline.line(/WebSocket API/))?.[0] ?? '';
    const client = await openClient(url);
    const add = async () => {
      client.socket.send('{"operation":"add","operands":[2,3]}');
      return client.message();
    };
    expect(await add()).to.equal('5');

    change('src/calculator.ts', 'left + right', 'left + right + 1000');
    await offline.line(/reloaded calculator-dev-add/);
    expect(await add()).to.equal('1005');

    change('src/calculator.ts', 'left + right + 1000', 'left + right + ;');
    await offline.line(/src\/calculator\.ts:/);
    expect(await add(), 'what was loaded before runs on').to.equal('1005');
    offline.signal('SIGINT');
    expect(await offline.exit).to.equal(0);
  });
});
