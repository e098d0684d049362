import { fileURLToPath } from 'node:url';
import type { Emulator, EmulatorOptions } from '../../emulator/emulator.ts';
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
  readonly dynamodb: string;
  /** The streaming door; absent where the stack has none. */
  readonly streaming?: string;
  readonly pid: number;
  readonly memory: Child['memory'];
  /** Resolves when it has been done; see `GatewayControl`. */
  closeAll(code: number, reason: string): Promise<void>;
  refuseConnects(status: number, ms: number): Promise<void>;
  /** What emulator and functions warned of so far, the most frequent first. */
  told(): Promise<readonly Told[]>;
  /** What AWS would have billed since the last `resetMeter`. */
  meter(): Promise<ReturnType<Emulator['meter']>>;
  resetMeter(): Promise<void>;
  stop(): Promise<void>;
}

interface Urls {
  readonly http: string;
  readonly websocket: string;
  readonly dynamodb: string;
  readonly functions?: Readonly<Record<string, string>>;
}

/** @param options as far as JSON can carry them */
export async function startStack(options: Omit<EmulatorOptions, 'clock' | 'log'> = {}): Promise<Stack> {
  const child = startChild([PROGRAM, JSON.stringify(options)]);
  child.process.stdout?.resume();
  await child.first();
  const { http, websocket, dynamodb, functions = {} } = await child.ask<Urls>('urls');
  const streaming = Object.entries(functions).find(([name]) => name.endsWith('-stream'))?.[1];
  return {
    http,
    websocket,
    dynamodb,
    ...(streaming && { streaming }),
    pid: child.process.pid ?? 0,
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
    meter: () => child.ask('meter'),
    async resetMeter() {
      await child.ask('reset-meter');
    },
    async stop() {
      await child.stop();
    },
  };
}
