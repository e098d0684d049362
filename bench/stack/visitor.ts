import { Agent, type IncomingHttpHeaders, request } from 'node:http';

export interface Visit {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

export type Visited =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer }
  /** No whole answer came. */
  | { readonly kind: 'failed'; readonly why: string };

/** Whoever asks for the public URL. */
export interface Visitor {
  visit(url: string, visit?: Visit): Promise<Visited>;
  /** How often a kept connection turned out to be closed, so that the request was sent again over another. */
  retried(): number;
  close(): void;
}

/** Longer than any door keeps a visitor waiting (HR-06). */
const PATIENCE_MS = 35_000;

export function createVisitor(): Visitor {
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  let retried = 0;

  function visit(url: string, { method = 'GET', headers = {}, body }: Visit = {}): Promise<Visited> {
    return new Promise((resolve) => {
      const length: Record<string, string> = body ? { 'content-length': String(body.length) } : {};
      const sent = request(url, { agent, method, headers: { ...headers, ...length } }, (response) => {
        const slices: Buffer[] = [];
        response.on('data', (slice: Buffer) => slices.push(slice));
        response.once('error', (error) => resolve({ kind: 'failed', why: error.message }));
        response.once('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ kind: 'answered', status: statusCode, headers, body: Buffer.concat(slices) });
        });
      });
      sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
      sent.once('error', (error: NodeJS.ErrnoException) => {
        // The server may close a connection that was idle in the very moment it is used again: that is no answer.
        if (sent.reusedSocket && error.code === 'ECONNRESET') {
          retried += 1;
          resolve(visit(url, { method, headers, ...(body && { body }) }));
        } else resolve({ kind: 'failed', why: error.message });
      });
      sent.end(body);
    });
  }

  return { visit, retried: () => retried, close: () => agent.destroy() };
}

/** Why a visit was for nothing: `502 agent_offline`, or what the network said. */
export function problemOf(visited: Visited): string {
  if (visited.kind === 'failed') return visited.why;
  return `${visited.status} ${visited.headers['x-postern-error'] ?? ''}`.trim();
}
