import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A body that lies on the disk. */
export interface Spooled {
  readonly bytes: number;
  /** From its beginning, each time. */
  read(): AsyncIterable<Uint8Array>;
  /** Gives the space back; not to be read after. */
  discard(): Promise<void>;
}

const READ_BYTES = 262_144;

/**
 * Writes a body of unknown length to a temporary file. The file has no name while it is written, so that nothing of it is
 * left whatever becomes of this process; it is readable by its owner alone while it has one.
 * @param limitBytes of which no more is ever written
 * @param folder the system's own for temporary files unless given
 * @returns undefined for a body that is larger
 * @throws what the body's iteration throws, or the disk; nothing is left then
 */
export async function spool(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
  folder: string = tmpdir(),
): Promise<Spooled | undefined> {
  const path = join(folder, `postern-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  let bytes = 0;
  try {
    await unlink(path);
    for await (const piece of body) {
      if (bytes + piece.length > limitBytes) {
        await file.close();
        return undefined;
      }
      for (let at = 0; at < piece.length; ) {
        const { bytesWritten } = await file.write(piece, at, piece.length - at, bytes + at);
        at += bytesWritten;
      }
      bytes += piece.length;
    }
  } catch (error) {
    await file.close();
    throw error;
  }

  return {
    bytes,
    async *read() {
      for (let at = 0; at < bytes; ) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
        if (bytesRead === 0) throw new Error('the temporary file is shorter than what was written to it');
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    },
    discard: () => file.close(),
  };
}
