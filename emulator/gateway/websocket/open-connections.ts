import type { Clock } from '../../stack/clock.ts';
import type { Closing } from './closing.ts';
import type { Connection } from './connection.ts';

/** What the Management API sees of a connection. */
export type Found =
  /** `$connect` still runs, or the 101 is younger than the activation delay: not to be posted to (MG-05, MG-18). */
  | { readonly kind: 'connecting'; readonly settled: Promise<void> }
  | { readonly kind: 'open'; readonly connection: Connection };

/** Every connection of the API that has an id: those whose `$connect` runs, and those that are open. */
export interface OpenConnections {
  find(connectionId: string): Found | undefined;
  ids(): readonly string[];
  /** While `settled` is pending, the id is known and not to be posted to. */
  connecting(connectionId: string, settled: Promise<unknown>): void;
  add(connection: Connection): void;
  remove(connectionId: string): void;
  closeAll(closing: Closing): void;
  cut(connectionId: string): void;
  /** Drops them all; none of them says that it closed. */
  abandonAll(): void;
}

/** @param activationDelayMs after the 101 (MG-18) */
export function createOpenConnections(clock: Clock, activationDelayMs: number): OpenConnections {
  const connecting = new Map<string, Promise<void>>();
  const open = new Map<string, { readonly connection: Connection; readonly usableFrom: number }>();

  return {
    find(connectionId) {
      const settled = connecting.get(connectionId);
      if (settled) return { kind: 'connecting', settled };
      const entry = open.get(connectionId);
      if (!entry?.connection.isOpen()) return undefined;
      return clock.now() < entry.usableFrom
        ? { kind: 'connecting', settled: Promise.resolve() }
        : { kind: 'open', connection: entry.connection };
    },
    ids: () => Array.from(open.values(), ({ connection }) => connection.facts.connectionId),
    connecting(connectionId, settling) {
      const done = () => {
        connecting.delete(connectionId);
      };
      connecting.set(connectionId, settling.then(done, done));
    },
    add(connection) {
      open.set(connection.facts.connectionId, { connection, usableFrom: clock.now() + activationDelayMs });
    },
    remove(connectionId) {
      open.delete(connectionId);
    },
    closeAll(closing) {
      for (const { connection } of [...open.values()]) connection.close(closing);
    },
    cut(connectionId) {
      open.get(connectionId)?.connection.cut();
    },
    abandonAll() {
      for (const { connection } of open.values()) connection.abandon();
      open.clear();
    },
  };
}
