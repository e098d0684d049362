/**
 * `npm run bench:emulator`: the same stack on this emulator and on serverless-offline, both by `sls offline` in processes of
 * their own, beside a bare server in Node. Rounds alternate; medians count. These machines are noisy: read the ratios.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 1_500);
const AT_ONCE = 16;
const ECHO = fileURLToPath(new URL('echo', import.meta.url));
/** Beside the original, so that paths to plugins hold. */
const COPIES = fileURLToPath(new URL('.', import.meta.url));
const SLS = join(dirname(createRequire(import.meta.url).resolve('serverless/package.json')), 'bin/serverless.js');

interface Place {
  readonly name: string;
  readonly http: string;
  readonly websocket: string;
  stop(): Promise<void>;
}

interface Measured {
  /** Per second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const WORK = {
  'HTTP, one at a time': (place: Place) => measure(1, (agent) => get(place.http, agent)),
  [`HTTP, ${AT_ONCE} at once`]: (place: Place) => measure(AT_ONCE, (agent) => get(place.http, agent)),
  'WebSocket, one at a time': (place: Place) => measureEchoes(place.websocket, 1),
  [`WebSocket, ${AT_ONCE} at once`]: (place: Place) => measureEchoes(place.websocket, AT_ONCE),
};

const places = [await startBare(), await startOffline('emulator'), await startOffline('serverless-offline')];
try {
  const results = new Map<string, Measured[]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const place of places) {
      for (const [what, run] of Object.entries(WORK)) {
        const measured = await run(place);
        const key = `${what}|${place.name}`;
        // The first round starts environments.
        if (round > 0) results.set(key, [...(results.get(key) ?? []), measured]);
      }
    }
  }
  report(results);
} finally {
  for (const place of places) await place.stop();
}

function report(results: ReadonlyMap<string, readonly Measured[]>): void {
  const day = new Date().toISOString().slice(0, 10);
  console.log(`${day}, ${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}, ${ROUNDS} rounds\n`);
  console.log('| | place | a second | p50 ms | p99 ms | added to bare, p50 ms |');
  console.log('|---|---|---|---|---|---|');
  for (const what of Object.keys(WORK)) {
    const bare = middle(results.get(`${what}|bare`) ?? [], ({ p50 }) => p50);
    for (const { name } of places) {
      const all = results.get(`${what}|${name}`) ?? [];
      const [rate, p50, p99] = [
        ({ rate }: Measured) => rate,
        ({ p50 }: Measured) => p50,
        ({ p99 }: Measured) => p99,
      ].map((pick) => middle(all, pick));
      const cells = [what, name, rate?.toFixed(0), p50?.toFixed(2), p99?.toFixed(2), ((p50 ?? 0) - bare).toFixed(2)];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

function middle(all: readonly Measured[], pick: (measured: Measured) => number): number {
  return percentile(all.map(pick), 0.5);
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function measure(atOnce: number, act: (agent: Agent) => Promise<void>): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const times: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + ROUND_MS;
  const worker = async () => {
    while (performance.now() < until) {
      const sentAt = performance.now();
      await act(agent);
      times.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
  return resultOf(times, performance.now() - startedAt);
}

async function measureEchoes(url: string, atOnce: number): Promise<Measured> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const times: number[] = [];
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    let open = 0;
    const send = () => {
      if (performance.now() - startedAt < ROUND_MS) {
        open += 1;
        socket.send(String(performance.now()));
      } else if (open === 0) resolve();
    };
    socket.on('message', (data) => {
      open -= 1;
      times.push(performance.now() - Number(String(data)));
      send();
    });
    for (let index = 0; index < atOnce; index++) send();
  });
  const result = resultOf(times, performance.now() - startedAt);
  socket.close();
  await once(socket, 'close');
  return result;
}

function resultOf(times: readonly number[], ms: number): Measured {
  return { rate: (1_000 * times.length) / ms, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

function get(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`${url} answered ${response.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}

/** The same answers from one process of Node, without gateway and functions. */
async function startBare(): Promise<Place> {
  const server = createServer((_request, response) => response.end('hello'));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    name: 'bare',
    http: `http://127.0.0.1:${port}/`,
    websocket: `ws://127.0.0.1:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function startOffline(host: 'emulator' | 'serverless-offline'): Promise<Place> {
  await mkdir(COPIES, { recursive: true });
  const folder = await mkdtemp(join(COPIES, 'run-'));
  await cp(ECHO, folder, { recursive: true });
  const [http, websocket, lambda] = [String(await freePort()), String(await freePort()), String(await freePort())];
  const own = ['--noSponsor', '--httpPort', http, '--websocketPort', websocket, '--lambdaPort', lambda];
  const child = spawn(process.execPath, [SLS, 'offline', ...(host === 'emulator' ? [] : own)], {
    cwd: folder,
    env: {
      ...process.env,
      POSTERN_BENCH_HOST: host,
      POSTERN_BENCH_HTTP_PORT: http,
      POSTERN_BENCH_WEBSOCKET_PORT: websocket,
      POSTERN_BENCH_LAMBDA_PORT: lambda,
    },
  });
  // Whatever ends this program ends its children.
  process.once('exit', () => child.kill('SIGKILL'));
  const startedAt = performance.now();
  await ready(child, host);
  console.error(`${host} ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  const stage = host === 'emulator' ? '/dev' : '';
  return {
    name: host,
    http: `http://127.0.0.1:${http}/`,
    websocket: `ws://127.0.0.1:${websocket}${stage}`,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(child: ChildProcess, name: string): Promise<void> {
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    const look = (slice: Buffer) => {
      printed += slice;
      if (!/Server ready|The stack runs here/.test(printed)) return;
      // What it says from now on is read and dropped: this very process also makes the load.
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', look).resume();
      resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${printed}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createNetServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
