/**
 * `npm run bench:reconnect`: what visitors notice when an agent loses its connection. Steady requests, and in the middle of
 * them one of
 *
 * - `cut`: the agent's TCP connection is destroyed, with all that is under way in it;
 * - `refused`: the gateway closes every connection with 1001 and refuses handshakes with 503 for two seconds;
 * - `silence`: bytes stop in both directions and nobody is told. Takes as long as the agent needs to notice; only by name.
 *
 * `BENCH_EVENTS=cut,refused,silence`, `BENCH_ROUNDS=3`. The stack runs in a process of its own, the agent in another.
 */
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { newKeyFile } from '../test/support/agent.ts';
import { startUpstream } from '../test/support/upstream.ts';
import { type AgentProcess, startAgentProcess } from './stack/start-agent.ts';
import { type Stack, startStack } from './stack/start-stack.ts';
import { startTcpProxy, type TcpProxy } from './stack/tcp-proxy.ts';
import { createVisitor, problemOf, type Visitor } from './stack/visitor.ts';

const EVENTS = (process.env.BENCH_EVENTS ?? 'cut,refused').split(',');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
/** A visitor comes every so many milliseconds, for so long; the event comes in the middle, or later, when the load is steady. */
const EVERY_MS = 50;
const LOAD_MS = Number(process.env.BENCH_LOAD_MS ?? 6_000);
/** Where the tunnel is not usable again by then, visitors come so often and for so long. */
const LATE_EVERY_MS = 250;
const LATE_MS = 45_000;
const REFUSED_MS = 2_000;
const UPSTREAM_MS = [5, 300];
/** So long for the load to become steady. */
const UNSTEADY_MS = 20_000;
/** And no more requests at once until then. */
const MOST_PENDING = 40;
/**
 * Environments of the forward function that are there before a scene: each request that waits needs one (LA-01), and starting
 * them is work that AWS would do elsewhere. An idle one is kept for half a minute.
 */
const WARM = Number(process.env.BENCH_WARM ?? 120);

/** A request of the measured load; times are of this process's clock, in milliseconds. */
interface Sample {
  readonly sentAt: number;
  readonly endedAt: number;
  /** Why it was for nothing; absent when it was answered rightly. */
  readonly problem?: string;
}

interface Happened {
  at: number;
  /** The end of a refusal. */
  usableFrom: number;
}

interface Scene {
  readonly stack: Stack;
  readonly visitor: Visitor;
  readonly agent: AgentProcess;
  readonly proxy: TcpProxy;
}

const gate = createGate();
const upstream = await startUpstream((request, response) => {
  const url = new URL(request.url ?? '/', 'http://upstream');
  if (url.pathname === '/gate') return gate.enter(() => response.end());
  setTimeout(() => response.end(`answer ${url.searchParams.get('n')}`), Number(url.searchParams.get('ms')));
});
const upstreamPort = Number(new URL(upstream.url).port);
const keyFile = newKeyFile();
const visitor = createVisitor();
const stack = await startStack();
const proxy = await startTcpProxy(Number(new URL(stack.websocket).port));
try {
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${cpus()[0]?.model}), load ${loadavg()[0]?.toFixed(1)}`;
  console.log(`${day}, ${machine} at the start, Node ${process.version}\n`);
  const heads = [
    'upstream ms',
    'round',
    'sent',
    'lost',
    'in flight',
    'of these lost',
    'p50 before ms',
    'slowest ms',
    'usable after ms',
  ];
  table(['event', ...heads, 'lost because']);
  table(['---', ...heads.map(() => '---'), '---']);
  for (const event of EVENTS) {
    for (const upstreamMs of UPSTREAM_MS) {
      for (let round = 1; round <= ROUNDS; round += 1) {
        const cells = await withAgent(`${event}-${upstreamMs}-${round}`, async (agent) => {
          const scene = { stack, visitor, agent, proxy };
          await warm(scene);
          await calm(scene);
          return runScene(event, upstreamMs, scene);
        });
        table([event, upstreamMs, round, ...cells]);
      }
    }
  }
  console.log(`
"in flight": sent before the event and not answered by then. "usable after": from the event, of \`refused\` from the end of the
refusal, until the first request that was sent after it is answered, the upstream's own time included. Where "p50 before" is far
above the upstream's time, the machine could not carry the load, and the row says nothing.`);
} finally {
  visitor.close();
  await proxy.stop();
  await stack.stop();
  await upstream.stop();
}

/** A new agent for each scene, so that none inherits another's trouble. */
async function withAgent<Result>(tunnelId: string, act: (agent: AgentProcess) => Promise<Result>): Promise<Result> {
  const endpoint = new URL(stack.websocket);
  endpoint.host = `127.0.0.1:${proxy.port}`;
  const agent = await startAgentProcess({ endpoint: endpoint.href, upstreamPort, tunnelId, keyFile });
  try {
    return await act(agent);
  } finally {
    await agent.stop();
  }
}

async function warm({ visitor, agent }: Scene): Promise<void> {
  for (let attempt = 1; attempt <= 4; attempt += 1) {
    const entered = gate.open(WARM, 20_000);
    const visits = Array.from({ length: WARM }, () => visitor.visit(`${agent.online.publicUrl}/gate`));
    const count = await entered;
    await Promise.all(visits);
    if (count === WARM) return;
    console.error(`only ${count} of ${WARM} environments are warm`);
  }
}

/** Waits, ten seconds at most, until the machine has done what the last scene left it with. */
async function calm({ visitor, agent }: Scene): Promise<void> {
  const until = performance.now() + 10_000;
  for (let quick = 0; quick < 5 && performance.now() < until; ) {
    const sentAt = performance.now();
    await visitor.visit(`${agent.online.publicUrl}/?ms=0`);
    quick = performance.now() - sentAt < 100 ? quick + 1 : 0;
  }
}

