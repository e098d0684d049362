import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

import { reloadOnChange } from '../../../emulator/packaging/reload-on-change.ts';
import type { Reloaded } from '../../../emulator/reload.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import type { Stack } from '../../../emulator/stack/stack.ts';
import { createStack } from '../gateway/fixture.ts';
import { makeFolder, removeFolders } from '../template/fixture.ts';

describe('reloadOnChange', () => {
  let end = () => {};
  afterEach(() => {
    end();
    removeFolders();
  });

  /** Changes a source, and gives back what was said of it. */
  async function afterChange(result: Reloaded, load: () => Promise<Stack> = async () => createStack({})) {
    const sources = makeFolder();
    const said = new Promise<LogEntry>((resolve) => {
      const log = (entry: LogEntry) => entry.message.startsWith('sources changed') || resolve(entry);
      end = reloadOnChange({ sources, load, emulator: { reload: async () => result }, log });
    });
    writeFileSync(join(sources, 'handler.ts'), 'changed');
    const { level, message } = await said;
    return `${level}: ${message}`;
  }

  it('says which functions have new code', async () => {
    expect(await afterChange({ kind: 'reloaded', functions: ['a', 'b'] })).to.equal('info: reloaded a, b');
  });

  it('says what only a new start can take over', async () => {
    expect(await afterChange({ kind: 'restart-needed', parts: ['tables'] })).to.match(
      /^warn: tables changed: start again/,
    );
  });

  it('says what does not load, and what does not compile', async () => {
    const runsOn = 'What was loaded before runs on.';
    expect(await afterChange({ kind: 'unloadable', problems: ['a: no'] })).to.equal(`error: a: no\n${runsOn}`);
    end();
    const fails = () => Promise.reject(new Error('line 3'));
    expect(await afterChange({ kind: 'reloaded', functions: [] }, fails)).to.equal(`error: Error: line 3\n${runsOn}`);
  });
});
