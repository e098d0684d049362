import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { endpointLines } from '../../emulator/endpoint-lines.ts';
import { EmulatorError } from '../../emulator/stack/emulator-error.ts';
import type { LogEntry } from '../../emulator/stack/log.ts';
import { type PackagedService, readPackagedService } from '../../emulator/template/packaged-service.ts';
import { startDemoApp } from '../dev/demo-app.ts';
import { packageService } from '../dev/package-service.ts';
import { selfCheck } from '../dev/self-check.ts';
import { parseUpstream, type UpstreamAddress } from '../proxy/upstream-address.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode, type Failure, isFailure } from './failure.ts';
import { createReport } from './report.ts';
import type { Settings } from './settings.ts';
import { runTunnel } from './tunnel.ts';

export interface DevOptions {
  readonly settings: Settings;
  /** End after the self-check. */
  readonly once: boolean;
}

const SERVICE = fileURLToPath(new URL('../../', import.meta.url));
const STAGE = 'dev';

/**
 * The command `postern dev`: the whole cloud side on this machine, and a tunnel through it.
 * @param upstream the demo app when absent
 */
export async function runDev(
  context: CliContext,
  upstream: UpstreamAddress | undefined,
  { settings, once }: DevOptions,
): Promise<ExitCode | Failure> {
  const started: { stop(): Promise<void> }[] = [];
  try {
    const service = await packagedService(context, settings);
    if (isFailure(service)) return context.stop.aborted ? EXIT.done : service;
    const emulator = await startEmulator(service.stack, {
      ...service.settings,
      ...databaseOf(service.settings),
      portSearch: true,
      log: emulatorLog(context, settings),
    });
    started.push(emulator);
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
  const { env, stdout } = context;
  const notice = (text: string) => settings.json || stdout.write(`${text}\n`);
  const result = await packageService({
    service: SERVICE,
    stage: STAGE,
    cache: join(SERVICE, '.postern'),
    environment: env,
    onMiss: () => notice('  compiling the stack (kept for the next start) …'),
  });
  if (result.kind === 'failed') {
    return {
      exit: EXIT.broken,
      code: 'package_failed',
      cause: `The stack does not compile:\n${result.output.trim()}`,
      cure: 'Mend serverless.yml or the sources it names, then start again.',
    };
  }
  return readPackagedService(result.folder, join(result.folder, 'code'));
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

/** `local`, the real DynamoDB Local, is started by a plugin of the framework, which is not loaded here. */
function databaseOf({ dynamodb = 'embedded' }: PackagedService['settings']): { dynamodb: string } {
  if (typeof dynamodb === 'string' && dynamodb !== 'local') return { dynamodb };
  throw new EmulatorError({
    code: 'DATABASE_UNREACHABLE',
    cause: `custom.postern.dynamodb is \`${dynamodb}\`, which only \`npx sls offline\` can start.`,
    cure: 'Run npx sls offline and npx postern, or set it to `embedded` or to the URL of a DynamoDB that runs already.',
  });
}

function emulatorLog({ stderr }: CliContext, { detail }: Settings): (entry: LogEntry) => void {
  return ({ level, source, message, behaviour }) => {
    // What goes wrong behind the tunnel the agent says itself; the gateway's warnings nobody else does.
    const quiet = level === 'debug' || level === 'info' || (level === 'warn' && source !== 'gateway');
    if (level === 'debug' || (quiet && detail !== 'verbose')) return;
    stderr.write(`${level.padEnd(5)}  ${source}: ${message}${behaviour ? ` (${behaviour})` : ''}\n`);
  };
}

function showEndpoints({ urls }: Emulator, { stdout }: CliContext, { json }: Settings): void {
  if (json) return;
  for (const line of endpointLines(urls)) stdout.write(`${line}\n`);
}

function failureOf({ code, cause, cure }: EmulatorError): Failure {
  return { exit: EXIT.broken, code, cause, cure };
}

function addressOf(url: string): UpstreamAddress {
  const parsed = parseUpstream(url);
  if (parsed.kind !== 'address') throw new Error(parsed.problem);
  return parsed.address;
}
