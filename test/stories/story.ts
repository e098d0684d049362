import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { startEmulator } from '../../emulator/emulator.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import type { Stack } from '../../emulator/stack/stack.ts';
import { loadStack } from '../../emulator/template/load-stack.ts';
import type { FixtureStack } from '../../fixtures/stacks/template.ts';
import { stopAll as stopClients } from '../emulator/gateway/fixture.ts';

export interface Story {
  readonly stack: Stack;
  readonly http: string;
  readonly websocket: string;
  readonly management: string;
  /** What the gateway logged as a warning or an error. */
  complaints(): readonly Pick<LogEntry, 'behaviour' | 'message'>[];
  /** A function's own answer to an event, the gateway left aside. */
  invoke(functionName: string, event: object): Promise<unknown>;
  /** What a function printed and Lambda wrote about it: all that would be in its log group. */
  logOf(functionName: string): readonly string[];
}

const leftovers: (() => unknown)[] = [];

/** Runs a fixture's stack on the emulator, as `sls package` would have left it. Ends with `stopStories`. */
export async function startStory(fixture: FixtureStack): Promise<Story> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-story-'));
  leftovers.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, fixture.artifact), await artifactOf(fixture.source));
  const stack = loadStack({
    template: fixture.template,
    stackName: fixture.name,
    region: 'us-east-1',
    artifacts: folder,
    cache: join(folder, 'code'),
  });
  const log: LogEntry[] = [];
  const emulator = await startEmulator(stack, {
    ports: { http: 0, websocket: 0, lambda: 0, dynamodb: 0 },
    seed: 1,
    log: (entry) => log.push(entry),
  });
  leftovers.push(() => emulator.stop());
  const { http = '', websocket = '', management = '' } = emulator.urls;
  return {
    stack,
    http,
    websocket,
    management,
    complaints: () =>
      log
        .filter(({ source, level }) => source === 'gateway' && (level === 'warn' || level === 'error'))
        .map(({ behaviour, message }) => ({ behaviour, message })),
    async invoke(functionName, event) {
      const invocations = `${emulator.urls.lambda}/2015-03-31/functions/${functionName}/invocations`;
      return (await fetch(invocations, { method: 'POST', body: JSON.stringify(event) })).json();
    },
    logOf: (functionName) => log.filter(({ source }) => source === functionName).map(({ message }) => message),
  };
}

/** Stops clients, then emulators, then deletes what was unpacked; for `afterEach`. */
export async function stopStories(): Promise<void> {
  await stopClients();
  for (const stop of leftovers.splice(0).reverse()) await stop();
}

const artifacts = new Map<string, Promise<Uint8Array>>();

/** Each source is bundled once, however many stacks and tests run it. */
function artifactOf(source: URL): Promise<Uint8Array> {
  const made = artifacts.get(source.href) ?? bundle(fileURLToPath(source));
  artifacts.set(source.href, made);
  return made;
}

async function bundle(file: string): Promise<Uint8Array> {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    mainFields: ['module', 'main'],
  });
  return zipSync({ 'handlers.cjs': result.outputFiles[0]?.contents ?? new Uint8Array() }, { level: 0 });
}
