import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { watchFiles } from '../../../emulator/packaging/watch-files.ts';
import { makeFolder, removeFolders } from '../template/fixture.ts';

describe('watchFiles', () => {
  let end = () => {};
  afterEach(() => {
    end();
    removeFolders();
  });

  function folder(): string {
    const made = makeFolder();
    for (const name of ['src/deep', 'node_modules/x', '.serverless']) mkdirSync(join(made, name), { recursive: true });
    writeFileSync(join(made, 'serverless.yml'), '');
    return made;
  }

  /** Resolves with how often it was called back until it has been for the last of several changes. */
  function watching(path: string): { called: () => number; next: () => Promise<void> } {
    let called = 0;
    let wake = () => {};
    end = watchFiles(path, () => {
      called += 1;
      wake();
    });
    return { called: () => called, next: () => new Promise((resolve) => (wake = resolve)) };
  }

  for (const file of ['serverless.yml', 'src/a.ts', 'src/deep/b.ts']) {
    it(`tells of a change of ${file}`, async () => {
      const made = folder();
      const { next } = watching(made);
      const changed = next();
      writeFileSync(join(made, file), 'changed');
      await changed;
    });
  }

  it('takes the many steps of one change for one, and passes over what is made', async () => {
    const made = folder();
    const { next, called } = watching(made);
    const changed = next();
    for (const file of ['node_modules/x/y.js', '.serverless/z.json']) writeFileSync(join(made, file), 'changed');
    for (let step = 0; step < 5; step++) writeFileSync(join(made, 'src/a.ts'), String(step));
    await changed;

    expect(called()).to.equal(1);
  });

  it('goes on seeing changes by editors that write a new file and rename it, and in folders made later', async () => {
    const made = folder();
    const { next } = watching(made);
    mkdirSync(join(made, 'lib'));
    await next();
    for (const file of ['src/a.ts', 'src/a.ts', 'src/deep/b.ts', 'lib/new.ts', 'lib/new.ts']) {
      const changed = next();
      writeFileSync(join(made, `${file}.tmp`), String(Math.random()));
      renameSync(join(made, `${file}.tmp`), join(made, file));
      await changed;
      const again = next();
      writeFileSync(join(made, file), 'in place');
      await again;
    }
  });

  it('goes on when the folder is replaced by another, as packages are', async () => {
    const made = join(folder(), '.serverless');
    const { next } = watching(made);
    for (let time = 0; time < 2; time++) {
      const changed = next();
      rmSync(made, { recursive: true });
      mkdirSync(made);
      await changed;
      const written = next();
      writeFileSync(join(made, 'template.json'), '{}');
      await written;
    }
  });

  it('watches a single file as well', async () => {
    const made = folder();
    const { next } = watching(join(made, 'serverless.yml'));
    const changed = next();
    writeFileSync(join(made, 'serverless.yml'), 'changed');
    await changed;
  });
});
