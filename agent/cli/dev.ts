import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { endpointLines } from '../../emulator/endpoint-lines.ts';
import { type PackageResult, packageService } from '../../emulator/packaging/package-service.ts';
import { reloadOnChange } from '../../emulator/packaging/reload-on-change.ts';
import { type Settings as EmulatorSettings, overlay, readSettings } from '../../emulator/settings.ts';
import { EmulatorError } from '../../emulator/stack/emulator-error.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import type { Stack } from '../../emulator/stack/stack.ts';
import { type PackagedService, readPackagedService } from '../../emulator/template/packaged-service.ts';
import { startDemoApp } from '../dev/demo-app.ts';
import { selfCheck } from '../dev/self-check.ts';
import { parseUpstream, type UpstreamAddress } from '../proxy/upstream-address.ts';
import type { CliContext } from './context.ts';
import { failureOf, logLine } from './emulator-words.ts';
import { EXIT, type ExitCode, type Failure, isFailure } from './failure.ts';
import { createReport } from './report.ts';
import type { Settings } from './settings.ts';
import { runTunnel } from './tunnel.ts';

export interface DevOptions {
  readonly settings: Settings;
  /** End after the self-check. */
  readonly once: boolean;
  /** The emulator's setting, as it was given; that of serverless.yml without it. */
  readonly latency?: unknown;
}

const SERVICE = fileURLToPath(new URL('../../', import.meta.url));
const STAGE = 'dev';
const NOT_HERE = 'Run npx sls offline and npx postern, or take the setting out.';

/**
 * The command `postern dev`: the whole cloud side on this machine, and a tunnel through it.
 * @param upstream the demo app when absent
 */
export async function runDev(
  context: CliContext,
  upstream: UpstreamAddress | undefined,
  { settings, once, latency }: DevOptions,
): Promise<ExitCode | Failure> {
  const started: { stop(): Promise<void> }[] = [];
  try {
    const asked = readSettings({ latency });
    const service = await packagedService(context, settings);
    if (isFailure(service)) return context.stop.aborted ? EXIT.done : service;
    const log = emulatorLog(context, settings);
    const chosen = settingsOf(service, asked);
    const emulator = await startEmulator(service.stack, { ...chosen, portSearch: true, log });
    started.push(emulator);
    if (!once && chosen.reload !== false) {
      const end = reloadOnChange({ sources: SERVICE, emulator, log, load: () => stackNow(context) });
      started.push({ stop: async () => end() });
    }
    showEndpoints(emulator, context, settings);
    if (!emulator.urls.websocket) throw new Error('the stack has no WebSocket API');
    if (!upstream) {
      const demo = await startDemoApp();
      started.push(demo);
      upstream = addressOf(demo.url);
    }
    return await tunnelThrough(emulator.urls.websocket, upstream, context, { settings, once });
  } catch (error) {
    if (error instanceof EmulatorError) return failureOf(error);
    throw error;
  } finally {
    for (const each of started.reverse()) await each.stop();
  }
}

async function packagedService(context: CliContext, settings: Settings): Promise<PackagedService | Failure> {
  const notice = (text: string) => settings.json || context.stdout.write(`${text}\n`);
  const result = await packageNow(context, () => notice('  compiling the stack (kept for the next start) …'));
  if (result.kind === 'packaged') return readPackagedService(result.folder, join(result.folder, 'code'));
  return {
    exit: EXIT.broken,
    code: 'package_failed',
    cause: `The stack does not compile:\n${result.output.trim()}`,
    cure: 'Mend serverless.yml or the sources it names, then start again.',
  };
}

/** @throws where the sources do not compile */
async function stackNow(context: CliContext): Promise<Stack> {
  const result = await packageNow(context);
  if (result.kind === 'failed') throw new Error(`the stack does not compile:\n${result.output.trim()}`);
  return readPackagedService(result.folder, join(result.folder, 'code')).stack;
}

function packageNow({ env }: CliContext, onMiss = () => {}): Promise<PackageResult> {
  return packageService({ service: SERVICE, stage: STAGE, cache: join(SERVICE, '.postern'), environment: env, onMiss });
}

/** Opens the tunnel, checks it once from outside, and serves it until told to stop. */
async function tunnelThrough(
  endpoint: string,
  upstream: UpstreamAddress,
  context: CliContext,
  { settings, once }: DevOptions,
): Promise<ExitCode> {
  const checked = new AbortController();
  let check: Promise<boolean> | undefined;
  const exit = await runTunnel({
    upstream,
    settings: { ...settings, endpoint },
    env: context.env,
    report: createReport(settings, context),
    stop: AbortSignal.any([context.stop, checked.signal]),
    kill: context.kill,
    onOnline({ publicUrl }) {
      check ??= selfCheck(publicUrl, settings.json, context.stdout).finally(() => once && checked.abort());
    },
  });
  return exit === EXIT.done && once && !(await check) ? EXIT.broken : exit;
}

/** Settings of serverless.yml that this command cannot follow are refused. */
function settingsOf({ settings: written }: PackagedService, asked: EmulatorSettings): EmulatorSettings {
  const settings = overlay(readSettings(written), asked);
  // The agent and the check in this very process would have to trust the certificate.
  if (settings.tls)
    throw new EmulatorError({ code: 'SETTINGS_INVALID', cause: 'custom.postern.tls is on.', cure: NOT_HERE });
  // It is started by a plugin of the framework, which is not loaded here.
  if (settings.dynamodb === 'local') {
    const cause = 'custom.postern.dynamodb is `local`, which only `npx sls offline` can start.';
    throw new EmulatorError({ code: 'DATABASE_UNREACHABLE', cause, cure: NOT_HERE });
  }
  return settings;
}

function emulatorLog({ stderr }: CliContext, { detail }: Settings): (entry: LogEntry) => void {
  return (entry) => {
    const { level, source } = entry;
    // What goes wrong behind the tunnel the agent says itself; the gateway's warnings nobody else does.
    const heard = level === 'error' || source === 'emulator' || (level === 'warn' && source === 'gateway');
    if (level !== 'debug' && (heard || detail === 'verbose')) stderr.write(`${logLine(entry)}\n`);
  };
}

function showEndpoints({ urls }: Emulator, { stdout }: CliContext, { json }: Settings): void {
  if (json) return;
  for (const line of endpointLines(urls)) stdout.write(`${line}\n`);
}

function addressOf(url: string): UpstreamAddress {
  const parsed = parseUpstream(url);
  if (parsed.kind !== 'address') throw new Error(parsed.problem);
  return parsed.address;
}
