import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'chai';

const run = promisify(execFile);
const MODULE = new URL('../../../agent/cli/small-heap.ts', import.meta.url).href;

/** Bytes that V8 has for young objects once a program has made many that live a while. */
const PROGRAM = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { keepHeapSmall } from '${MODULE}';
  const young = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
  const before = young();
  if (process.argv[1] === 'small') keepHeapSmall();
  let held = [];
  for (let at = 0; at < 2_000_000; at += 1) {
    held.push({ at });
    if (held.length > 200_000) held = [];
  }
  console.log(young() <= before * 2);
`;

describe('keepHeapSmall', () => {
  it('holds the room for young objects where it is, in a process that runs', async () => {
    const stays = async (word: string) => {
      const words = ['--import', 'tsx', '--input-type=module', '--eval', PROGRAM, word];
      return (await run(process.execPath, words)).stdout.trim();
    };
    expect(await stays('small')).to.equal('true');
    expect(await stays('large')).to.equal('false');
  });
});
