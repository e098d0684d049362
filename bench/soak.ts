/**
 * `npm run bench:soak`: many requests of mixed sizes through several agents, while everything goes wrong that AWS and networks
 * do wrong; each byte is checked in both directions. Ends with 1 when anything was lost, mixed up or wrong.
 *
 * `SOAK_REQUESTS` (50000), `SOAK_MINUTES` at most (30), `SOAK_AT_ONCE` (16), `SOAK_CUT_S` between two cuts (20), `SOAK_SEED` (1),
 * `SOAK_FAULTS` (JSON, laid over the faults below).
 *
 * Left out are faults that a visitor sees by AWS's own doing, and that nothing behind the gateway can hide: `requestThrottleRate`
 * (the HTTP API's 429) and `lambdaThrottleRate` (it strikes the forward function as well: 503 before any code of ours runs).
 */
import { cpus } from 'node:os';
import { createRandom } from '../emulator/stack/random.ts';
import { newKeyFile } from '../test/support/agent.ts';
import { bodyOf } from './soak/bodies.ts';
import { checkAnswer, type Verdict } from './soak/check-answer.ts';
import { startMemoryLog } from './soak/memory-log.ts';
import { drawPlan, type Plan, SIZE_CLASS_NAMES, type SizeClassName } from './soak/plan.ts';
import { pathOf, startSoakUpstream, typeOf } from './soak/upstream.ts';
import { type AgentProcess, startAgentProcess } from './stack/start-agent.ts';
import { startStack } from './stack/start-stack.ts';
import { startTcpProxy, type TcpProxy } from './stack/tcp-proxy.ts';
import { createVisitor } from './stack/visitor.ts';

const REQUESTS = Number(process.env.SOAK_REQUESTS ?? 50_000);
const MINUTES = Number(process.env.SOAK_MINUTES ?? 30);
const AT_ONCE = Number(process.env.SOAK_AT_ONCE ?? 16);
const CUT_EVERY_MS = 1_000 * Number(process.env.SOAK_CUT_S ?? 20);
const SEED = Number(process.env.SOAK_SEED ?? 1);

const FAULTS = {
  messageShuffleMs: 20,
  postShuffleMs: 20,
  postThrottleRate: 0.01,
  postRepeatRate: 0.01,
  messageThrottleRate: 0.002,
  gsiLagMs: 200,
  disconnectDropRate: 0.3,
  coldStartRate: 0.001,
  databaseThrottleRate: 0.005,
  ...JSON.parse(process.env.SOAK_FAULTS ?? '{}'),
};

/** Tunnel ids, each with so many agents of one owner. */
const TUNNELS = { 'soak-shared': 3, 'soak-alone': 1 };

interface Agent {
  readonly name: string;
  readonly proxy: TcpProxy;
  readonly agent: AgentProcess;
}

const random = createRandom(SEED);
const tally = { sent: 0, right: 0, lost: 0, 'mixed-up': 0, wrong: 0 };
const reasons = new Map<string, number>();
const took = new Map<SizeClassName, number[]>(SIZE_CLASS_NAMES.map((name) => [name, []]));
/** How often each nonce has come to an upstream. */
const ran = new Map<string, number>();
const repeated = new Map<string, number>();
let cuts = 0;

/** Agents renew their connections so often, in seconds. */
const RENEW_AFTER_S = Number(process.env.SOAK_RENEW_S ?? 30);

const visitor = createVisitor();
const keyFile = newKeyFile();
const stack = await startStack({
  seed: SEED,
  faults: FAULTS,
  environment: { POSTERN_RENEW_AFTER_S: String(RENEW_AFTER_S) },
});
const upstreams = await Promise.all(Object.keys(TUNNELS).map((name) => startSoakUpstream(name, countRun)));
const agents: Agent[] = [];
try {
  for (const [index, [tunnelId, count]] of Object.entries(TUNNELS).entries()) {
    for (let number = 1; number <= count; number += 1) {
      const upstreamPort = upstreams[index]?.port ?? 0;
      agents.push(await startAgent(`${tunnelId} ${number}`, tunnelId, upstreamPort));
    }
  }
  process.exitCode = await soak();
} finally {
  visitor.close();
  await Promise.all(agents.map(({ agent }) => agent.stop()));
  await Promise.all([...agents.map(({ proxy }) => proxy.stop()), ...upstreams.map((upstream) => upstream.stop())]);
  await stack.stop();
}

async function startAgent(name: string, tunnelId: string, upstreamPort: number): Promise<Agent> {
  const proxy = await startTcpProxy(Number(new URL(stack.websocket).port));
  const endpoint = new URL(stack.websocket);
  endpoint.host = `127.0.0.1:${proxy.port}`;
  const agent = await startAgentProcess({ endpoint: endpoint.href, upstreamPort, tunnelId, keyFile });
  return { name, proxy, agent };
}

