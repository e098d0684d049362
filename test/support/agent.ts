import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../agent/cli/settings.ts';
import { runTunnel } from '../../agent/cli/tunnel.ts';
import { parseUpstream } from '../../agent/proxy/upstream-address.ts';
import type { AgentEvent, Online } from '../../agent/session/events.ts';

export interface TestAgent {
  readonly online: Online;
  readonly events: readonly AgentEvent[];
  /** The first event that fits, of those there are and those to come. */
  next(fits: (event: AgentEvent) => boolean): Promise<AgentEvent>;
  /** The exit code of a run that ended by itself, or by {@link stop}. */
  readonly exit: Promise<number>;
  stop(): Promise<number>;
}

export interface TestAgentOptions {
  readonly endpoint: string;
  /** `http://127.0.0.1:54321` */
  readonly upstream: string;
  readonly tunnelId?: string;
  readonly token?: string;
  /** Who the agent is; a new one unless given. */
  readonly keyFile?: string;
  readonly requestTimeout?: string;
}

let keys: string | undefined;

/** A place for a key that no other agent has; gone when the tests end. */
export function newKeyFile(): string {
  if (keys === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'postern-test-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    keys = folder;
  }
  return join(keys, randomBytes(8).toString('hex'));
}

/**
 * Runs the agent as the command does, in this process, and waits until its tunnel is online.
 * @throws what the agent reported, when it ends before it was online
 */
export async function startAgent({
  upstream,
  keyFile = newKeyFile(),
  ...options
}: TestAgentOptions): Promise<TestAgent> {
  const settings = readSettings(options, {});
  const address = parseUpstream(upstream);
  if ('cure' in settings) throw new Error(settings.cause);
  if (address.kind === 'invalid') throw new Error(address.problem);
  const events: AgentEvent[] = [];
  const watching = new Set<() => void>();
  const stop = new AbortController();
  let becameOnline: (online: Online) => void = () => {};
  const online = new Promise<Online>((resolve) => {
    becameOnline = resolve;
  });
  const exit = runTunnel({
    upstream: address.address,
    settings,
    env: { POSTERN_KEY_FILE: keyFile },
    report(event) {
      events.push(event);
      for (const look of watching) look();
    },
    stop: stop.signal,
    kill: new AbortController().signal,
    onOnline: (event) => becameOnline(event),
  });
  const first = await Promise.race([online, exit]);
  if (typeof first === 'number') throw new AgentEnded(first, events);
  return {
    online: first,
    events,
    exit,
    next: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.find(fits);
          if (!found) return;
          watching.delete(look);
          resolve(found);
        };
        watching.add(look);
        look();
      }),
    stop() {
      stop.abort();
      return exit;
    },
  };
}

export class AgentEnded extends Error {
  readonly exit: number;
  constructor(exit: number, events: readonly AgentEvent[]) {
    super(`the agent ended with ${exit}: ${JSON.stringify(events.at(-1))}`);
    this.exit = exit;
  }
}
