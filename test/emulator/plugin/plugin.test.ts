import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { endpointLines } from '../../../emulator/endpoint-lines.ts';
import PosternPlugin from '../../../emulator/plugin/plugin.ts';
import type { Serverless } from '../../../emulator/plugin/serverless.ts';
import { freePort } from '../../support/free-port.ts';
import { FUNCTION, makeFolder, removeFolders } from '../template/fixture.ts';

class ServerlessError extends Error {
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** Stands where serverless-dynamodb would: found by its class's name. */
class ServerlessDynamoDBPlugin {
  config: { start: Record<string, unknown> } = { start: {} };
  async endHandler() {}
}

/** As much of the framework as the plugin touches; packaging leaves a stack of one function. */
interface Given {
  commands?: string[];
  postern?: object;
  plugins?: object[];
  template?: object;
  /** What was typed after `--set`. */
  set?: string | string[];
  /** False: serverless-offline is not among the plugins. */
  offline?: boolean;
}

function fakeServerless(given: Given = {}) {
  const serviceDir = makeFolder();
  const spawned: string[] = [];
  const inline = {
    ...FUNCTION.Properties,
    Handler: 'index.handler',
    Code: { ZipFile: 'exports.handler = async () => 1' },
  };
  const template = given.template ?? { Resources: { App: { ...FUNCTION, Properties: inline } } };
  const hook = (pluginName: string) => ({ pluginName, hook: async () => {} });
  const serverless: Serverless = {
    service: { custom: { postern: { ports: { lambda: 0 }, ...given.postern } }, functions: { app: {} } },
    serviceDir,
    processedInput: { commands: given.commands ?? ['offline'] },
    classes: { Error: ServerlessError },
    configSchemaHandler: { defineCustomProperties() {} },
    pluginManager: {
      hooks: {
        'before:offline:start': [hook('EsbuildServerlessPlugin'), hook('PosternPlugin')],
        'before:offline:start:init': [hook('EsbuildServerlessPlugin'), hook('ServerlessDynamoDBPlugin'), hook('Other')],
        'before:offline:start:end': [hook('ServerlessDynamoDBPlugin')],
        ...(given.offline !== false && { 'offline:start:init': [hook('ServerlessOffline')] }),
      },
      plugins: given.plugins ?? [],
      async spawn(command) {
        spawned.push(command);
        if (command !== 'package') return;
        mkdirSync(join(serviceDir, '.serverless'));
        writeFileSync(
          join(serviceDir, '.serverless/cloudformation-template-update-stack.json'),
          JSON.stringify(template),
        );
      },
    },
    getProvider: () => ({
      getRegion: () => 'eu-central-1',
      getStage: () => 'dev',
      naming: { getStackName: () => 'shop-dev' },
    }),
  };
  const printed: string[] = [];
  const log = {
    error: (text: string) => printed.push(text),
    warning: (text: string) => printed.push(text),
    notice: (text: string) => printed.push(text),
    info() {},
  };
  const plugin = new PosternPlugin(serverless, { set: given.set ?? [] }, { log });
  const hookNames = () =>
    Object.values(serverless.pluginManager.hooks).map((hooks) => hooks?.map(({ pluginName }) => pluginName));
  return { serverless, spawned, printed, hookNames, run: async (event: string) => plugin.hooks[event]?.() };
}

describe('the plugin', () => {
  afterEach(removeFolders);

  it('runs `sls offline` as `sls offline start`, so that both begin and end alike', async () => {
    const { run, spawned } = fakeServerless();
    await run('before:offline:start');
    expect(spawned).to.deep.equal(['offline:start']);
  });

  it('packages, runs what was packaged, names the endpoints, and stops', async () => {
    const { run, spawned, printed, serverless } = fakeServerless();
    await run('initialize');
    await run('before:offline:start:init');
    expect(spawned).to.deep.equal(['package']);
    expect(serverless.service.functions, 'nothing left for serverless-offline to run').to.deep.equal({});

    await run('before:offline:start:ready');
    const url = /Lambda +(http:\S+)/.exec(printed.join('\n'))?.[1];
    const invoke = `${url}/2015-03-31/functions/shop-dev-app/invocations`;
    const answered = await fetch(invoke, { method: 'POST' });
    await run('before:offline:start:end');
    expect(await answered.text()).to.equal('1');
    expect(await fetch(invoke, { method: 'POST' }).catch(({ cause }) => cause.code)).to.equal('ECONNREFUSED');
  });

  it("takes out the other plugins' hooks for serverless-offline's own runner, and no others", async () => {
    const { run, hookNames } = fakeServerless();
    await run('initialize');
    expect(hookNames()).to.deep.equal([['PosternPlugin'], ['Other'], [], ['ServerlessOffline']]);
  });

  it('touches nothing when another command runs', async () => {
    const { run, hookNames } = fakeServerless({ commands: ['package'], postern: { dynamodb: 'local' } });
    const before = hookNames();
    await run('initialize');
    expect(hookNames()).to.deep.equal(before);
  });

  it('has one clear message for `dynamodb: local` without serverless-dynamodb', async () => {
    const { run } = fakeServerless({ postern: { dynamodb: 'local' } });
    const error = await run('initialize').catch((reason) => reason);
    expect(error).to.be.instanceOf(ServerlessError).with.property('code', 'PLUGIN_MISSING');
  });

  it('has one clear message for `dynamodb: local` without Java', async () => {
    const path = process.env.PATH;
    process.env.PATH = makeFolder();
    try {
      const { run } = fakeServerless({ postern: { dynamodb: 'local' }, plugins: [new ServerlessDynamoDBPlugin()] });
      const error = await run('initialize').catch((reason) => reason);
      expect(error).to.be.instanceOf(ServerlessError).with.property('code', 'JAVA_MISSING');
      expect(error.message).to.contain('there is no `java` in the PATH');
    } finally {
      process.env.PATH = path;
    }
  });

  it('lays the command line over serverless.yml, and refuses what is no setting', async () => {
    const port = await freePort();
    const { run, printed } = fakeServerless({ set: [`ports.lambda=${port}`, 'seed=3'] });
    await run('before:offline:start:init');
    await run('before:offline:start:ready');
    await run('before:offline:start:end');
    expect(printed.join('\n')).to.match(new RegExp(`Lambda +http://127.0.0.1:${port}`));

    for (const given of [{ set: ['sead=3'] }, { postern: { switches: { sead: 3 } } }]) {
      const error = await fakeServerless(given)
        .run('initialize')
        .catch((reason) => reason);
      expect(error).to.be.instanceOf(ServerlessError).with.property('code', 'SETTINGS_INVALID');
    }
  });

  it('takes a single `--set`, which the framework hands over as text', async () => {
    const { run, printed } = fakeServerless({ set: 'seed=3' });
    await run('before:offline:start:init');
    await run('before:offline:start:end');
    expect(printed.join('\n')).to.include('seed 3');
  });

  it('says what is missing without serverless-offline, whose command it is', async () => {
    const error = await fakeServerless({ offline: false })
      .run('initialize')
      .catch((reason) => reason);
    expect(error).to.be.instanceOf(ServerlessError).with.property('code', 'PLUGIN_MISSING');
  });

  it('writes the certificate of TLS mode where clients can be told of it', async () => {
    const { run, printed, serverless } = fakeServerless({ postern: { tls: true, reload: false } });
    await run('before:offline:start:init');
    await run('before:offline:start:ready');
    await run('before:offline:start:end');
    const file = join(serverless.serviceDir, '.serverless', 'certificate.pem');
    expect(printed.join('\n')).to.include(`${file} (clients in Node: NODE_EXTRA_CA_CERTS)`);
    expect(readFileSync(file, 'utf8')).to.match(/^-----BEGIN CERTIFICATE-----/);
  });

  it("shows the emulator's own errors as the framework's, without a stack trace", async () => {
    const { run } = fakeServerless({ template: { Resources: { Queue: { Type: 'AWS::MSK::Cluster' } } } });
    const error = await run('before:offline:start:init').catch((reason) => reason);
    expect(error).to.be.instanceOf(ServerlessError).with.property('code', 'TEMPLATE_INVALID');
    expect(error.message).to.contain('Queue: the emulator does not know resource type AWS::MSK::Cluster');
  });
});

describe('endpointLines', () => {
  it('names what there is', () => {
    const urls = { http: 'http://localhost:4000', lambda: 'http://127.0.0.1:3002' };
    expect(endpointLines(urls).filter((line) => line.includes('://'))).to.deep.equal([
      '  HTTP API        http://localhost:4000',
      '  Lambda          http://127.0.0.1:3002',
    ]);
  });
});
