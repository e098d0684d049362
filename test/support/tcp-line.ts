import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A line to a server on this machine that can be cut. */
export interface TcpLine {
  /** The same URL by way of this line. */
  readonly url: string;
  /** Ends every connection there is with a reset, at both ends. */
  cut(): void;
  stop(): Promise<void>;
}

/** @param url of what listens, like `ws://localhost:4001/dev` */
export async function startTcpLine(url: string): Promise<TcpLine> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  function cut(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }

  return {
    url: url.replace(target.host, `localhost:${port}`),
    cut,
    stop() {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
