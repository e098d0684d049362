import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from 'node:net';

const IPV4_LOOPBACK = '127.0.0.1';
const IPV6_LOOPBACK = '::1';
const ATTEMPTS_AT_ANY_PORT = 10;

/** Milliseconds an answer under way may take to leave when the server closes: a function that polls looks once a second. */
const PATIENCE_MS = 2_000;
/** Milliseconds between two looks for connections whose answer has left. */
const SWEEP_MS = 20;

export interface Listening {
  readonly port: number;
  /** Stops accepting, lets answers under way leave for a while, drops the rest and resolves when the port is free. */
  close(): Promise<void>;
}

/**
 * Listens on `host`, and where that is the IPv4 loopback also on the IPv6 one: `localhost` and `x.localhost` may resolve
 * to either. Goes on without IPv6 where the machine has none.
 * @param port 0 for any
 * @throws Node's error, with `code: 'EADDRINUSE'` and `port`, when the port is taken; nothing is left listening then
 */
export async function listen(server: Server, host: string, port: number): Promise<Listening> {
  const sockets = socketsOf(server);
  for (let attempt = 1; ; attempt++) {
    await listening(server, host, port);
    const chosen = (server.address() as AddressInfo).port;
    try {
      const second = host === IPV4_LOOPBACK ? await listenOnIpv6(server, chosen) : undefined;
      return { port: chosen, close: () => close(server, sockets, second) };
    } catch (error) {
      await close(server, sockets);
      // A port that is free on one loopback and taken on the other was a bad draw, where any would do.
      if (port !== 0 || attempt === ATTEMPTS_AT_ANY_PORT) throw error;
    }
  }
}

/** A second socket whose connections the one HTTP server serves. */
async function listenOnIpv6(server: Server, port: number): Promise<NetServer | undefined> {
  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
  try {
    await listening(second, IPV6_LOOPBACK, port);
    return second;
  } catch (error) {
    if (hasCode(error, 'EADDRNOTAVAIL') || hasCode(error, 'EAFNOSUPPORT')) return undefined;
    throw error;
  }
}

async function listening(server: NetServer, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  await once(server, 'listening');
}

/** Every TCP connection: the server itself knows nothing of those that have not finished their TLS handshake. */
function socketsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function close(server: Server, sockets: ReadonlySet<Socket>, second?: NetServer): Promise<void> {
  const closed = [server, second].map((each) => each && new Promise<void>((resolve) => each.close(() => resolve())));
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, PATIENCE_MS);
  server.closeIdleConnections();
  await Promise.all(closed);
  clearInterval(sweep);
  clearTimeout(cut);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
