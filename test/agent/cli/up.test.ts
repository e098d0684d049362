import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { main } from '../../../agent/cli/commands.ts';
import { useCleanup } from '../support/cleanup.ts';
import { createQueue } from '../support/queue.ts';
import { type ScriptedEdge, startScriptedEdge } from '../support/scripted-edge.ts';

describe('postern up', () => {
  const cleanup = useCleanup();

  async function startEdge(): Promise<ScriptedEdge> {
    const edge = await startScriptedEdge();
    cleanup(edge.stop);
    return edge;
  }

  /** Runs the command in this process, each tunnel with an edge of its own. */
  function up(edges: Readonly<Record<string, ScriptedEdge>>, words: string[] = [], keyFolder?: string) {
    const folder = mkdtempSync(join(tmpdir(), 'postern-up-'));
    cleanup(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'postern.yml');
    const tunnels = Object.entries(edges).map(
      ([name, { endpoint }]) => `  ${name}: { upstream: 1, endpoint: "${endpoint}" }\n`,
    );
    writeFileSync(file, `version: 1\ntunnels:\n${tunnels.join('')}`);
    const stop = new AbortController();
    const kill = new AbortController();
    const lines = createQueue<string>('lines');
    const output = { write: (text: string) => text.split('\n').filter(Boolean).forEach(lines.push) };
    const exit = main({
      argv: ['up', ...words, '--config', file],
      env: { POSTERN_KEY_FILE: join(keyFolder ?? folder, 'key') },
      stdout: output,
      stderr: output,
      stop: stop.signal,
      kill: kill.signal,
    });
    cleanup(() => {
      stop.abort();
      kill.abort();
      return exit;
    });
    const line = (pattern: RegExp) => lines.next((text) => pattern.test(text));
    const event = async (tunnel: string, name: string) =>
      JSON.parse(
        await lines.next((text) => text.includes(`"tunnel":"${tunnel}"`) && text.includes(`"event":"${name}"`)),
      );
    return { exit, stop, lines, line, event };
  }

  it('opens all of them with one key, says whose line each is, and closes all when stopped', async () => {
    const [web, longer] = [await startEdge(), await startEdge()];
    const { exit, stop, line } = up({ web, longer });
    const connections = [
      await web.greet({ publicUrl: 'http://localhost:4000/web' }),
      await longer.greet({ publicUrl: 'http://localhost:4000/longer' }),
    ];
    const keys = new Set(connections.map(({ ready }) => ready.hello?.agentKey));
    const sessions = new Set(connections.map(({ ready }) => ready.hello?.sessionId));
    expect([keys.size, sessions.size]).to.deep.equal([1, 2]);
    await line(/^web {5} {2}public URL +http:\/\/localhost:4000\/web\/$/);
    await line(/^longer {4}public URL +http:\/\/localhost:4000\/longer\/$/);
    stop.abort();
    await line(/^web .*stopped$/);
    await line(/^longer .*stopped$/);
    expect(await Promise.all(connections.map(({ closed }) => closed))).to.deep.equal([1000, 1000]);
    expect(await exit).to.equal(0);
  });

  it('opens those that are named', async () => {
    const [one, two, three] = [await startEdge(), await startEdge(), await startEdge()];
    const { exit, stop, event } = up({ one, two, three }, ['three', 'one', 'one', '--json']);
    await one.greet();
    await three.greet();
    await event('one', 'online');
    await event('three', 'online');
    stop.abort();
    expect(await exit).to.equal(0);
    expect([one, two, three].map((edge) => edge.handshakes())).to.deep.equal([1, 0, 1]);
  });

  it('lets the others be when one ends for good, and ends with the first failure’s code', async () => {
    const [web, taken, refused] = [await startEdge(), await startEdge(), await startEdge()];
    const { exit, stop, event, lines } = up({ web, taken, refused }, ['--json']);
    const connection = await taken.accept();
    await connection.next('ready');
    connection.send({ type: 'refused', code: 'tunnel_id_taken', message: 'no' });
    expect(await event('taken', 'error')).to.include({ code: 'tunnel_id_taken' });
    const later = await refused.accept();
    await later.next('ready');
    later.send({ type: 'refused', code: 'tunnel_id_invalid', message: 'no' });
    expect(await event('refused', 'error')).to.include({ code: 'tunnel_id_invalid' });
    // Only now, after both have failed.
    await web.greet();
    await event('web', 'online');
    stop.abort();
    expect(await event('web', 'offline')).to.include({ why: 'stopped' });
    expect(await exit).to.equal(4);
    expect(lines.rest).to.deep.equal([]);
  });

  it('ends by itself when all have failed', async () => {
    const [one, two] = [await startEdge(), await startEdge()];
    for (const edge of [one, two]) edge.answerHandshakesWith(401);
    const { exit, event } = up({ one, two }, ['--json']);
    expect(await event('one', 'error')).to.include({ code: 'credentials_refused' });
    expect(await event('two', 'error')).to.include({ code: 'credentials_refused' });
    expect(await exit).to.equal(3);
  });

  it('opens nothing for a name that there is not, and lists those there are', async () => {
    const [web, api] = [await startEdge(), await startEdge()];
    const { exit, line } = up({ web, api }, ['api', 'wbe']);
    await line(/There is no tunnel wbe in .*postern\.yml\./);
    await line(/^Did you mean web\? Its tunnels are: web, api\.$/);
    expect(await exit).to.equal(2);
    expect(web.handshakes() + api.handshakes()).to.equal(0);
  });

  it('says once that the key is not kept, and uses one all the same', async () => {
    const [one, two] = [await startEdge(), await startEdge()];
    // Below a file there can be no folder.
    const { exit, stop, lines } = up({ one, two }, ['--json'], '/dev/null/nowhere');
    const [first, second] = [await one.greet(), await two.greet()];
    expect(first.ready.hello?.agentKey).to.equal(second.ready.hello?.agentKey);
    stop.abort();
    expect(await exit).to.equal(0);
    expect(lines.rest.filter((text) => text.includes('agent_key_not_kept'))).to.have.length(1);
  });
});
