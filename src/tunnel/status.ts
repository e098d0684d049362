import { tunnelUrls } from './addressing.ts';
import { hasExpired, presentSessions } from './claim.ts';
import type { ConnectionStore, PublicAddress, TunnelStore, VisitorResponse } from './ports.ts';

export interface StatusDependencies {
  readonly tunnels: Pick<TunnelStore, 'read'>;
  readonly connections: Pick<ConnectionStore, 'read' | 'ofTunnel'>;
  readonly address: PublicAddress;
  readonly clock: { now(): number };
}

/** `GET /_status/<connection id>`: the tunnel that a connection serves. The id is the secret that allows the question. */
export async function connectionStatus(
  connectionId: string,
  { connections, address, clock }: StatusDependencies,
): Promise<VisitorResponse> {
  const connection = CONNECTION_ID.test(connectionId) ? await connections.read(connectionId) : undefined;
  if (!connection || connection.expiresAt * 1000 <= clock.now()) {
    return json(404, { error: { code: 'connection_not_found', title: 'No such connection' } });
  }
  const { connectedAt, attached } = connection;
  return json(200, {
    status: attached ? 'online' : 'connecting',
    connectedAt: new Date(connectedAt).toISOString(),
    ...(attached && urls(attached.tunnelId, address)),
  });
}

/** `GET /_status/tunnel/<tunnel id>`: whether it is online, and since when each of its connections is open (DD-01: a moment late). */
export async function tunnelStatus(
  tunnelId: string,
  { tunnels, connections, address, clock }: StatusDependencies,
): Promise<VisitorResponse> {
  const now = clock.now();
  const nowSeconds = Math.floor(now / 1000);
  const tunnel = await tunnels.read(tunnelId);
  if (!tunnel || hasExpired(tunnel, nowSeconds)) {
    return json(404, { error: { code: 'tunnel_not_found', title: 'No such tunnel' } });
  }
  const agents = Object.keys(presentSessions(tunnel, nowSeconds)).length;
  const open = (await connections.ofTunnel(tunnelId)).filter((connection) => connection.expiresAt * 1000 > now);
  return json(200, {
    status: agents > 0 ? 'online' : 'offline',
    agents,
    connectedSince: open.map(({ connectedAt }) => new Date(connectedAt).toISOString()).sort(),
    ...urls(tunnelId, address),
  });
}

/** API Gateway's have 16 characters (WS-20); a key of more than 2,048 bytes DynamoDB would refuse. */
const CONNECTION_ID = /^[A-Za-z0-9_=-]{1,64}$/;

function urls(tunnelId: string, address: PublicAddress) {
  return { tunnelId, ...tunnelUrls(address, tunnelId) };
}

function json(status: number, value: unknown): VisitorResponse {
  return {
    status,
    headers: [
      ['content-type', 'application/json'],
      ['cache-control', 'no-store'],
    ],
    body: Buffer.from(`${JSON.stringify(value)}\n`),
  };
}
