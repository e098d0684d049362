import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createConnectionStore } from '../../../src/adapters/dynamodb-connections.ts';
import { createTunnelStore } from '../../../src/adapters/dynamodb-tunnels.ts';
import { inRounds, type Stage } from '../entrant.ts';
import { openTunnel, type Rendezvous, startPostern } from '../places/postern.ts';
import { rateOnce } from './rate-once.ts';

/** They may do everything in the emulator, and are good on this machine alone (README). */
const DEVELOPER = {
  accessKeyId: 'AKIAPOSTERNDEVELOPER',
  secretAccessKey: 'postern-developer-key-of-this-machine-only',
};
const WRITERS = 16;

/**
 * The latency of a request where the tables hold one tunnel, and where they hold ten thousand: two stacks, asked in turns, with
 * the rendezvous that is the default and with the one that asks the tables each time. The others' rows are written straight into
 * the tables, as the functions write them; nobody serves them.
 */
export async function runTunnels(stage: Stage): Promise<void> {
  const { book, upstreamPort, settings, say } = stage;
  const many = settings.quick ? 100 : 10_000;
  for (const rendezvous of ['push', 'poll'] as const) {
    const scene = tunnelsScene(rendezvous);
    const places: { readonly name: string; readonly url: string; stop(): Promise<void> }[] = [];
    try {
      for (const count of [1, many]) {
        say(`${scene}: ${count} in the table`);
        places.push(await startPlace(count, rendezvous, upstreamPort));
      }
      await inRounds(stage, scene, places, ({ name, url }, counts) =>
        rateOnce(stage, { scene, name, urls: [url], atOnce: 1, counts }),
      );
    } catch (error) {
      book.fail(scene, 'all', error instanceof Error ? error.message : String(error));
    } finally {
      for (const { stop } of places) await stop();
    }
  }
}

export function tunnelsScene(rendezvous: Rendezvous): string {
  return `tunnels in the table, ${rendezvous}`;
}

async function startPlace(count: number, rendezvous: Rendezvous, upstreamPort: number) {
  const { stack } = await startPostern(rendezvous, upstreamPort);
  await fill(stack.dynamodb, count - 1);
  const tunnel = await openTunnel(stack.websocket, upstreamPort);
  return {
    name: String(count),
    url: tunnel.url,
    async stop() {
      await tunnel.stop();
      await stack.stop();
    },
  };
}

async function fill(endpoint: string, count: number): Promise<void> {
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: DEVELOPER });
  const tunnels = createTunnelStore(client, 'postern-dev-tunnels');
  const connections = createConnectionStore(client, 'postern-dev-connections');
  const now = Math.floor(Date.now() / 1_000);
  const expiresAt = now + 86_400;
  let next = 0;
  const write = async () => {
    while (next < count) {
      next += 1;
      const [tunnelId, connectionId, sessionId] = [`filler-${next}`, `Filler${next}=`, `session-of-filler-${next}`];
      const session = { connectionId, epoch: 1, protocol: 2, until: now + 7_200, since: now } as const;
      await connections.add({ connectionId, connectedAt: now, expiresAt });
      await connections.attach(connectionId, { tunnelId, sessionId, protocol: 2 });
      const sessions = { [sessionId]: session };
      const owner = `owner-of-filler-${next}`;
      await tunnels.write({ tunnelId, owner, sessions, balance: 'spread', version: 1, expiresAt });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
  client.destroy();
}
