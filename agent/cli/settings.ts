import { isTunnelId } from '../../src/protocol/ids.ts';
import type { Balance } from '../../src/protocol/messages.ts';
import type { HostHeader } from '../proxy/forwarded-headers.ts';
import type { Environment } from './context.ts';
import { parseDuration } from './duration.ts';
import { type Failure, usageFailure } from './failure.ts';

/** What a person has chosen, by option or variable, checked and complete. */
export interface Settings {
  readonly endpoint: string;
  readonly token?: string;
  readonly tunnelId?: string;
  readonly hostHeader: HostHeader;
  /** How requests are shared out where several agents have the tunnel id; the edge's default, `spread`, without it. */
  readonly balance?: Balance;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly json: boolean;
  readonly detail: 'quiet' | 'normal' | 'verbose';
}

/** Options as cac gives them, each a string or true; an array when somebody said it twice. */
export type RawOptions = Readonly<Record<string, unknown>>;

const DEFAULT_ENDPOINT = 'ws://localhost:4001/dev';

/** Options win over variables, variables over defaults; an empty variable counts as unset. */
export function readSettings(options: RawOptions, env: Environment): Settings | Failure {
  try {
    return read(options, env);
  } catch (error) {
    if (error instanceof Problem) return usageFailure(error.message, error.cure);
    throw error;
  }
}

class Problem extends Error {
  readonly cure: string | undefined;
  constructor(message: string, cure?: string) {
    super(message);
    this.cure = cure;
  }
}

function read(options: RawOptions, env: Environment): Settings {
  const token = text(options, 'token') ?? (env.POSTERN_TOKEN || undefined);
  const tunnelId = text(options, 'tunnelId') ?? (env.POSTERN_TUNNEL_ID || undefined);
  if (options.verbose && options.quiet) throw new Problem('--verbose and --quiet contradict each other.');
  return {
    endpoint: endpoint(text(options, 'endpoint') ?? (env.POSTERN_ENDPOINT || DEFAULT_ENDPOINT)),
    ...(token !== undefined && { token: checkedToken(token) }),
    ...(tunnelId !== undefined && { tunnelId: checkedTunnelId(tunnelId) }),
    ...balance(text(options, 'balance')),
    hostHeader: hostHeader(text(options, 'hostHeader') ?? 'preserve'),
    connectTimeoutMs: duration(options, 'connectTimeout', '--connect-timeout', 10_000),
    requestTimeoutMs: duration(options, 'requestTimeout', '--request-timeout', 25_000),
    json: options.json === true,
    detail: options.verbose ? 'verbose' : options.quiet ? 'quiet' : 'normal',
  };
}

function text(options: RawOptions, name: string): string | undefined {
  const value = options[name];
  if (value === undefined || typeof value === 'string') return value;
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new Problem(Array.isArray(value) ? `${flag} is given more than once.` : `${flag} needs a value.`);
}

function endpoint(href: string): string {
  const cure =
    'Give the WebSocket URL that the deployment printed, like wss://abc123.execute-api.eu-west-1.amazonaws.com/prod';
  if (!URL.canParse(href)) throw new Problem(`The endpoint "${href}" is not a URL.`, cure);
  const url = new URL(href);
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new Problem(`The endpoint "${href}" does not begin with ws:// or wss://.`, cure);
  }
  if (url.username || url.password) throw new Problem('The endpoint may not hold credentials.', 'Use --token.');
  if (url.hash) throw new Problem(`The endpoint "${href}" may not have a fragment.`, cure);
  return url.href;
}

/** What fits a header; whether it is right only the edge knows. */
function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new Problem('The token is empty or has characters that no token has.', 'postern token makes a new one.');
}

function checkedTunnelId(tunnelId: string): string {
  if (isTunnelId(tunnelId)) return tunnelId;
  throw new Problem(
    `The tunnel id "${tunnelId}" cannot be a label of a host name.`,
    'Use 3 to 63 of a-z, 0-9 and -, with no - at either end.',
  );
}

function balance(value: string | undefined): { balance?: Balance } {
  if (value === undefined) return {};
  if (value === 'spread' || value === 'sticky' || value === 'failover') return { balance: value };
  throw new Problem(`--balance ${value} is unknown.`, 'Use spread, sticky or failover.');
}

function hostHeader(value: string): HostHeader {
  if (value === 'preserve' || value === 'rewrite') return { kind: value };
  if (/^[\x21-\x7e]+$/.test(value)) return { kind: 'fixed', value };
  throw new Problem(`The host header "${value}" has characters that no host has.`);
}

function duration(options: RawOptions, name: string, flag: string, otherwise: number): number {
  const value = text(options, name);
  if (value === undefined) return otherwise;
  const ms = parseDuration(value);
  if (ms === undefined) throw new Problem(`${flag} ${value} is not a time.`, 'Use seconds or a unit: 500ms, 10s, 1m.');
  return ms;
}
