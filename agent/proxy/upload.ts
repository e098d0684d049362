import { Agent, type Dispatcher } from 'undici';
import type { HeaderPair } from '../../src/protocol/messages.ts';
import type { Upload, UploadedBody, UploadResult } from '../forward.ts';
import { describeError } from '../network-error.ts';
import { spool } from './spool.ts';
import { isLoopback, parseUpstream } from './upstream-address.ts';

export interface Uploader {
  readonly upload: Upload;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

export interface UploadOptions {
  /**
   * Whether URLs of this machine are taken, by plain HTTP too: where the edge itself runs here. Another edge has no business
   * with what listens on this machine.
   */
  readonly loopback: boolean;
  /** The largest body, in bytes; 1,000,000,000 unless given. */
  readonly limitBytes?: number;
  /** Where bodies of unknown length wait; the system's folder for temporary files unless given. */
  readonly spoolFolder?: string;
}

const LIMIT_BYTES = 1_000_000_000;

/** As much of a refusal as is read for its code, in bytes. */
const REFUSAL_BYTES = 4_096;

/** Puts bodies to presigned URLs as they come: one PUT each, nothing followed, never a whole body in memory. */
export function createUpload({ loopback, limitBytes = LIMIT_BYTES, spoolFolder }: UploadOptions): Uploader {
  const agent = new Agent({
    // Patience is the caller's.
    headersTimeout: 0,
    bodyTimeout: 0,
    autoSelectFamily: true,
  });

  async function put(target: URL, { body, contentLength, headers }: Required<UploadedBody>, signal: AbortSignal) {
    const source = watched(body);
    try {
      const response = await agent.request({
        origin: target.origin,
        path: target.pathname + target.search,
        method: 'PUT',
        headers: [...keptHeaders(headers).flat(), 'content-length', String(contentLength)],
        body: contentLength === 0 ? null : (source.body as unknown as Dispatcher.DispatchOptions['body']),
        signal,
      });
      const refusal = await beginningOf(response.body);
      if (response.statusCode === 200) return { kind: 'stored', bytes: contentLength } as const;
      return failedAt('place', `${target.host} answered ${response.statusCode}${codeOf(refusal)}`);
    } catch (error) {
      if (source.failure) return failedAt('body', describeError(source.failure.error));
      const what = describeError(error);
      return failedAt(isLengthMismatch(error) ? 'body' : 'place', `${target.host}: ${what}`);
    }
  }

  async function putSpooled(target: URL, { body, headers }: UploadedBody, signal: AbortSignal): Promise<UploadResult> {
    let spooled: Awaited<ReturnType<typeof spool>>;
    try {
      spooled = await spool(body, limitBytes, spoolFolder);
    } catch (error) {
      return failedAt('body', describeError(error));
    }
    if (!spooled) return tooLarge(limitBytes);
    try {
      return await put(target, { body: spooled.read(), contentLength: spooled.bytes, headers }, signal);
    } finally {
      await spooled.discard();
    }
  }

  return {
    async upload(url, uploaded, signal) {
      const target = targetOf(url, loopback);
      if (!target) return failedAt('place', 'its URL is none that this agent puts bodies to');
      const { contentLength } = uploaded;
      if (contentLength === undefined) return putSpooled(target, uploaded, signal);
      if (contentLength > limitBytes) return tooLarge(limitBytes);
      return put(target, { ...uploaded, contentLength }, signal);
    },
    close: () => agent.destroy(),
  };
}

/** What of an upstream's headers an object has as well, and gives to whoever downloads it. */
function keptHeaders(headers: readonly HeaderPair[]): HeaderPair[] {
  return headers.filter(([name]) => KEPT.has(name.toLowerCase()));
}

const KEPT: ReadonlySet<string> = new Set([
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'cache-control',
  'expires',
]);

/** The URL says who may put here, so only TLS may carry it beyond this machine. */
function targetOf(url: string, loopback: boolean): URL | undefined {
  if (!URL.canParse(url)) return undefined;
  const target = new URL(url);
  const parsed = parseUpstream(target.origin);
  if (parsed.kind !== 'address' || target.username || target.password) return undefined;
  if (isLoopback(parsed.address)) return loopback ? target : undefined;
  return target.protocol === 'https:' ? target : undefined;
}

/** The same body, with a note of what went wrong in it: undici's own error does not tell whose it is. */
function watched(body: AsyncIterable<Uint8Array>) {
  const source: { body: AsyncIterable<Uint8Array>; failure?: { readonly error: unknown } } = { body: passOn() };
  async function* passOn() {
    try {
      yield* body;
    } catch (error) {
      source.failure = { error };
      throw error;
    }
  }
  return source;
}

function isLengthMismatch(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';
}

/** Reads to the end, so that the connection can be used again, or cuts what is longer than any refusal. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of body) {
    text += Buffer.from(piece).toString('latin1');
    if (text.length > REFUSAL_BYTES) break;
  }
  return text;
}

/** `AccessDenied` and the like, as S3 writes them. */
function codeOf(refusal: string): string {
  const code = /<Code>(\w{1,100})<\/Code>/.exec(refusal)?.[1];
  return code ? ` (${code})` : '';
}

function failedAt(at: 'body' | 'place', message: string): UploadResult {
  return { kind: 'failed', at, message };
}

function tooLarge(limitBytes: number): UploadResult {
  return { kind: 'too-large', message: `larger than the ${limitBytes} bytes that are put anywhere` };
}
