import { newKeyFile } from '../../../test/support/agent.ts';
import { type Stack, startStack } from '../../stack/start-stack.ts';
import type { Design, Tunnel } from '../design.ts';
import { POLL, PUSH, STREAM } from '../names.ts';
import { startProgram } from '../program.ts';

/** Messages are not held back: what is measured is the road, not a fault. */
const FAULTS = { messageShuffleMs: 0 };

/** Lambda sends 2 MB a second after the first 6 MB of a stream (LA-12): what is measured is the door and not that. */
const QUOTAS = { streamBytesPerSecond: 10_000_000_000 };

/** Lambda keeps an idle environment for minutes; without it every burst would measure how fast a hundred of them start. */
const ENVIRONMENT_IDLE_MS = 180_000;

export type Rendezvous = 'poll' | 'push';

/** This repository's stack in its emulator, and its agent. */
export interface Postern {
  readonly stack: Stack;
  readonly design: Design;
  /** The same stack and the same agents, by the function URL of `stream`. @throws when the stack has none */
  readonly streaming: () => Design;
}

export async function startPostern(rendezvous: Rendezvous, upstreamPort: number, latency?: 'aws'): Promise<Postern> {
  const environment = { POSTERN_RENDEZVOUS: rendezvous };
  const stack = await startStack({
    environment,
    faults: FAULTS,
    quotas: QUOTAS,
    environmentIdleMs: ENVIRONMENT_IDLE_MS,
    ...(latency && { latency }),
  });
  const open = () => openTunnel(stack.websocket, upstreamPort);
  const common = { server: stack.pid, environments: true } as const;
  return {
    stack,
    design: { name: rendezvous === 'poll' ? POLL : PUSH, ...common, open, stop: () => stack.stop() },
    streaming() {
      const { streaming } = stack;
      if (!streaming) throw new Error('the stack has no function URL');
      return {
        name: STREAM,
        ...common,
        async open() {
          const tunnel = await open();
          return { ...tunnel, url: atDoor(streaming, tunnel.url) };
        },
        // It is the other's.
        stop: async () => {},
      };
    },
  };
}

/** A tunnel's public URL by another door of its stack. */
export function atDoor(door: string, publicUrl: string): string {
  return new URL(new URL(publicUrl).pathname, door).href;
}

/** The agent as its command starts it. */
export async function openTunnel(endpoint: string, upstreamPort: number): Promise<Tunnel> {
  const args = ['agent/bin.mjs', String(upstreamPort), '--json', '--quiet', '--endpoint', endpoint];
  const { pid, said, stop } = await startProgram(process.execPath, [...args, '--connect-timeout', '30s'], {
    ready: /"event":"online".*"publicUrl":"([^"]+)"/,
    environment: { POSTERN_KEY_FILE: newKeyFile() },
  });
  return { url: said[1] ?? '', agent: pid, stop };
}
