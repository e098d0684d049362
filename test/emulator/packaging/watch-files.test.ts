import { mkdirSync, writeFileSync } from 'node:fs';
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

  it('watches a single file as well', async () => {
    const made = folder();
    const { next } = watching(join(made, 'serverless.yml'));
    const changed = next();
    writeFileSync(join(made, 'serverless.yml'), 'changed');
    await changed;
  });
});
