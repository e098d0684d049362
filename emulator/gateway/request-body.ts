import type { IncomingMessage } from 'node:http';

const EMPTY = Buffer.alloc(0);

export type RequestBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** More than the limit came; all of it was read and dropped, so that the client can read the answer. */
  | { readonly kind: 'too-large' }
  /** The client went away in mid-body. */
  | { readonly kind: 'aborted' };

/** Reads a request's body, holding at most `limit` bytes. Never rejects. */
export function readBody(request: IncomingMessage, limit: number): Promise<RequestBody> {
  if (request.headers['content-length'] === undefined && request.headers['transfer-encoding'] === undefined) {
    return Promise.resolve({ kind: 'whole', bytes: EMPTY });
  }
  if (request.destroyed) return Promise.resolve({ kind: 'aborted' });
  return new Promise((resolve) => {
    let slices: Buffer[] = [];
    let length = 0;
    request.on('data', (slice: Buffer) => {
      length += slice.length;
      if (length <= limit) slices.push(slice);
      else slices = [];
    });
    request.once('end', () => {
      if (length > limit) resolve({ kind: 'too-large' });
      else
        resolve({ kind: 'whole', bytes: slices.length === 1 ? (slices[0] ?? EMPTY) : Buffer.concat(slices, length) });
    });
    request.once('error', () => resolve({ kind: 'aborted' }));
    request.once('close', () => resolve({ kind: 'aborted' }));
  });
}
