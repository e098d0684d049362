import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { spool } from '../../../agent/proxy/spool.ts';
import { useCleanup } from '../support/cleanup.ts';

describe('the spool', () => {
  const cleanup = useCleanup();

  async function folder() {
    const path = await mkdtemp(join(tmpdir(), 'postern-spool-'));
    cleanup(() => rm(path, { recursive: true, force: true }));
    return path;
  }

  async function* of(...pieces: (string | Buffer | Error)[]) {
    for (const piece of pieces) {
      if (piece instanceof Error) throw piece;
      yield Buffer.from(piece);
    }
  }

  async function read(body: AsyncIterable<Uint8Array>) {
    const pieces: Buffer[] = [];
    for await (const piece of body) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }

  it('gives back what it was given, as often as asked', async () => {
    const large = Buffer.from(Array.from({ length: 600_000 }, (_, at) => at % 251));
    const spooled = await spool(of('head', '', large, 'tail'), 1_000_000, await folder());
    expect(spooled?.bytes).to.equal(600_008);
    const whole = Buffer.concat([Buffer.from('head'), large, Buffer.from('tail')]);
    if (!spooled) throw new Error('it was too large');
    expect((await read(spooled.read())).equals(whole)).to.equal(true);
    expect((await read(spooled.read())).equals(whole)).to.equal(true);
    await spooled.discard();
  });

  it('takes a body of nothing', async () => {
    const spooled = await spool(of(), 10, await folder());
    expect(spooled?.bytes).to.equal(0);
    expect((await read(spooled?.read() ?? of('x'))).length).to.equal(0);
    await spooled?.discard();
  });

  it('takes as much as its limit, and not a byte more', async () => {
    const path = await folder();
    const full = await spool(of('12345', '67890'), 10, path);
    expect(full?.bytes).to.equal(10);
    await full?.discard();
    let left = false;
    async function* endless() {
      try {
        for (;;) yield Buffer.from('123456');
      } finally {
        left = true;
      }
    }
    expect(await spool(endless(), 10, path)).to.equal(undefined);
    expect(left, 'the body is left where it becomes too large').to.equal(true);
  });

  it('has no name in the folder while it lasts, nor after', async () => {
    const path = await folder();
    const seen: string[][] = [];
    async function* watching() {
      yield Buffer.from('a');
      seen.push(await readdir(path));
      yield Buffer.from('b');
    }
    const spooled = await spool(watching(), 10, path);
    seen.push(await readdir(path));
    await spooled?.discard();
    seen.push(await readdir(path));
    expect(seen).to.deep.equal([[], [], []]);
  });

  it('throws what the body throws, and the disk', async () => {
    const path = await folder();
    const broken = new Error('the upstream died');
    expect(await spool(of('a', broken), 10, path).catch((error: unknown) => error)).to.equal(broken);
    expect(await readdir(path)).to.deep.equal([]);
    const error = await spool(of('a'), 10, join(path, 'missing')).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'ENOENT');
  });
});
