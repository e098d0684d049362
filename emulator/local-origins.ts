import { apiDomain, type LambdaFunction, type Stack } from './stack/stack.ts';

/** Where the stack's APIs listen on this machine: `http://localhost:4000`, without a path. */
export interface LocalOrigins {
  readonly http?: string;
  /** Of the WebSocket API and its Management API, as `http:`. */
  readonly websocket?: string;
}

/** Host names of the stack's APIs in AWS → the local origin that answers for each. */
export function originsByHost(stack: Stack, { http, websocket }: LocalOrigins): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  if (stack.httpApi && http) origins.set(apiDomain(stack, stack.httpApi.apiId), http);
  if (stack.webSocketApi && websocket) origins.set(apiDomain(stack, stack.webSocketApi.apiId), websocket);
  return origins;
}

/**
 * The function with the AWS origins in its environment (`wss://{apiId}.execute-api.…`, `https://…`) turned into local
 * ones (`ws://localhost:4001`, `http://localhost:4000`), so that code reads from its settings what it would in AWS.
 */
export function withLocalEnvironment(fn: LambdaFunction, origins: ReadonlyMap<string, string>): LambdaFunction {
  const environment = Object.entries(fn.environment).map(([name, value]) => [name, localise(value, origins)]);
  return { ...fn, environment: Object.fromEntries(environment) };
}

function localise(value: string, origins: ReadonlyMap<string, string>): string {
  return value.replace(/(wss|https):\/\/([a-z0-9.-]+)/g, (whole, scheme: string, host: string) => {
    const origin = origins.get(host);
    if (origin === undefined) return whole;
    return scheme === 'wss' ? origin.replace(/^http/, 'ws') : origin;
  });
}
