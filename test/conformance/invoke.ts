import { createHash, createHmac } from 'node:crypto';
import type { ProbeRecord } from './probe/src/instruction.ts';
import { notThere, type Target } from './target.ts';

/** What the Invoke API answered. */
export interface Invocation {
  readonly status: number;
  readonly headers: Headers;
  readonly payload: string;
  readonly ms: number;
}

/**
 * Invokes a function by Lambda's own API, signed.
 * @param event sent as JSON, or as it is where it is text
 */
export async function invoke(
  target: Target,
  functionKey: string,
  event: unknown,
  type: 'RequestResponse' | 'Event' = 'RequestResponse',
): Promise<Invocation> {
  const { lambda } = target;
  if (lambda === undefined) return notThere('the Invoke API');
  const path = `/2015-03-31/functions/${target.functionName(functionKey)}/invocations`;
  const body = typeof event === 'string' ? event : JSON.stringify(event);
  const headers = sign(target, new URL(lambda).host, path, body, { 'x-amz-invocation-type': type });
  const startedAt = performance.now();
  const response = await fetch(lambda + path, { method: 'POST', body, headers, signal: AbortSignal.timeout(15_000) });
  const payload = await response.text();
  return { status: response.status, headers: response.headers, payload, ms: performance.now() - startedAt };
}

/** Everything that functions told of events with that tag, as soon as there is `count` of it, or after a while. */
export async function recordsOf(target: Target, tag: string, count: number, ms = 3_000): Promise<ProbeRecord[]> {
  const until = Date.now() + ms;
  for (;;) {
    const all = await target.entries();
    const found = all.filter((entry): entry is ProbeRecord => entry.kind === 'event' && entry.tag === tag);
    if (found.length >= count || Date.now() > until) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Signature Version 4 of a POST whose path needs no escapes. */
function sign(
  { region, credentials: { accessKeyId, secretAccessKey, sessionToken } }: Target,
  host: string,
  path: string,
  body: string,
  further: Readonly<Record<string, string>>,
): Record<string, string> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const sent = { ...further, 'x-amz-date': time, ...(sessionToken && { 'x-amz-security-token': sessionToken }) };
  const lines = Object.entries({ ...sent, host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const names = lines.map(([name]) => name).join(';');
  const canonical = ['POST', path, '', ...lines.map((line) => line.join(':')), '', names, sha256(body)].join('\n');
  const scope = `${day}/${region}/lambda/aws4_request`;
  const key = [day, region, 'lambda', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...sent, authorization };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
