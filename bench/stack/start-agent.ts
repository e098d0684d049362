import { createInterface } from 'node:readline';
import type { AgentEvent, Online } from '../../agent/session/events.ts';
import { type Child, startChild } from './child.ts';

/** The real agent, in a process of its own. */
export interface AgentProcess {
  readonly online: Online;
  readonly memory: Child['memory'];
  /** How often each event but `request` was reported; errors by their code. */
  readonly reported: ReadonlyMap<string, number>;
  /** Lets it finish; the exit code. */
  stop(): Promise<number | null>;
}

export interface AgentProcessOptions {
  readonly endpoint: string;
  /** On this machine. */
  readonly upstreamPort: number;
  readonly tunnelId: string;
  readonly keyFile: string;
}

/** Resolves when the tunnel is online; rejects when the agent ends before. */
export async function startAgentProcess(options: AgentProcessOptions): Promise<AgentProcess> {
  const { endpoint, upstreamPort, tunnelId, keyFile } = options;
  const flags = ['--json', '--quiet', '--endpoint', endpoint, '--tunnel-id', tunnelId, '--connect-timeout', '30s'];
  const child = startChild(['agent/bin.mjs', String(upstreamPort), ...flags], { POSTERN_KEY_FILE: keyFile });
  const reported = new Map<string, number>();
  const online = await new Promise<Online>((resolve, reject) => {
    const { stdout } = child.process;
    if (!stdout) throw new Error('the agent’s output is not piped');
    let last = 'nothing';
    createInterface({ input: stdout }).on('line', (line) => {
      last = line;
      const event: AgentEvent = JSON.parse(line);
      const what = event.event === 'error' ? `error ${event.code}` : event.event;
      reported.set(what, (reported.get(what) ?? 0) + 1);
      if (event.event === 'online') resolve(event);
    });
    child.process.once('exit', (code) => {
      reported.set(`ended with ${code}`, 1);
      reject(new Error(`the agent ended with ${code}; it said last: ${last}`));
    });
  });
  return { online, memory: child.memory, reported, stop: child.stop };
}
