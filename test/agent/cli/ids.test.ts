import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { main } from '../../../agent/cli/commands.ts';
import type { EdgeMessage, Ids } from '../../../src/protocol/messages.ts';
import { useCleanup } from '../support/cleanup.ts';
import { type ScriptedEdge, startScriptedEdge } from '../support/scripted-edge.ts';

describe('postern ids', () => {
  const cleanup = useCleanup();

  async function startEdge(): Promise<ScriptedEdge> {
    const edge = await startScriptedEdge();
    cleanup(edge.stop);
    return edge;
  }

  /** Runs the command in this process; `output` is what it wrote, errors too. */
  function ids(words: readonly string[], edge?: ScriptedEdge, keyFile?: string) {
    const folder = mkdtempSync(join(tmpdir(), 'postern-ids-'));
    cleanup(() => rmSync(folder, { recursive: true }));
    const stop = new AbortController();
    let output = '';
    const stream = { write: (text: string) => (output += text) };
    const exit = main({
      argv: ['ids', ...words, ...(edge ? ['--endpoint', edge.endpoint] : [])],
      env: { POSTERN_KEY_FILE: keyFile ?? join(folder, 'key') },
      stdout: stream,
      stderr: stream,
      stop: stop.signal,
      kill: new AbortController().signal,
    });
    cleanup(() => {
      stop.abort();
      return exit;
    });
    return { exit, stop, output: () => output };
  }

  /** Takes the question and answers it. */
  async function answer(edge: ScriptedEdge, ...messages: readonly (EdgeMessage | string)[]) {
    const connection = await edge.accept();
    const question: Ids = await connection.next('ids');
    for (const message of messages) {
      if (typeof message === 'string') connection.sendText(message);
      else connection.send(message);
    }
    return { ...connection, question };
  }

  const RESERVED = { tunnelId: 'blue-harbour', reserved: true, agents: 0 };
  const HELD = { tunnelId: 'abc123def456', reserved: false, agents: 0, expiresAt: 1_761_486_400 };
  const SERVED = { tunnelId: 'my-app', reserved: false, agents: 12, expiresAt: 1_761_486_400 };

  function result(ids: readonly (typeof RESERVED)[], more = false): EdgeMessage {
    return { type: 'ids_result', ask: '1', ids, more };
  }

  it('list shows a table, and says goodbye', async () => {
    const edge = await startEdge();
    const { exit, output } = ids(['list'], edge);
    const { question, closed, headers } = await answer(edge, result([RESERVED, HELD, SERVED]));
    expect(question).to.include({ operation: 'list' }).and.not.have.property('tunnelId');
    expect(headers).to.not.have.property('authorization');
    expect(await closed).to.equal(1000);
    expect(await exit).to.equal(0);
    const [heading, ...rows] = output().trimEnd().split('\n');
    expect(heading).to.equal('tunnel id     agents  yours');
    expect(rows[0]).to.equal('blue-harbour  0       until released');
    expect(rows[1]).to.match(/^abc123def456 {2}0 {7}until 2025-10-2[567] \d\d:\d\d$/);
    expect(rows[2]).to.equal('my-app        12      while it is served, and a day longer');
    expect(rows).to.have.lengthOf(3);
  });

  it('list says when there are none, and when there are more', async () => {
    const edge = await startEdge();
    for (const [said, shown] of [
      [result([]), /^No tunnel ids are yours\.\n$/],
      [result([RESERVED], true), /until released\nThere are more, held and not reserved, than fit here\.\n$/],
    ] as const) {
      const { exit, output } = ids(['list'], edge);
      await answer(edge, said);
      expect(await exit).to.equal(0);
      expect(output()).to.match(shown);
    }
  });

  it('reserve and release say what was done', async () => {
    const edge = await startEdge();
    for (const [words, said, shown] of [
      [['reserve', '012345678901'], result([RESERVED]), '012345678901 is reserved: yours until you release it.\n'],
      [['release', 'blue-harbour'], result([]), "blue-harbour is released: it is anybody's now.\n"],
    ] as const) {
      const { exit, output } = ids(words, edge);
      const { question } = await answer(edge, said);
      expect(question).to.include({ operation: words[0], tunnelId: words[1] });
      expect(await exit).to.equal(0);
      expect(output()).to.equal(shown);
    }
  });

  it('is one object with --json', async () => {
    const edge = await startEdge();
    const { exit, output } = ids(['list', '--json'], edge);
    await answer(edge, result([RESERVED, HELD]));
    expect(await exit).to.equal(0);
    const { at, ...event } = JSON.parse(output());
    expect(at).to.be.a('number');
    expect(event).to.deep.equal({ event: 'ids', ids: [RESERVED, HELD] });
  });

  it('has one key for all its runs, and gives the token where there is one', async () => {
    const edge = await startEdge();
    const folder = mkdtempSync(join(tmpdir(), 'postern-ids-'));
    cleanup(() => rmSync(folder, { recursive: true }));
    const keys = new Set<string>();
    for (let run = 0; run < 2; run += 1) {
      const { exit } = ids(['list', '--token', 'secret'], edge, join(folder, 'key'));
      const { question, headers } = await answer(edge, result([]));
      expect(headers.authorization).to.equal('Bearer secret');
      keys.add(question.agentKey);
      await exit;
    }
    expect(keys.size).to.equal(1);
  });

  for (const [code, status] of [
    ['tunnel_id_taken', 4],
    ['tunnel_id_not_yours', 4],
    ['tunnel_id_in_use', 4],
    ['too_many_ids', 4],
    ['tunnel_id_invalid', 2],
  ] as const) {
    it(`ends with ${status} for ${code}, and says so`, async () => {
      const edge = await startEdge();
      const { exit, output } = ids(['reserve', 'blue-harbour', '--json'], edge);
      await answer(edge, { type: 'ids_refused', ask: '1', code, message: 'because' });
      expect(await exit).to.equal(status);
      const event = JSON.parse(output());
      expect(event).to.include({ event: 'error', code });
      expect(event.message).to.match(/^The edge does not reserve blue-harbour: because\. \S/);
    });
  }

  it('passes over what is no answer to its question', async () => {
    const edge = await startEdge();
    const { exit, output } = ids(['list', '--json'], edge);
    const other = { type: 'ids_result' as const, ask: 'another', ids: [], more: false };
    await answer(edge, '{"type":"invented_later"}', 'no JSON', { type: 'ping' }, other, result([RESERVED]));
    expect(await exit).to.equal(0);
    expect(JSON.parse(output()).ids).to.deep.equal([RESERVED]);
  });

  it('ends with 3 where the edge lets nobody in', async () => {
    const edge = await startEdge();
    edge.answerHandshakesWith(401);
    const { exit, output } = ids(['list'], edge);
    expect(await exit).to.equal(3);
    expect(output()).to.match(/does not let this agent in.*\n.*--token/);
  });

  it('ends with 5 where the edge is not reached, fails, hangs up or says nothing', async () => {
    const edge = await startEdge();
    const silent = ids(['list', '--connect-timeout', '200ms'], edge);
    await (await edge.accept()).next('ids');
    expect(await silent.exit).to.equal(5);
    expect(silent.output()).to.match(/did not answer in time; an edge of an older version knows nothing of this/);

    const failing = ids(['list'], edge);
    await answer(edge, '{"message":"Internal server error","connectionId":"c","requestId":"r"}');
    expect(await failing.exit).to.equal(5);
    expect(failing.output()).to.match(/the gateway says "Internal server error" \(its request id is r\)/);

    const cut = ids(['list'], edge);
    (await answer(edge)).close(1001, 'Going away');
    expect(await cut.exit).to.equal(5);
    expect(cut.output()).to.match(/closed \(1001 Going away\)/);

    expect(await ids(['list', '--endpoint', 'ws://127.0.0.1:1/dev']).exit).to.equal(5);
  });

  it('ends when it is stopped', async () => {
    const edge = await startEdge();
    const { exit, stop, output } = ids(['list'], edge);
    await (await edge.accept()).next('ids');
    stop.abort();
    expect(await exit).to.equal(5);
    expect(output()).to.match(/stopped before it answered/);
  });

  for (const [words, said] of [
    [[], /wants to know what to do\.\nThere are: postern ids list, /],
    [['steal', 'my-app'], /wants to know what to do/],
    [['list', 'my-app'], /ids list takes no tunnel id/],
    [['reserve'], /The tunnel id is missing\.\nSay which, like: postern ids reserve my-app/],
    [['release', 'My_App'], /"My_App" cannot be a label of a host name/],
    [['list', '--quiet'], /quiet/],
    [['reserve', 'my-app', 'another'], /another/],
  ] as const) {
    it(`refuses "${['ids', ...words].join(' ')}" before it asks anybody`, async () => {
      const edge = await startEdge();
      const { exit, output } = ids(words, edge);
      expect(await exit).to.equal(2);
      expect(output()).to.match(said);
      expect(edge.handshakes()).to.equal(0);
    });
  }

  it('asks nothing with a key that cannot be kept, unless a token says who it is', async () => {
    const edge = await startEdge();
    // Below a file there can be no folder.
    const without = ids(['reserve', 'my-app'], edge, '/dev/null/nowhere/key');
    expect(await without.exit).to.equal(2);
    expect(without.output()).to.match(/cannot be kept: \/dev\/null\/nowhere\/key: .*\n.*POSTERN_KEY_FILE/);
    const having = ids(['reserve', 'my-app', '--token', 'secret'], edge, '/dev/null/nowhere/key');
    await answer(edge, result([RESERVED]));
    expect(await having.exit).to.equal(0);
    expect(edge.handshakes()).to.equal(1);
  });
});
