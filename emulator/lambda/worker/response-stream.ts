import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { RuntimeError } from './handler-error.ts';

/** Bytes that may be on their way between the threads; a part is never larger, so that the emulator holds no more. */
const MOST_UNDER_WAY = 512 * 1024;
const MOST_PART_BYTES = 64 * 1024;

/** What the stream is where the handler says nothing else. */
const DEFAULT_TYPE = 'application/octet-stream';
const METADATA_TYPE = 'application/vnd.awslambda.http-integration-response';
const DELIMITER_BYTES = 8;

/** Where a response stream's parts go. */
export interface PartTaker {
  open(contentType: string): void;
  /** @param bytes of the taker's own from now on */
  part(bytes: Uint8Array): void;
}

type Write = (chunk: unknown) => void;

/**
 * What a streaming handler writes its answer to. Bytes leave at once while the way is free; `write` answers false, and
 * `drain` comes later, when they do not (LA-12).
 *
 * Like that of Lambda's runtime: what is no text and no bytes goes as JSON, and metadata goes out with the first `write`, so
 * that an answer without one, `end('text')` included, has none.
 * @see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client (src/stream)
 */
export class ResponseStream extends Writable {
  /** By this name also libraries that bring a `from` of their own put metadata before everything. */
  _onBeforeFirstWrite: ((write: Write) => void) | undefined;
  readonly #to: PartTaker;
  #contentType = DEFAULT_TYPE;
  #written = false;
  #opened = false;
  #failed = false;
  #underWay = 0;
  /** Goes on where the way was not free. */
  #resume: (() => void) | undefined;

  constructor(to: PartTaker, highWaterMark?: number) {
    super({ decodeStrings: true, ...(highWaterMark !== undefined && { highWaterMark }) });
    this.#to = to;
  }

  /** @throws when something was written already */
  setContentType(contentType: string): void {
    if (this.#written) {
      throw new RuntimeError('Runtime.InvalidStreamingOperation', 'Cannot set content-type, too late.');
    }
    this.#contentType = contentType;
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    const write = super.write.bind(this) as (chunk: unknown, ...rest: unknown[]) => boolean;
    const first = !this.#written;
    this.#written = true;
    if (first) this._onBeforeFirstWrite?.((before) => void write(before));
    const plain = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return write(plain ? chunk : JSON.stringify(chunk), ...rest);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#send(chunk, 0, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), 0, done);
  }

  /** The stream is finished when all of it has gone on. */
  override _final(done: () => void): void {
    if (!this.#failed) this.#open();
    const look = () => {
      if (this.#underWay === 0) done();
      else this.#resume = look;
    };
    look();
  }

  /** So many bytes have gone on. */
  taken(bytes: number): void {
    this.#underWay -= bytes;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  /** Resolves when the answer is whole and gone; rejects where it was destroyed instead. */
  async whole(): Promise<void> {
    await finished(this);
  }

  /** Ends it after an error: what was written still goes, and nothing is opened for its sake. Never rejects. */
  async fail(): Promise<void> {
    this.#failed = true;
    if (!this.writableEnded) this.end();
    await finished(this).catch(() => {});
  }

  #open(): void {
    if (!this.#opened) this.#to.open(this.#contentType);
    this.#opened = true;
  }

  #send(chunk: Buffer, from: number, done: () => void): void {
    this.#open();
    for (let at = from; at < chunk.length; at += MOST_PART_BYTES) {
      if (this.#underWay >= MOST_UNDER_WAY) {
        this.#resume = () => this.#send(chunk, at, done);
        return;
      }
      // A copy, as what is handed over is gone, and the handler may go on using its own.
      const part = new Uint8Array(Math.min(MOST_PART_BYTES, chunk.length - at));
      part.set(chunk.subarray(at, at + part.length));
      this.#underWay += part.length;
      this.#to.part(part);
    }
    done();
  }
}

/**
 * `HttpResponseStream.from`: the answer begins with its status, headers and cookies as JSON, then eight zero bytes.
 * @returns the same stream
 */
export function withMetadata(stream: ResponseStream, metadata: unknown): ResponseStream {
  stream.setContentType(METADATA_TYPE);
  const text = JSON.stringify(metadata);
  stream._onBeforeFirstWrite = (write) => {
    write(text);
    write(new Uint8Array(DELIMITER_BYTES));
  };
  return stream;
}
