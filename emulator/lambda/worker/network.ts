import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import tls from 'node:tls';
import type { NetworkSetup } from './messages.ts';

const LOOPBACK = '127.0.0.1';
const HTTPS_PORT = 443;

type Options = tls.ConnectionOptions & { host?: string; port?: number | string; path?: string | null };
type Given = readonly unknown[];

/**
 * Leads connections to the stack's own hosts in AWS (`https://{apiId}.execute-api.…`) to the emulator. This is done where
 * connections are made, below `http`, `https`, `fetch` and every WebSocket, so that all a request says stays as it was:
 * its signature covers it, `Host` included.
 *
 * Those hosts speak TLS alone. Without TLS, port 80 accepts and never answers, as in AWS (MG-14).
 * @param note told of what would puzzle in AWS as well
 */
export function routeNetwork({ origins, silentPort, certificate }: NetworkSetup, note: (text: string) => void): void {
  if (origins.length === 0) return;
  const byHost = new Map(origins);
  const originOf = (host: string | undefined) =>
    host === undefined ? undefined : (byHost.get(host) ?? byHost.get(host.replace(/^[^.]*/, '*')));

  /** Said once in an environment's life. */
  const noted = new Set<string>();
  const connectTls = tls.connect as (...given: Given) => tls.TLSSocket;
  const connectPlain = net.Socket.prototype.connect as (this: net.Socket, ...given: Given) => net.Socket;

  tls.connect = ((...given: Given) => {
    const { options, callback } = read(given);
    const origin = options.path || options.socket ? undefined : originOf(options.host);
    if (origin === undefined) return connectTls(...given);
    const { protocol, port } = new URL(origin);
    const local = { ...options, host: LOOPBACK, port: Number(port) };
    if (protocol !== 'https:' && protocol !== 'wss:') return standIn(local, callback);
    const trusted = certificate === undefined ? {} : { ca: certificate };
    return connectTls({ ...local, servername: options.servername ?? options.host, ...trusted }, callback);
  }) as typeof tls.connect;

  net.Socket.prototype.connect = function connect(this: net.Socket, ...given: Given): net.Socket {
    const { options, callback } = read(Array.isArray(given[0]) ? given[0] : given);
    const { host, port } = options;
    if (options.path || originOf(host) === undefined) return connectPlain.apply(this, [...given]);
    const warning = plainWarning(host, port);
    if (!noted.has(warning)) note(warning);
    noted.add(warning);
    if (Number(port) === HTTPS_PORT) this.once('connect', () => setImmediate(() => this.destroy(reset())));
    return connectPlain.call(this, { ...options, host: LOOPBACK, port: silentPort }, callback);
  };
  syncBuiltinESMExports();
}

/** `connect(options)`, `connect(port, host)` and `connect(port, host, options)`, each with or without a callback. */
function read(given: Given): { options: Options; callback: (() => void) | undefined } {
  const [first, second] = given;
  const callback = given.find((each): each is () => void => typeof each === 'function');
  const named = given.find((each): each is Options => typeof each === 'object' && each !== null) ?? {};
  if (first === named) return { options: named, callback };
  const host = typeof second === 'string' ? second : undefined;
  return { options: { port: Number(first), ...(host !== undefined && { host }), ...named }, callback };
}

/** A plain connection to the emulator, where that does not speak TLS, which looks to its user as if it did. */
function standIn(options: Options, callback: (() => void) | undefined): net.Socket {
  const socket = net.connect({ host: options.host, port: Number(options.port), allowHalfOpen: false });
  if (callback !== undefined) socket.once('secureConnect', callback);
  socket.once('connect', () => socket.emit('secureConnect'));
  return Object.assign(socket, {
    encrypted: true,
    authorized: true,
    alpnProtocol: false,
    servername: options.servername,
    getPeerCertificate: () => ({}),
    getProtocol: () => 'TLSv1.3',
    getSession: () => undefined,
    isSessionReused: () => false,
  });
}

function plainWarning(host: string | undefined, port: number | string | undefined): string {
  const symptom = Number(port) === HTTPS_PORT ? 'which closes the connection' : 'which never answers';
  return (
    `speaks plain HTTP to port ${port} of ${host}, ${symptom}: that host is served by TLS alone. ` +
    'The AWS SDK does so for every endpoint whose scheme is not https:, wss: included; use https:'
  );
}

function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
}
