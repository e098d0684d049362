import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';
import type { Import } from './check-imports.ts';
import { checkImports } from './check-imports.ts';
import { IMPORT_TABLE } from './import-table.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FOLDERS = ['src', 'agent', 'emulator'];

/** What only adapters may know: the time, chance, the environment, the network. */
const WORLD =
  /\b(?:Date\.now|new Date\(\)|Math\.random|performance|process|setTimeout|setInterval|setImmediate|fetch|crypto)\b/;

describe('imports', () => {
  const files = FOLDERS.flatMap(sourceFiles);

  it('are those of the table, all of which is needed', () => {
    expect(checkImports(IMPORT_TABLE, files, files.flatMap(importsOf))).to.deep.equal([]);
  });

  it('are found in every way of writing them', () => {
    const text = `
      import a from './a.ts'; import type { B } from '../b.ts'; import { type C } from 'node:c'; import 'd';
      export * from './e.ts'; export type { F } from '@scope/f/sub';
      const g = await import('./g.ts'); type H = import('./h.ts').H; // import './not.ts'
      const i = require('i');`;
    expect(importsIn('src/x/file.ts', text).map(({ to }) => to)).to.have.members([
      'src/x/a.ts',
      'src/b.ts',
      'node:c',
      'd',
      'src/x/e.ts',
      '@scope/f/sub',
      'src/x/g.ts',
      'src/x/h.ts',
      'i',
    ]);
  });
});

describe('src/protocol and src/tunnel', () => {
  for (const file of ['src/protocol', 'src/tunnel'].flatMap(sourceFiles)) {
    it(`${file} asks nothing of the world`, () => {
      const code = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*(?:\/\*|\*|\/\/).*$/gm, '');
      expect(code.match(WORLD)?.[0]).to.equal(undefined);
    });
  }
});

describe('checkImports', () => {
  const table = { 'a/in': ['b'], 'a/in/one.ts': ['pkg', 'node'], b: [] };
  const files = ['a/in/one.ts', 'a/in/two.ts', 'b/b.ts'];
  const allowed: Import[] = [
    { from: 'a/in/two.ts', to: 'b/b.ts' },
    { from: 'a/in/one.ts', to: 'a/in/two.ts' },
    { from: 'a/in/one.ts', to: 'pkg/deep' },
    { from: 'a/in/one.ts', to: 'node:fs' },
  ];

  it('finds nothing where all is as the table says', () => {
    expect(checkImports(table, files, allowed)).to.deep.equal([]);
  });

  for (const { from, to } of [
    { from: 'b/b.ts', to: 'a/in/one.ts' },
    { from: 'b/b.ts', to: 'node:fs' },
    { from: 'a/in/two.ts', to: 'pkg' },
    { from: 'a/in/one.ts', to: 'pkg-other' },
    { from: 'a/in/one.ts', to: 'b.ts' },
    { from: 'a/in/one.ts', to: 'a/inner/x.ts' },
  ]) {
    it(`finds ${from} → ${to}`, () => {
      expect(checkImports(table, files, [...allowed, { from, to }])).to.deep.equal([`forbidden: ${from} → ${to}`]);
    });
  }

  it('finds a permission that nobody needs', () => {
    expect(checkImports(table, files, allowed.slice(1))).to.deep.equal(['needed by nobody: a/in → b']);
  });

  it('finds a permission that the folder has already', () => {
    const twice = { ...table, 'a/in/one.ts': ['pkg', 'node', 'b'] };
    const imports = [...allowed, { from: 'a/in/one.ts', to: 'b/b.ts' }];
    expect(checkImports(twice, files, imports)).to.deep.equal(['needed by nobody: a/in/one.ts → b']);
  });

  it('finds a file that no row knows, and a row of no file', () => {
    expect(checkImports({ ...table, c: [] }, [...files, 'd/d.ts'], allowed)).to.deep.equal([
      'in no row: d/d.ts',
      'of no file: c',
    ]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.[cm]?[jt]s$/.test(path))
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .sort();
}

function importsOf(file: string): Import[] {
  return importsIn(file, readFileSync(join(ROOT, file), 'utf8'));
}

/** Static and dynamic imports, exports from, `require`, and imports of types alone. */
function importsIn(file: string, text: string): Import[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles.map(({ fileName }) => ({
    from: file,
    to: fileName.startsWith('.') ? posix.join(posix.dirname(file), fileName) : fileName,
  }));
}
