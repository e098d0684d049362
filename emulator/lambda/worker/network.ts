import dns from 'node:dns';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import { urlToHttpOptions } from 'node:url';

type OnResponse = (response: IncomingMessage) => void;
type RequestArguments = [url: string | URL | RequestOptions, options?: RequestOptions | OnResponse, then?: OnResponse];

const LOOPBACK = '127.0.0.1';

/**
 * Sends what the function addresses to one of the stack's own APIs in AWS (`https://{apiId}.execute-api.…`) to the
 * emulator, by `node:https`, `node:http` and `fetch`. Every header stays as it was, since
 * the request's signature covers it; `Host`, too, but for the port that `fetch` adds.
 * @param origins host name in AWS → local origin, `http://localhost:4000`
 */
export function routeNetwork(origins: ReadonlyMap<string, string>): void {
  if (origins.size === 0) return;
  routeModule(https, 'https:', origins);
  routeModule(http, 'http:', origins);
  syncBuiltinESMExports();
  routeFetch(origins);
}

function routeModule(module: typeof http | typeof https, protocol: string, origins: ReadonlyMap<string, string>): void {
  const original = module.request;
  const sendLocally = http.request;
  const agent = new http.Agent({ keepAlive: true });

  function request(...args: RequestArguments): ClientRequest {
    const [options, onResponse] = asOptions(args);
    const host = options.hostname ?? options.host?.split(':')[0] ?? '';
    const origin = origins.get(host);
    if (origin === undefined) return (original as (...all: RequestArguments) => ClientRequest)(...args);
    const { port } = new URL(origin);
    const { createConnection: _, ...kept } = options;
    const local = { ...kept, protocol: 'http:', host: LOOPBACK, hostname: LOOPBACK, port, agent, setHost: false };
    const sent = sendLocally(local, onResponse);
    if (!sent.hasHeader('host')) sent.setHeader('host', host);
    return sent;
  }

  module.request = request as typeof module.request;
  module.get = ((...args: RequestArguments) => request(...args).end()) as typeof module.get;

  function asOptions([first, second, third]: RequestArguments): [RequestOptions, OnResponse | undefined] {
    const given = typeof first === 'string' || first instanceof URL ? urlToHttpOptions(new URL(first)) : first;
    const extra = typeof second === 'object' ? second : {};
    const then = typeof second === 'function' ? second : third;
    return [{ protocol, ...given, ...extra }, then];
  }
}

/** `fetch` makes its own Host header, with the port in it; so here the name stays in the URL, and leads to loopback. */
function routeFetch(origins: ReadonlyMap<string, string>): void {
  const lookUp = dns.lookup as (hostname: string, ...rest: unknown[]) => void;
  dns.lookup = ((hostname: string, ...rest: unknown[]) =>
    lookUp(origins.has(hostname) ? LOOPBACK : hostname, ...rest)) as typeof dns.lookup;

  const original = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const origin = origins.get(url.hostname);
    if (origin === undefined) return original(input, init);
    url.protocol = 'http:';
    url.port = new URL(origin).port;
    return original(input instanceof Request ? new Request(url, input) : url, init);
  };
}