async function soak(): Promise<number> {
  const startedAt = performance.now();
  const until = startedAt + MINUTES * 60_000;
  const memory = startMemoryLog([
    { name: 'emulator with all functions', memory: stack.memory },
    ...agents.map(({ name, agent }) => ({ name: `agent ${name}`, memory: agent.memory })),
  ]);
  const cutting = setInterval(() => {
    agents[cuts % agents.length]?.proxy.cut();
    cuts += 1;
  }, CUT_EVERY_MS);
  const telling = setInterval(() => console.error(progress(performance.now() - startedAt)), 5_000);
  const worker = async () => {
    while (tally.sent < REQUESTS && performance.now() < until) await visitOnce(drawPlan(tally.sent++, random));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const timer of [cutting, telling]) clearInterval(timer);
  memory.stop();
  await report(performance.now() - startedAt, memory.rows());
  const ranTwice = [...repeated].some(([method]) => method !== 'GET');
  return tally.right === REQUESTS && !ranTwice ? 0 : 1;
}

async function visitOnce(plan: Plan): Promise<void> {
  const { nonce, method, kind, uploadBytes, sizeClass } = plan;
  const { name, agent } = (random() < 0.75 ? agents[0] : agents.at(-1)) ?? never();
  const upload = bodyOf(`up-${nonce}`, kind, uploadBytes);
  const sentAt = performance.now();
  const visited = await visitor.visit(`${agent.online.publicUrl}${pathOf(plan)}`, {
    method,
    ...(method !== 'GET' && { body: upload, headers: { 'content-type': typeOf(kind) } }),
  });
  took.get(sizeClass)?.push(performance.now() - sentAt);
  const verdict = checkAnswer(plan, upload, name.split(' ')[0] ?? '', visited);
  tally[verdict.kind] += 1;
  if (verdict.kind !== 'right') note(verdict, plan);
}

function note(verdict: Exclude<Verdict, { kind: 'right' }>, plan: Plan): void {
  const { kind, why } = verdict;
  const [reason, times] = [`${kind}: ${why}`, ran.get(plan.nonce) ?? 0];
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  if ((reasons.get(reason) ?? 0) > 5) return;
  const { method, nonce, uploadBytes, downloadBytes } = plan;
  console.error(`${reason} (${method} ${nonce}, ${uploadBytes} up, ${downloadBytes} down, ran ${times} times)`);
}

function countRun(nonce: string, method: string): void {
  const times = (ran.get(nonce) ?? 0) + 1;
  ran.set(nonce, times);
  if (times > 1) repeated.set(method, (repeated.get(method) ?? 0) + 1);
}

function progress(ms: number): string {
  const { sent, lost, wrong } = tally;
  const bad = `${lost} lost, ${tally['mixed-up']} mixed up, ${wrong} wrong`;
  return `${(ms / 1_000).toFixed(0)} s: ${sent} of ${REQUESTS} sent, ${bad}, ${cuts} cuts`;
}

async function report(ms: number, memory: readonly (readonly string[])[]): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  console.log(`${day}, ${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, seed ${SEED}\n`);
  const { sent, lost, wrong } = tally;
  if (sent < REQUESTS) console.log(`**Stopped after ${MINUTES} minutes, at ${sent} of ${REQUESTS} requests.**\n`);
  table(
    [
      'sent',
      'lost',
      'mixed up',
      'wrong',
      'ran twice: GET',
      'ran twice: other',
      'retried by the visitor',
      'cuts',
      'minutes',
    ],
    [
      [
        sent,
        lost,
        tally['mixed-up'],
        wrong,
        repeated.get('GET') ?? 0,
        (repeated.get('POST') ?? 0) + (repeated.get('PUT') ?? 0),
        visitor.retried(),
        cuts,
        (ms / 60_000).toFixed(1),
      ],
    ],
  );
  if (reasons.size > 0) {
    const most = [...reasons].sort((a, b) => b[1] - a[1]).slice(0, 20);
    table(['what went wrong', 'times'], most);
  }
  table(
    ['larger body', 'requests', 'p50 ms', 'p99 ms', 'longest ms'],
    [...took].map(([name, times]) => {
      const sorted = times.sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(0);
      return [name, sorted.length, at(0.5) ?? '', at(0.99) ?? '', at(1) ?? ''];
    }),
  );
  const thirds = ['first third', 'second', 'last'];
  table(['MB', ...thirds.map((third) => `RSS, ${third}`), ...thirds.map((third) => `heap, ${third}`)], memory);
  table(
    ['what the stack warned of', 'times', 'the first'],
    (await stack.told()).slice(0, 20).map(({ what, count, example }) => [what, count, example.slice(0, 160)]),
  );
  table(
    ['agent', 'reported'],
    agents.map(({ name, agent }) => [
      name,
      [...agent.reported].map(([what, count]) => `${count} × ${what}`).join(', '),
    ]),
  );
}

function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  for (const cells of [heads, heads.map(() => '---'), ...rows]) {
    console.log(`| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`);
  }
  console.log();
}

function never(): never {
  throw new Error('there are no agents');
}
