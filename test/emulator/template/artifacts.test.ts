import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import { unpackArtifact } from '../../../emulator/template/artifacts.ts';
import { makeFolder, removeFolders } from './fixture.ts';

describe('unpackArtifact', () => {
  afterEach(removeFolders);

  it('unpacks by content, once', () => {
    const folder = makeFolder();
    const cache = join(folder, 'cache');
    const write = (name: string, files: Record<string, string>) => {
      const entries = Object.entries(files).map(([path, text]) => [path, strToU8(text)]);
      writeFileSync(join(folder, name), zipSync(Object.fromEntries(entries)));
      return join(folder, name);
    };
    const first = unpackArtifact(write('a.zip', { 'a/b.cjs': '1', '..c/d.txt': 'x' }), cache);
    writeFileSync(join(first, 'a/b.cjs'), 'changed by hand');
    const again = unpackArtifact(join(folder, 'a.zip'), cache);
    const other = unpackArtifact(write('b.zip', { 'a/b.cjs': '2' }), cache);

    expect(again).to.equal(first);
    expect(readFileSync(join(again, 'a/b.cjs'), 'utf8'), 'not unpacked a second time').to.equal('changed by hand');
    expect(readFileSync(join(other, 'a/b.cjs'), 'utf8')).to.equal('2');
    expect(readFileSync(join(again, '..c/d.txt'), 'utf8'), 'a name of dots that leaves nothing').to.equal('x');
    expect(readdirSync(cache).filter((name) => name.includes('-'))).to.deep.equal([]);
  });

  it('names a file that is not a zip', () => {
    const file = join(makeFolder(), 'a.zip');
    writeFileSync(file, 'not a zip');
    expect(() => unpackArtifact(file, makeFolder())).to.throw(EmulatorError, /a\.zip is not a zip archive/);
  });

  it('refuses an entry that would leave the folder, and leaves nothing behind', () => {
    for (const name of ['../../evil.txt', '../x', 'a/../../x', 'nul\0.txt', '/../x']) {
      const folder = makeFolder();
      const cache = join(folder, 'cache');
      writeFileSync(join(folder, 'a.zip'), zipSync({ 'a.cjs': strToU8('1'), [name]: strToU8('x') }));
      expect(() => unpackArtifact(join(folder, 'a.zip'), cache), name).to.throw(EmulatorError, /leaves its folder/);
      expect(existsSync(cache) ? readdirSync(cache) : []).to.deep.equal([]);
    }
  });

  it('names an entry that cannot be written, and leaves nothing half unpacked', () => {
    const folder = makeFolder();
    const cache = join(folder, 'cache');
    writeFileSync(join(folder, 'a.zip'), zipSync({ a: strToU8('a file'), 'a/b': strToU8('in a folder of its name') }));
    expect(() => unpackArtifact(join(folder, 'a.zip'), cache)).to.throw(
      EmulatorError,
      /entry "a\/b" cannot be unpacked/,
    );
    expect(readdirSync(cache)).to.deep.equal(['package.json']);
  });

  it('refuses what would be larger than 250 MB when unpacked, before unpacking it', () => {
    const folder = makeFolder();
    const bomb = zipSync({ 'zeros.bin': new Uint8Array(1024 * 1024) });
    // The size that the archive claims, in its directory: four bytes, 24 after the entry's signature.
    const directory = Buffer.from(bomb).indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02]));
    Buffer.from(bomb.buffer, bomb.byteOffset).writeUInt32LE(251 * 1024 * 1024, directory + 24);
    writeFileSync(join(folder, 'a.zip'), bomb);
    expect(() => unpackArtifact(join(folder, 'a.zip'), folder)).to.throw(
      EmulatorError,
      /larger than 250 MB when unpack/,
    );
  });

  it('survives any bytes in place of a zip', () => {
    const folder = makeFolder();
    const valid = zipSync({ 'a/b.cjs': strToU8('exports.handler = 1') });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, byte]) => valid.with(at, byte)),
      fc.nat(valid.length).map((length) => valid.subarray(0, length)),
    );
    fc.assert(
      fc.property(bytes, (content) => {
        writeFileSync(join(folder, 'any.zip'), content);
        try {
          unpackArtifact(join(folder, 'any.zip'), join(folder, 'cache'));
        } catch (error) {
          expect(error).to.be.instanceOf(EmulatorError);
        }
        expect(['any.zip', 'cache']).to.include.members(readdirSync(folder));
      }),
      { numRuns: 300 },
    );
  });
});
