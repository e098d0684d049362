import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

export interface HttpUpstream {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startHttpUpstream(listener: RequestListener, host = '127.0.0.1'): Promise<HttpUpstream> {
  const server = createServer(listener);
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** An upstream that answers with the very bytes given, once a request's head has come. */
export async function startRawUpstream(answer: (socket: Socket, head: string) => void): Promise<HttpUpstream> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    let head = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text) => {
      const before = head.includes('\r\n\r\n');
      head += text;
      if (!before && head.includes('\r\n\r\n')) answer(socket, head);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
