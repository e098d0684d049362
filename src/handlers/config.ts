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
  /** How waiting functions hear of answers: `push` to connections of their own, or `poll` of the table. */
  readonly rendezvous: 'push' | 'poll';
  /** Whether visitors are told by `Server-Timing` what took how long. */
  readonly serverTiming: boolean;
  /** Of the streaming door, without a slash at the end; absent for that door itself, and where there is none. */
  readonly streamingUrl?: string;
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
  function oneOf<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
    const value = environment[name] || choices[0];
    const choice = choices.find((one) => one === value);
    if (choice !== undefined) return choice;
    throw new Error(`the environment variable ${name} is none of ${choices.join(', ')}`);
  }
  const wildcardDomain = environment.POSTERN_WILDCARD_DOMAIN;
  const streamingUrl = environment.POSTERN_STREAMING_URL?.replace(/\/+$/, '');
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
    rendezvous: oneOf('POSTERN_RENDEZVOUS', ['push', 'poll']),
    serverTiming: oneOf('POSTERN_SERVER_TIMING', ['off', 'on']) === 'on',
    ...(streamingUrl && { streamingUrl }),
    ...(bucket && { largeResponses: { bucket, ...(endpoint && { endpoint }) } }),
  };
}
