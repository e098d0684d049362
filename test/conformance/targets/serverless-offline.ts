import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../support/free-port.ts';
import { startRecorder } from '../recorder.ts';
import type { Setting, Target } from '../target.ts';

const PROBE = fileURLToPath(new URL('../probe', import.meta.url));
/** Inside the project, so that the plugins are found. */
const COPIES = fileURLToPath(new URL('../../../.postern/offline', import.meta.url));
const SLS = join(dirname(createRequire(import.meta.url).resolve('serverless/package.json')), 'bin/serverless.js');
const PATIENCE_MS = 60_000;

/** serverless-offline alone, without our plugin: the peer. */
export async function startOfflineTarget({ variant, offline = [] }: Setting): Promise<Target> {
  await mkdir(COPIES, { recursive: true });
  const folder = await mkdtemp(join(COPIES, `${variant}-`));
  await cp(PROBE, folder, { recursive: true });
  const recorder = await startRecorder();
  const [http, websocket, lambda] = [await freePort(), await freePort(), await freePort()];
  const management = `http://localhost:${websocket}`;
  const ports = ['--httpPort', http, '--websocketPort', websocket, '--lambdaPort', lambda].map(String);
  const child = spawn(process.execPath, [SLS, 'offline', '--noSponsor', ...ports, ...offline], {
    cwd: folder,
    env: {
      ...process.env,
      POSTERN_PROBE_VARIANT: variant,
      POSTERN_PROBE_HOST: 'serverless-offline',
      POSTERN_PROBE_RECORDER: recorder.url,
      POSTERN_PROBE_MANAGEMENT: management,
      AWS_ACCESS_KEY_ID: 'offline',
      AWS_SECRET_ACCESS_KEY: 'offline',
    },
  });
  const stop = async () => {
    await end(child);
    await recorder.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(child);
    // It says so for each of its servers; the others may still be on their way.
    await Promise.all([http, websocket, lambda].map(listening));
  } catch (error) {
    await stop();
    throw error;
  }
  const option = (name: string, otherwise: number) => 1_000 * Number(offline[offline.indexOf(name) + 1] ?? otherwise);
  return {
    name: 'serverless-offline',
    websocket: `ws://localhost:${websocket}`,
    http: `http://localhost:${http}`,
    management,
    lambda: `http://localhost:${lambda}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'offline', secretAccessKey: 'offline' },
    idleMs: offline.includes('--webSocketIdleTimeout') ? option('--webSocketIdleTimeout', 600) : 600_000,
    lifeMs: offline.includes('--webSocketHardTimeout') ? option('--webSocketHardTimeout', 7_200) : 7_200_000,
    entries: async () => recorder.entries,
    functionName: (key) => `postern-probe-dev-${key}`,
    stop,
  };
}

/** Resolves when the peer says that it listens. */
async function ready(child: ChildProcess): Promise<void> {
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`serverless-offline ${why}:\n${printed}`));
    const timer = setTimeout(() => fail('did not start'), PATIENCE_MS);
    const look = (slice: Buffer) => {
      printed += slice;
      if (!/Server ready|server ready/.test(printed)) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}

async function listening(port: number): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!(await answers(port))) {
    if (Date.now() > until) throw new Error(`serverless-offline does not listen to port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function answers(port: number): Promise<boolean> {
  const socket = connect({ host: 'localhost', port });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).then((does) => {
    socket.destroy();
    return does === true;
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
