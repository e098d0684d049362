import type { HostHeader } from '../proxy/forwarded-headers.ts';
import { type ConfigFile, loadConfig } from './config-file.ts';
import type { ConfiguredTunnel } from './config-tunnels.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode, type Failure, isFailure } from './failure.ts';
import { formatMs } from './format.ts';
import type { RawOptions } from './settings.ts';

/** The command `postern config validate`: what `postern up` would run, with no secret in it; nothing is opened. */
export function checkConfig({ env, stdout }: CliContext, options: RawOptions): ExitCode | Failure {
  const config = loadConfig(options, env);
  if (isFailure(config)) return config;
  stdout.write(options.json === true ? asJson(config) : asText(config));
  return EXIT.done;
}

function asJson({ file, tunnels }: ConfigFile): string {
  return `${JSON.stringify({ event: 'config', at: Date.now(), file, tunnels: tunnels.map(shown) })}\n`;
}

function asText({ file, tunnels }: ConfigFile): string {
  const count = tunnels.length === 1 ? 'one tunnel' : `${tunnels.length} tunnels`;
  return `${[`${file} is right: ${count}.`, ...tunnels.map(describe)].join('\n\n')}\n`;
}

function describe(tunnel: ConfiguredTunnel): string {
  const { name, tunnelId = 'a random one', token, ...rest } = shown(tunnel);
  const rows = {
    upstream: rest.upstream,
    endpoint: rest.endpoint,
    'tunnel id': tunnelId,
    token: token ? 'given, not shown' : 'none',
    'host header': rest.hostHeader,
    balance: rest.balance,
    'connect timeout': formatMs(rest.connectTimeoutMs),
    'request timeout': formatMs(rest.requestTimeoutMs),
    ...(rest.detail !== 'normal' && { detail: rest.detail }),
  };
  return [name, ...Object.entries(rows).map(([what, value]) => `  ${what.padEnd(17)}${value}`)].join('\n');
}

function shown({ name, upstream, settings }: ConfiguredTunnel) {
  const {
    endpoint,
    tunnelId,
    token,
    hostHeader,
    balance = 'spread',
    connectTimeoutMs,
    requestTimeoutMs,
    detail,
  } = settings;
  return {
    name,
    upstream: `${upstream.protocol}//${upstream.authority}`,
    // A query may hold credentials of whatever stands before the edge.
    endpoint: endpoint.replace(/\?.*/s, '?…'),
    ...(tunnelId !== undefined && { tunnelId }),
    token: token !== undefined,
    hostHeader: hostHeaderWords(hostHeader),
    balance,
    connectTimeoutMs,
    requestTimeoutMs,
    detail,
  };
}

function hostHeaderWords(hostHeader: HostHeader): string {
  return hostHeader.kind === 'fixed' ? hostHeader.value : hostHeader.kind;
}
