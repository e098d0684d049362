import { logLevel } from '../adapters/system.ts';
import { HEARTBEAT_SECONDS, RENEW_AFTER_SECONDS } from '../protocol/limits.ts';
import type { LogLevel, Pace } from '../tunnel/ports.ts';

/** What a function is told by its environment, all of it. Names as in serverless.yml. */
export interface Config {
  readonly tunnelsTable: string;
  readonly connectionsTable: string;
  readonly pendingRequestsTable: string;
  /** `wss://…/stage` */
  readonly webSocketEndpoint: string;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly wildcardDomain?: string;
  readonly auth: string;
  readonly tokens: string;
  readonly logLevel: LogLevel;
  readonly pace: Pace;
  /** Where the bodies go that no door can give back; absent where the stack has no such place. */
  readonly largeResponses?: {
    readonly bucket: string;
    /** Another S3 than AWS's, by the variable that the SDKs know. */
    readonly endpoint?: string;
  };
}

/** @throws naming the variable that is missing */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  function required(name: string): string {
    const value = environment[name];
    if (!value) throw new Error(`the environment variable ${name} is not set`);
    return value;
  }
  /** A whole number from 1 to `most`, which is what an unset variable means too. */
  function seconds(name: string, most: number): number {
    const value = Number(environment[name] || most);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new Error(`the environment variable ${name} is not a whole number from 1 to ${most}`);
  }
  const wildcardDomain = environment.POSTERN_WILDCARD_DOMAIN;
  const bucket = environment.POSTERN_LARGE_RESPONSES_BUCKET;
  const endpoint = environment.AWS_ENDPOINT_URL_S3;
  return {
    tunnelsTable: required('TUNNELS_TABLE'),
    connectionsTable: required('CONNECTIONS_TABLE'),
    pendingRequestsTable: required('PENDING_REQUESTS_TABLE'),
    webSocketEndpoint: required('WEBSOCKET_API_ENDPOINT'),
    publicUrl: required('POSTERN_PUBLIC_URL').replace(/\/+$/, ''),
    ...(wildcardDomain && { wildcardDomain }),
    auth: environment.POSTERN_AUTH ?? '',
    tokens: environment.POSTERN_TOKENS ?? '',
    logLevel: logLevel(environment.POSTERN_LOG_LEVEL),
    pace: {
      renewAfterSeconds: seconds('POSTERN_RENEW_AFTER_S', RENEW_AFTER_SECONDS),
      heartbeatSeconds: seconds('POSTERN_HEARTBEAT_S', HEARTBEAT_SECONDS),
    },
    ...(bucket && { largeResponses: { bucket, ...(endpoint && { endpoint }) } }),
  };
}
