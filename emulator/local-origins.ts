import { apiDomain, functionUrlDomain, type LambdaFunction, type Stack } from './stack/stack.ts';

/** Where the stack's endpoints listen on this machine: `http://localhost:4000` or, with TLS, `https:`; without a path. */
export interface LocalOrigins {
  readonly http?: string;
  /** Of the WebSocket API and its Management API. */
  readonly websocket?: string;
  /** Of function URLs, by function name. */
  readonly functions?: Readonly<Record<string, string>>;
  /** Of Lambda's Invoke API. */
  readonly lambda?: string;
}

/**
 * Host names that the stack's functions know from AWS → the local origin that answers for each. A WebSocket API's is
 * `ws:` or `wss:`. Names of one's own are there as well, a wildcard as it is (`*.tunnel.example.com`).
 */
export function originsByHost(
  stack: Stack,
  { http, websocket, functions = {}, lambda }: LocalOrigins,
): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  const ofApi = new Map<string, string>();
  if (stack.httpApi && http) ofApi.set(stack.httpApi.apiId, http);
  if (stack.webSocketApi && websocket) ofApi.set(stack.webSocketApi.apiId, websocket.replace(/^http/, 'ws'));

  for (const { domainName, apiId } of stack.domains) {
    const origin = ofApi.get(apiId);
    if (origin !== undefined) origins.set(domainName, origin);
  }
  for (const [apiId, origin] of ofApi) origins.set(apiDomain(stack, apiId), origin);
  for (const { name, url } of stack.functions) {
    const origin = functions[name];
    if (url && origin !== undefined) origins.set(functionUrlDomain(stack, url.urlId), origin);
  }
  if (lambda) origins.set(`lambda.${stack.region}.amazonaws.com`, lambda);
  return origins;
}

const PUBLIC_ADDRESS = /https:\/\/([a-z0-9]+\.(?:execute-api|lambda-url)\.[a-z0-9.-]+)/g;

/**
 * The function with the public addresses of its stack in its environment (`https://{apiId}.execute-api.…`, a function
 * URL) turned into local ones, since people are shown them. Those of the WebSocket API and its Management API stay what
 * they are in AWS, scheme included: the function's network leads them to the emulator, and what is wrong with them must
 * go wrong here (MG-14).
 */
export function withLocalEnvironment(fn: LambdaFunction, origins: ReadonlyMap<string, string>): LambdaFunction {
  const environment = Object.entries(fn.environment).map(([name, value]) => [name, localise(value, origins)]);
  return { ...fn, environment: Object.fromEntries(environment) };
}

function localise(value: string, origins: ReadonlyMap<string, string>): string {
  return value.replace(PUBLIC_ADDRESS, (whole, host: string) => {
    const origin = origins.get(host) ?? '';
    return /^https?:/.test(origin) ? origin : whole;
  });
}
