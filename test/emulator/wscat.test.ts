import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { createStack, startTestGateway, stopAll, webSocketApi } from './gateway/fixture.ts';

const WSCAT = join(dirname(createRequire(import.meta.url).resolve('wscat/package.json')), 'bin/wscat');

/** The tool that AWS's own pages tell people to use. */
describe('wscat', () => {
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
    await stopAll();
  });

  /** Sends each of `says` once connected, and stays; without a terminal it prints only what comes in, and errors. */
  function wscat(url: string, ...says: string[]) {
    const words = [...says.flatMap((text) => ['-x', text]), '-w', '-1'];
    const child = spawn(process.execPath, [WSCAT, '-c', url, ...(says.length > 0 ? words : [])]);
    children.push(child);
    const lines: string[] = [];
    const waiting: (() => void)[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        for (const wake of waiting.splice(0)) wake();
      });
    }
    return {
      ended: once(child, 'exit'),
      async line(wanted: RegExp): Promise<string> {
        for (;;) {
          const found = lines.find((line) => wanted.test(line));
          if (found !== undefined) return found;
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
      },
    };
  }

  it('reads what a route response sends, and the gateway’s own frame', async () => {
    const api = webSocketApi({ $connect: 'connect', 'echo!': 'echo' });
    const { websocket } = await startTestGateway(createStack({ webSocketApi: api }), {
      connect: () => ({ statusCode: 200 }),
      echo: ({ body }) => ({ statusCode: 200, body }),
    });
    const client = wscat(websocket, '{"action":"echo"}', '{"action":"sing"}');
    expect(await client.line(/echo/)).to.equal('{"action":"echo"}');
    expect(await client.line(/message/)).to.match(/^\{"message": "Forbidden", "connectionId":"[^"]+", "requestId":"/);
  });

  it('prints the status of a refused handshake, as people quote it (WS-04)', async () => {
    const api = webSocketApi({ $connect: 'connect' });
    const { websocket } = await startTestGateway(createStack({ webSocketApi: api }), {
      connect: () => ({ statusCode: 400 }),
    });
    expect(await wscat(websocket).line(/error/)).to.equal('error: Unexpected server response: 400');
  });

  it('ends when the gateway closes (WS-41)', async () => {
    const api = webSocketApi({ $disconnect: 'disconnect', $default: 'echo' });
    const { websocket, invoker } = await startTestGateway(createStack({ webSocketApi: api }), { echo: () => ({}) });
    expect((await wscat(websocket, 'x'.repeat(33_000)).ended)[0]).to.equal(0);
    expect(invoker.eventsOf('echo')).to.deep.equal([]);
  });
});
