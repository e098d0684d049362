import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { useCleanup } from '../support/cleanup.ts';
import { startHttpUpstream } from '../support/http-upstream.ts';
import { createQueue } from '../support/queue.ts';
import { ESTABLISHED, type ScriptedEdge, startScriptedEdge } from '../support/scripted-edge.ts';

const BIN = fileURLToPath(new URL('../../../agent/bin.mjs', import.meta.url));

/** The real binary: few tests, since each costs a start. */
describe('postern', () => {
  const cleanup = useCleanup();

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'postern-cli-'));
    cleanup(() => rmSync(folder, { recursive: true }));
    return folder;
  }

  async function startEdge(): Promise<ScriptedEdge> {
    const edge = await startScriptedEdge();
    cleanup(edge.stop);
    return edge;
  }

  function run(args: string[], cwd = newFolder()) {
    const env = { PATH: process.env.PATH, HOME: cwd };
    const child: ChildProcess = spawn(process.execPath, [BIN, ...args], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines = createQueue<Record<string, unknown>>('lines');
    const text = { out: '', err: '' };
    let unfinished = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text.out += part;
      if (!args.includes('--json')) return;
      const parts = (unfinished + part).split('\n');
      unfinished = parts.pop() ?? '';
      for (const line of parts) lines.push(JSON.parse(line));
    });
    child.stderr?.setEncoding('utf8').on('data', (part: string) => {
      text.err += part;
    });
    const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
    cleanup(() => child.kill('SIGKILL'));
    const event = (name: string) => lines.next((line) => line.event === name);
    return { child, text, exit, event };
  }

  it('takes a single word for a command that there is not, and refuses an edge to dev, which has its own', async () => {
    for (const [words, said] of [
      [['tokn'], /There is no command tokn\.\nCommands are dev, up, ids, config, emulator, cost and token/],
      [['dev', '--endpoint', 'ws://127.0.0.1:1'], /--endpoint says nothing to dev/],
    ] as const) {
      const { exit, text } = run([...words]);
      expect(await exit).to.equal(2);
      expect(text.err).to.match(said);
    }
  });

  it('serves a tunnel, reports in JSON, and ends with 0 on SIGTERM', async () => {
    const upstream = await startHttpUpstream((_request, response) => response.end('hello'));
    cleanup(upstream.stop);
    const edge = await startEdge();
    const { child, exit, event } = run([String(upstream.port), '--endpoint', edge.endpoint, '--json']);
    const connection = await edge.greet();
    const online = await event('online');
    expect(online).to.have.keys('event', 'at', 'tunnelId', 'publicUrl', 'subdomainUrl', 'connectionId');
    expect(online.publicUrl).to.equal(ESTABLISHED.publicUrl);
    connection.send({
      type: 'http_request',
      requestId: 'r1',
      method: 'GET',
      uri: '/a?secret',
      headers: [],
      body: new Uint8Array(0),
      timestamp: 1,
      more: false,
    });
    expect(Buffer.from((await connection.next('http_response')).body).toString()).to.equal('hello');
    const request = await event('request');
    expect(request).to.have.keys('event', 'at', 'id', 'method', 'path', 'status', 'ms', 'bytes');
    expect(request).to.deep.include({ id: 'r1', method: 'GET', path: '/a', status: 200, bytes: 5 });
    child.kill('SIGTERM');
    expect(await connection.closed).to.equal(1000);
    expect(await event('offline')).to.have.keys('event', 'at', 'why');
    expect(await exit).to.equal(0);
  });

  it('reads .env, keeps its key between starts, and shows the URLs to a person', async () => {
    const edge = await startEdge();
    const folder = newFolder();
    writeFileSync(join(folder, '.env'), `POSTERN_ENDPOINT=${edge.endpoint}\nPOSTERN_TOKEN=from-the-file\n`);
    const keys = new Set<string | undefined>();
    for (let start = 0; start < 2; start += 1) {
      const { child, exit, text } = run(['1', '--tunnel-id', '012345678901'], folder);
      const connection = await edge.greet({ tunnelId: '012345678901' });
      expect(connection.headers.authorization).to.equal('Bearer from-the-file');
      expect(connection.ready.hello?.tunnelId).to.equal('012345678901');
      keys.add(connection.ready.hello?.agentKey);
      child.kill('SIGINT');
      expect(await exit).to.equal(0);
      expect(text.out).to.contain(ESTABLISHED.publicUrl).and.contain(ESTABLISHED.subdomainUrl);
      expect(text.out + text.err).not.to.contain('from-the-file');
    }
    expect(keys.size).to.equal(1);
  });

  it('ends with 2 on wrong usage', async () => {
    const { exit, text } = run(['3000', '--bogus']);
    expect(await exit).to.equal(2);
    expect(text.err).to.contain('--bogus').and.contain('--help');
  });

  it('ends with 3 on refused credentials', async () => {
    const edge = await startEdge();
    edge.answerHandshakesWith(401);
    const { exit, event } = run(['3000', '--endpoint', edge.endpoint, '--json']);
    expect(await event('error')).to.deep.include({ code: 'credentials_refused' });
    expect(await exit).to.equal(3);
  });

  it('ends with 4 when the tunnel id is taken', async () => {
    const edge = await startEdge();
    const { exit, event } = run(['3000', '--endpoint', edge.endpoint, '--json', '--tunnel-id', 'taken']);
    const connection = await edge.accept();
    await connection.next('ready');
    connection.send({ type: 'refused', code: 'tunnel_id_taken', message: 'no' });
    expect(await event('error')).to.have.keys('event', 'at', 'code', 'message');
    expect(await exit).to.equal(4);
  });

  it('ends with 5 when there is no edge', async () => {
    const { exit, event } = run(['3000', '--endpoint', 'ws://127.0.0.1:1/dev', '--json', '--connect-timeout', '1']);
    expect(await event('error')).to.deep.include({ code: 'edge_unreachable' });
    expect(await exit).to.equal(5);
  });

  it('says its version', async () => {
    const { exit, text } = run(['--version']);
    expect(await exit).to.equal(0);
    expect(text.out).to.match(/^postern \d+\.\d+\.\d+\n$/);
  });
});
