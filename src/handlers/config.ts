import { logLevel } from '../adapters/system.ts';
import type { LogLevel } from '../tunnel/ports.ts';

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
}

/** @throws naming the variable that is missing */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  function required(name: string): string {
    const value = environment[name];
    if (!value) throw new Error(`the environment variable ${name} is not set`);
    return value;
  }
  const wildcardDomain = environment.POSTERN_WILDCARD_DOMAIN;
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
  };
}
