import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { EmulatorOptions } from '../../emulator/emulator.ts';
import { type Child, startChild } from './child.ts';

const PROGRAM = fileURLToPath(new URL('../stack-process.ts', import.meta.url));

/** Warnings and errors of one kind. */
export interface Told {
  readonly what: string;
  readonly count: number;
  /** The first of them. */
  readonly example: string;
}

/** The repository's stack on free ports, in another process than what asks and answers. */
export interface Stack {
  readonly http: string;
  readonly websocket: string;
  readonly memory: Child['memory'];
  /** Resolves when it has been done; see `GatewayControl`. */
  closeAll(code: number, reason: string): Promise<void>;
  refuseConnects(status: number, ms: number): Promise<void>;
  /** What emulator and functions warned of so far, the most frequent first. */
  told(): Promise<readonly Told[]>;
  stop(): Promise<void>;
}

/** @param options as far as JSON can carry them */
export async function startStack(options: Omit<EmulatorOptions, 'clock' | 'log'> = {}): Promise<Stack> {
  const child = startChild([PROGRAM, JSON.stringify(options)]);
  child.process.stdout?.resume();
  await Promise.race([
    once(child.process, 'message'),
    once(child.process, 'exit').then(() => Promise.reject(new Error('the stack did not start'))),
  ]);
  const { http, websocket } = await child.ask<{ http: string; websocket: string }>('urls');
  return {
    http,
    websocket,
    memory: child.memory,
    async closeAll(code, reason) {
      await child.ask('close-all', { code, reason });
    },
    async refuseConnects(status, ms) {
      await child.ask('refuse', { status, ms });
    },
    async told() {
      const told = await child.ask<Told[]>('told');
      return told.sort((a, b) => b.count - a.count);
    },
    async stop() {
      await child.stop();
    },
  };
}
