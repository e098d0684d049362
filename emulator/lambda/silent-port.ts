import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface SilentPort {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * A port on the loopback interface that accepts every connection and never answers: what AWS shows at port 80 of an API
 * that is served by TLS alone (MG-14).
 */
export async function startSilentPort(): Promise<SilentPort> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    // Read, or the end of the other side would go unseen.
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
