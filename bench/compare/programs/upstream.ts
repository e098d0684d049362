/**
 * What answers behind every tunnel. `/small/N` about 200 bytes that begin with N, `/bytes/N` N bytes that do not compress, `/text/N` N bytes
 * of text, `/slow/MS` after so many milliseconds, `/sink` the length and the SHA-256 of what was posted, `/drain` its length.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bytesOf, textOf } from '../bodies.ts';

const bodies = new Map<string, Buffer>();

const server = createServer((request, response) => {
  const [, what = '', which = ''] = (request.url ?? '/').split('/');
  switch (what) {
    case 'small':
      return answer(response, 'text/plain', `${which} `.padEnd(200, '.'));
    case 'bytes':
      return answer(
        response,
        'application/octet-stream',
        bodyOf(request.url ?? '', () => bytesOf(Number(which))),
      );
    case 'text':
      return answer(
        response,
        'text/html; charset=utf-8',
        bodyOf(request.url ?? '', () => textOf(Number(which))),
      );
    case 'slow':
      setTimeout(() => answer(response, 'text/plain', 'slow'), Number(which));
      return;
    case 'sink':
    case 'drain':
      return take(request, response, what === 'sink');
    default:
      answer(response, 'text/plain', 'here');
  }
});
// A tunnel's idle connection must not break in the middle of a measurement.
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => process.send?.({ id: -1, answer: (server.address() as AddressInfo).port }));

function answer(response: ServerResponse, type: string, body: Buffer | string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function take(request: IncomingMessage, response: ServerResponse, hashed: boolean): void {
  const hash = createHash('sha256');
  let length = 0;
  request.on('data', (slice: Buffer) => {
    length += slice.length;
    if (hashed) hash.update(slice);
  });
  request.once('end', () => answer(response, 'text/plain', `${length} ${hashed ? hash.digest('hex') : ''}`));
}

/** The same for the same path, so that it is made once. */
function bodyOf(path: string, make: () => Buffer): Buffer {
  const body = bodies.get(path) ?? make();
  bodies.set(path, body);
  return body;
}
