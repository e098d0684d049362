import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { createCertificate } from '../../../emulator/certificate.ts';
import { listen } from '../../../emulator/gateway/listen.ts';
import { systemClock } from '../../../emulator/stack/clock.ts';

describe('listen', () => {
  const clients: Socket[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  /** @param sent what each client says before it falls silent */
  async function closesWith(server: Server, sent: readonly string[]): Promise<void> {
    const { port, close } = await listen(server, '127.0.0.1', 0);
    for (const text of sent) {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      clients.push(client);
      await Promise.all([once(client, 'connect'), once(server, 'connection')]);
      client.write(text);
    }
    await close();
  }

  it('closes while clients have not said all', async () => {
    const half = ['', 'GET / HTTP/1.1\r\nHost: a', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n'];
    await closesWith(createHttpServer(), half);
  });

  // Node alone would wait two minutes for the handshake.
  it('closes while clients have not begun to speak TLS', async () => {
    const identity = await createCertificate(['localhost'], systemClock.now());
    await closesWith(createHttpsServer(identity), ['', '\u0016\u0003\u0001']);
  });
});
