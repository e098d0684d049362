import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProbeEntry } from './probe/src/instruction.ts';

/** Takes what functions on this machine tell. */
export interface Recorder {
  /** What they POST their entries to. */
  readonly url: string;
  readonly entries: readonly ProbeEntry[];
  stop(): Promise<void>;
}

export async function startRecorder(): Promise<Recorder> {
  const entries: ProbeEntry[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const slice of request.setEncoding('utf8')) text += slice;
    entries.push(JSON.parse(text) as ProbeEntry);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    entries,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
