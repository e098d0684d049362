import { randomUUID } from 'node:crypto';

const ROOT = /(?:^|;)\s*root=([^;]+)/i;
const SAMPLED = /(?:^|;)\s*sampled=([^;]+)/i;

/**
 * What Lambda puts into `_X_AMZN_TRACE_ID`. Root and sampling are those of the request's own X-Ray header, where it came
 * with one; the parent is this invocation's own, so no two invocations have the same. Nothing is traced here, so what says
 * nothing of it is not sampled.
 * @param given `Root=1-…`, perhaps with more
 * @param now epoch milliseconds, for a root where none is given
 * @see https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html
 */
export function traceHeader(given: string | undefined, now: number): string {
  const root = fieldOf(given, ROOT) ?? `1-${seconds(now)}-${hex(12)}`;
  return `Root=${root};Parent=${hex(8)};Sampled=${fieldOf(given, SAMPLED) ?? '0'}`;
}

function fieldOf(given: string | undefined, field: RegExp): string | undefined {
  return given === undefined ? undefined : field.exec(given)?.[1];
}

function seconds(now: number): string {
  return Math.floor(now / 1_000)
    .toString(16)
    .padStart(8, '0');
}

/** Random digits. A UUID's come from a store of random bytes; to ask for a few at a time is dear. @param bytes 16 at most */
function hex(bytes: number): string {
  return randomUUID()
    .replaceAll('-', '')
    .slice(-2 * bytes);
}
