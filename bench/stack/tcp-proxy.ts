import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between an agent and the gateway, and is the network that fails. */
export interface TcpProxy {
  readonly port: number;
  /** Destroys both sides of every connection, with all the bytes that are under way. */
  cut(): void;
  /**
   * From now on the bytes of every present connection are swallowed, in both directions, and neither side is told of
   * anything, not even of the other's end. New connections are not concerned.
   */
  silence(): void;
  stop(): Promise<void>;
}

interface Pair {
  readonly sides: readonly [Socket, Socket];
  silent: boolean;
}

/** Listens on a free port of this machine. */
export async function startTcpProxy(toPort: number): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    const pair: Pair = { sides: [near, far], silent: false };
    pairs.add(pair);
    for (const [side, other] of [
      [near, far],
      [far, near],
    ] as const) {
      side.setNoDelay(true);
      side.pipe(other);
      // An end without a cause is what `close` tells as well.
      side.on('error', () => {});
      side.once('close', () => {
        if (pair.silent) return;
        pairs.delete(pair);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function cut(): void {
    for (const { sides } of pairs) for (const side of sides) side.destroy();
    pairs.clear();
  }

  return {
    port: (server.address() as AddressInfo).port,
    cut,
    silence() {
      for (const pair of pairs) {
        pair.silent = true;
        for (const side of pair.sides) side.unpipe().resume();
      }
    },
    async stop() {
      server.close();
      cut();
    },
  };
}
