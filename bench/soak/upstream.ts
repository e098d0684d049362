import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf as bodyOfRequest, startUpstream } from '../../test/support/upstream.ts';
import { bodyOf, type Kind, sha256 } from './bodies.ts';
import type { Plan } from './plan.ts';

/** What answers behind one tunnel: the bytes that each request asks for. */
export interface SoakUpstream {
  readonly port: number;
  stop(): Promise<void>;
}

/** @param onRan called with the nonce and the method of each request that comes */
export async function startSoakUpstream(
  name: string,
  onRan: (nonce: string, method: string) => void,
): Promise<SoakUpstream> {
  const { url, stop } = await startUpstream((request, response) => {
    // A connection that breaks off in mid-request is the visitor's to count.
    answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { searchParams } = new URL(request.url ?? '/', url);
    const nonce = searchParams.get('nonce') ?? '';
    onRan(nonce, request.method ?? '');
    const upload = await bodyOfRequest(request);
    const kind = searchParams.get('kind') === 'text' ? 'text' : 'random';
    response.writeHead(200, {
      'content-type': typeOf(kind),
      'x-soak-upstream': name,
      'x-soak-nonce': nonce,
      'x-soak-upload': sha256(upload),
    });
    response.end(bodyOf(nonce, kind, Number(searchParams.get('bytes'))));
  }

  return { port: Number(new URL(url).port), stop };
}

export function typeOf(kind: Kind): string {
  return kind === 'text' ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

/** Where to ask for an answer. */
export function pathOf({ nonce, kind, downloadBytes }: Plan): string {
  return `/soak?nonce=${nonce}&kind=${kind}&bytes=${downloadBytes}`;
}
