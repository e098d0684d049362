import type { UpstreamAddress } from '../proxy/upstream-address.ts';
import type { Online, Report } from '../session/events.ts';
import { startSession } from '../session/session.ts';
import { agentKeyFile, loadAgentKey } from './agent-key.ts';
import type { CliContext, Environment } from './context.ts';
import { clearTokenWarning, isThisMachine } from './endpoint.ts';
import { EXIT, type ExitCode } from './failure.ts';
import { createLazyUpload } from './lazy-upload.ts';
import { createLazyUpstream } from './lazy-upstream.ts';
import { outcomeFailure } from './outcome.ts';
import { createReport } from './report.ts';
import type { Settings } from './settings.ts';
import { keepHeapSmall } from './small-heap.ts';
import { version } from './version.ts';

export interface TunnelRun {
  readonly upstream: UpstreamAddress;
  readonly settings: Settings;
  /** Says where the agent's key is kept. */
  readonly env: Environment;
  /** Where the key has been loaded already, for several tunnels: 43 of base64url. */
  readonly agentKey?: string;
  readonly report: Report;
  /** Finish what is in flight, then end. */
  readonly stop: AbortSignal;
  /** End at once. */
  readonly kill: AbortSignal;
  /** Called whenever the tunnel is online, after the report. */
  readonly onOnline?: (online: Online) => void;
}

/** The command `postern <upstream>`. */
export function openTunnel(context: CliContext, upstream: UpstreamAddress, settings: Settings): Promise<ExitCode> {
  const { env, stop, kill } = context;
  const report = createReport(settings, context);
  return runTunnel({ upstream, settings, env, stop, kill, report, onOnline: keepHeapSmall });
}

/** Opens a tunnel and serves it until it is stopped or cannot go on; then everything it opened is closed. */
export async function runTunnel(run: TunnelRun): Promise<ExitCode> {
  const { settings, report } = run;
  const agentKey = run.agentKey ?? loadKey(run.env, report);
  const inClear = clearTokenWarning(settings);
  if (inClear) report({ event: 'error', code: 'token_in_clear', message: inClear });
  const upstream = createLazyUpstream(run.upstream, settings.hostHeader);
  const uploads = createLazyUpload(isThisMachine(settings.endpoint));
  const session = startSession({
    endpoint: settings.endpoint,
    ...(settings.token && { token: settings.token }),
    ...(settings.tunnelId && { tunnelId: settings.tunnelId }),
    agentKey,
    ...(settings.balance && { balance: settings.balance }),
    agent: `postern/${version()}`,
    connectTimeoutMs: settings.connectTimeoutMs,
    requestTimeoutMs: settings.requestTimeoutMs,
    forward: upstream.forward,
    upload: uploads.upload,
    report(event) {
      report(event);
      if (event.event !== 'online') return;
      upstream.load();
      run.onOnline?.(event);
    },
  });

  const stop = () => session.stop();
  const kill = () => {
    session.stop();
    session.stop();
  };
  run.stop.addEventListener('abort', stop, { once: true });
  run.kill.addEventListener('abort', kill, { once: true });
  if (run.stop.aborted) stop();
  try {
    const outcome = await session.ended;
    const failure = outcomeFailure(outcome, settings);
    if (!failure) return EXIT.done;
    report({ event: 'error', code: failure.code, message: `${failure.cause} ${failure.cure}` });
    return failure.exit;
  } finally {
    run.stop.removeEventListener('abort', stop);
    run.kill.removeEventListener('abort', kill);
    await Promise.all([upstream.close(), uploads.close()]);
  }
}

/** The agent's key, or one for this run only, of which the report is told. */
export function loadKey(env: Environment, report: Report): string {
  const { key, problem } = loadAgentKey(agentKeyFile(env));
  if (problem) report({ event: 'error', code: 'agent_key_not_kept', message: `a key for this run only: ${problem}` });
  return key;
}
