import type { RandomBytes } from '../../src/protocol/ids.ts';
import { isReserved } from '../../src/tunnel/claim.ts';
import type {
  AnswerPiece,
  Connection,
  ConnectionStore,
  Rendezvous,
  Tunnel,
  TunnelStore,
} from '../../src/tunnel/ports.ts';

/** Everything the edge keeps, whatever keeps it. */
export interface Stores {
  readonly tunnels: TunnelStore;
  readonly connections: ConnectionStore;
  readonly answers: Rendezvous;
  /** What one function's environment calls for the stack's key; `randomBytes` makes it where there is none. */
  stackKey(randomBytes: RandomBytes): () => Promise<Uint8Array>;
}

/** The stores as they would be if nothing were far away. Held to the same contract as those of DynamoDB. */
export function createMemoryStores(): Stores {
  return {
    tunnels: createTunnels(),
    connections: createConnections(),
    answers: createAnswers(),
    stackKey: createStackKey(),
  };
}

function createTunnels(): TunnelStore {
  const tunnels = new Map<string, Tunnel>();
  return {
    read: async (tunnelId) => structuredClone(tunnels.get(tunnelId)),
    async write(tunnel) {
      if ((tunnels.get(tunnel.tunnelId)?.version ?? 0) !== tunnel.version - 1) return false;
      tunnels.set(tunnel.tunnelId, structuredClone(tunnel));
      return true;
    },
    ofOwner: async (owner, limit) =>
      [...tunnels.values()]
        .filter((tunnel) => tunnel.owner === owner)
        .sort((one, other) => Number(isReserved(other)) - Number(isReserved(one)))
        .slice(0, limit)
        .map(({ tunnelId }) => tunnelId),
  };
}

function createConnections(): ConnectionStore {
  const connections = new Map<string, Connection>();
  return {
    async add(connection) {
      connections.set(connection.connectionId, structuredClone(connection));
    },
    read: async (connectionId) => structuredClone(connections.get(connectionId)),
    async attach(connectionId, attached) {
      const connection = connections.get(connectionId);
      if (!connection || (connection.attached && connection.attached.tunnelId !== attached.tunnelId)) return false;
      connections.set(connectionId, { ...connection, attached: structuredClone(attached) });
      return true;
    },
    async remove(connectionId) {
      const connection = connections.get(connectionId);
      connections.delete(connectionId);
      return connection;
    },
    ofTunnel: async (tunnelId) =>
      [...connections.values()]
        .filter(({ attached }) => attached?.tunnelId === tunnelId)
        .map((one) => structuredClone(one)),
  };
}

function createAnswers(): Rendezvous {
  const pieces = new Map<string, Map<number, AnswerPiece>>();
  return {
    async put(requestId, piece) {
      const ofRequest = pieces.get(requestId) ?? new Map<number, AnswerPiece>();
      pieces.set(requestId, ofRequest.set(partOf(piece), structuredClone(piece)));
    },
    async *take(requestId, fromPart) {
      const found = [...(pieces.get(requestId) ?? [])].filter(([part]) => part >= fromPart);
      for (const [, piece] of found) yield structuredClone(piece);
    },
  };
}

/** As in the table: what is no part comes after all parts. */
function partOf(piece: AnswerPiece): number {
  switch (piece.kind) {
    case 'head':
      return 0;
    case 'part':
      return piece.part;
    case 'error':
      return 1e9;
    case 'accepted':
      return 1e9 + 1;
    case 'credit':
      return 2e9 + piece.bytes;
  }
}

function createStackKey(): Stores['stackKey'] {
  let key: Uint8Array | undefined;
  return (randomBytes) => async () => {
    key ??= randomBytes(32);
    return key;
  };
}