async function runScene(event: string, upstreamMs: number, scene: Scene): Promise<(string | number)[]> {
  const samples: Promise<Sample>[] = [];
  const done: Sample[] = [];
  const happened: Happened = { at: Number.POSITIVE_INFINITY, usableFrom: Number.POSITIVE_INFINITY };
  let usable = false;
  const visit = (n: number) => {
    const sample = ask(scene, n, upstreamMs);
    samples.push(sample);
    void sample.then((ended) => {
      done.push(ended);
      usable ||= ended.sentAt >= happened.usableFrom && ended.problem === undefined;
    });
  };
  const startedAt = performance.now();
  let n = 0;
  for (let endsAt = Number.POSITIVE_INFINITY; performance.now() < endsAt; n += 1) {
    await sleep(Math.max(0, startedAt + n * EVERY_MS - performance.now()));
    const elapsedMs = performance.now() - startedAt;
    const due = elapsedMs >= LOAD_MS / 2 && (isSteady(done, samples.length, upstreamMs) || elapsedMs >= UNSTEADY_MS);
    if (due && happened.at === Number.POSITIVE_INFINITY) {
      happened.at = performance.now();
      endsAt = happened.at + LOAD_MS / 2;
      // Requests go on meanwhile.
      void happen(event, scene, happened);
    }
    // Until then a machine that falls behind gets the chance to catch up.
    if (happened.at < Number.POSITIVE_INFINITY || samples.length - done.length < MOST_PENDING) visit(n);
  }
  const until = performance.now() + LATE_MS;
  for (; !usable && performance.now() < until; n += 1) {
    visit(n);
    await sleep(LATE_EVERY_MS);
  }
  return summarize(await Promise.all(samples), happened);
}

/** Whether the last second's requests were answered as fast as they came. */
function isSteady(done: readonly Sample[], sent: number, upstreamMs: number): boolean {
  const mostMs = upstreamMs + 200;
  const last = timesOf(done.slice(-1_000 / EVERY_MS));
  return sent - done.length <= mostMs / EVERY_MS && (last.at(-1) ?? Number.POSITIVE_INFINITY) <= mostMs;
}

/** Does it, and notes when it was and from when on the tunnel could be expected to work. */
async function happen(event: string, { stack, proxy }: Scene, happened: Happened): Promise<void> {
  switch (event) {
    case 'cut':
      proxy.cut();
      happened.usableFrom = happened.at;
      break;
    case 'silence':
      proxy.silence();
      happened.usableFrom = happened.at;
      break;
    case 'refused':
      await stack.refuseConnects(503, REFUSED_MS);
      happened.at = performance.now();
      happened.usableFrom = happened.at + REFUSED_MS;
      await stack.closeAll(1001, 'Going away');
      break;
    default:
      throw new Error(`there is no event ${event}`);
  }
}

async function ask({ visitor, agent }: Scene, n: number, upstreamMs: number): Promise<Sample> {
  const sentAt = performance.now();
  const visited = await visitor.visit(`${agent.online.publicUrl}/?n=${n}&ms=${upstreamMs}`);
  const endedAt = performance.now();
  const right = visited.kind === 'answered' && visited.status === 200;
  if (!right) return { sentAt, endedAt, problem: problemOf(visited) };
  return visited.body.equals(Buffer.from(`answer ${n}`))
    ? { sentAt, endedAt }
    : { sentAt, endedAt, problem: 'wrong body' };
}

function summarize(all: readonly Sample[], { at, usableFrom }: Happened): (string | number)[] {
  const lost = all.filter(({ problem }) => problem !== undefined);
  const inFlight = all.filter(({ sentAt, endedAt }) => sentAt < at && endedAt > at);
  const before = timesOf(all.filter(({ sentAt, endedAt }) => sentAt > at - 1_000 && endedAt <= at));
  const usable = all.filter(({ sentAt, problem }) => sentAt >= usableFrom && problem === undefined);
  const usableAt = Math.min(...usable.map(({ endedAt }) => endedAt));
  const reasons = new Map<string, number>();
  for (const { problem = '' } of lost) reasons.set(problem, (reasons.get(problem) ?? 0) + 1);
  return [
    all.length,
    lost.length,
    inFlight.length,
    inFlight.filter(({ problem }) => problem !== undefined).length,
    before[Math.floor(before.length / 2)]?.toFixed(0) ?? 'none',
    (timesOf(all).at(-1) ?? Number.NaN).toFixed(0),
    Number.isFinite(usableAt) ? (usableAt - usableFrom).toFixed(0) : 'not again',
    [...reasons].map(([problem, count]) => `${count} × ${problem}`).join(', '),
  ];
}

/** Milliseconds that they took, the shortest first. */
function timesOf(samples: readonly Sample[]): readonly number[] {
  return samples.map(({ sentAt, endedAt }) => endedAt - sentAt).sort((a, b) => a - b);
}

function table(cells: readonly (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`);
}

/** Lets nobody out before all are in, so that each of them needs an environment of its own. */
function createGate() {
  let waiting: (() => void)[] = [];
  let onEnter: () => void = () => {};
  return {
    enter(leave: () => void) {
      waiting.push(leave);
      onEnter();
    },
    /** @returns how many came within the time */
    open(wanted: number, ms: number): Promise<number> {
      return new Promise((resolve) => {
        const open = () => {
          clearTimeout(late);
          onEnter = () => {
            for (const leave of waiting) leave();
            waiting = [];
          };
          const count = waiting.length;
          onEnter();
          resolve(count);
        };
        const late = setTimeout(open, ms);
        onEnter = () => {
          if (waiting.length === wanted) open();
        };
      });
    },
  };
}
