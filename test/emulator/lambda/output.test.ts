import { expect } from 'chai';
import { startFunction, stopAll } from './fixture.ts';

/** What the function itself printed, as `level text`, ids and times made the same. */
async function printed(body: string): Promise<string[]> {
  const { call, log, fn } = startFunction(`exports.handler = async () => { ${body} };`);
  await call();
  return log
    .filter(({ source, message }) => source === fn.name && !/^(START|END|REPORT) /.test(message))
    .map(({ level, message }) => `${level} ${message.replace(/^\S+Z\t[0-9a-f-]{36}\t/, 'TIME\tID\t')}`);
}

describe("a function's output", () => {
  afterEach(stopAll);

  it('carries time, request id and level before what console prints', async () => {
    expect(
      await printed("console.log('a %s', 'b', { c: 1 }); console.debug('d'); console.warn('w'); console.error('e');"),
    ).to.deep.equal([
      'info TIME\tID\tINFO\ta b { c: 1 }',
      'debug TIME\tID\tDEBUG\td',
      'warn TIME\tID\tWARN\tw',
      'error TIME\tID\tERROR\te',
    ]);
  });

  it('stays as it is where it is written to a stream, line by line', async () => {
    expect(
      await printed(
        "process.stdout.write('one\\ntw'); process.stdout.write('o\\nthree'); process.stderr.write('err\\n');",
      ),
    ).to.deep.equal(['info one', 'info two', 'warn err', 'info three']);
  });

  it('stays as it is where it is a JSON line, at the level that line gives itself', async () => {
    expect(
      await printed(
        `console.log(JSON.stringify({ level: 'warn', message: 'm' })); process.stdout.write('{"level":"ERROR"}\\n');`,
      ),
    ).to.deep.equal(['warn {"level":"warn","message":"m"}', 'error {"level":"ERROR"}']);
  });

  it('has what was printed before the end of an environment', async () => {
    expect(await printed("console.log('last words'); process.exit(1);")).to.include('info TIME\tID\tINFO\tlast words');
  });
});
