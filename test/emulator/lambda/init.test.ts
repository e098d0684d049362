import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../emulator/stack/clock.ts';
import { startFunction, stopAll, type TestLambda } from './fixture.ts';

describe('loading the handler again (LA-10)', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-init-'));
  });
  afterEach(async () => {
    await stopAll();
    rmSync(folder, { recursive: true, force: true });
  });

  const ONCE = () => `
    const fs = require('fs');
    const first = !fs.existsSync(${JSON.stringify(join(folder, 'been'))});
    fs.writeFileSync(${JSON.stringify(join(folder, 'been'))}, '');`;

  const linesOf = ({ log }: TestLambda) =>
    log
      .filter(({ level }) => level === 'debug')
      .map(({ message }) => message.replace(/[0-9a-f-]{36}/, 'ID').replace(/\d+(\.\d+)? ms/g, 'N ms'));
  const FRAME = ['START RequestId: ID Version: $LATEST', 'END RequestId: ID'];
  const REPORT = 'REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 256 MB';

  it('happens within the event where it failed before, and the event is served if it works then', async () => {
    const lambda = startFunction(
      `${ONCE()} if (first) throw new RangeError('not yet'); exports.handler = async () => 1;`,
    );
    expect(await lambda.call()).to.equal(1);
    const failed = 'INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: error\tError Type: RangeError';
    expect(linesOf(lambda)).to.deep.equal([failed, FRAME[0], FRAME[1], REPORT]);
  });

  it('fails the event where it fails again', async () => {
    const lambda = startFunction("throw new RangeError('never');");
    expect(await lambda.call()).to.include({ kind: 'failed', errorType: 'RangeError', errorMessage: 'never' });
    const failed = (phase: string) =>
      `INIT_REPORT Init Duration: N ms\tPhase: ${phase}\tStatus: error\tError Type: RangeError`;
    expect(linesOf(lambda)).to.deep.equal([failed('init'), FRAME[0], failed('invoke'), FRAME[1], REPORT]);
  });

  it('reports a process that exits while it loads (LA-07)', async () => {
    const lambda = startFunction('process.exit(3);');
    expect(await lambda.call()).to.include({ errorType: 'Runtime.ExitError' });
    expect(linesOf(lambda)[0]).to.match(/Phase: init\tStatus: error\tError Type: Runtime\.ExitError$/);
  });

  it('reports a process that its NODE_OPTIONS keep from starting (LA-07)', async () => {
    const environment = { NODE_OPTIONS: '--no-such-option' };
    const lambda = startFunction('exports.handler = async () => 1;', { fn: { environment } });
    const { errorMessage } = (await lambda.call()) as Record<string, string>;
    expect(errorMessage).to.match(/Runtime exited with error: exit status 9$/);
    const warnings = lambda.log.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings.join()).to.contain('Node does not take its NODE_OPTIONS here').and.to.contain('--no-such-option');
  });

  /** The ten seconds of the first try are over at once. */
  const impatient = {
    now: systemClock.now,
    after: (ms: number, callback: () => void) => systemClock.after(ms === 10_000 ? 150 : ms, callback),
  };

  it("has the function's own time, after ten seconds without an event were not enough", async () => {
    const source = `${ONCE()} if (first) for (;;); exports.handler = async (e, context) => context.getRemainingTimeInMillis();`;
    const lambda = startFunction(source, { clock: impatient });
    expect(await lambda.call()).to.be.within(1, 2_990);
    expect(linesOf(lambda)[0]).to.equal('INIT_REPORT Init Duration: N ms\tPhase: init\tStatus: timeout');
    expect(existsSync(join(folder, 'been'))).to.equal(true);
  });

  it('times the event out where that is not enough either', async () => {
    const lambda = startFunction('for (;;);', { clock: impatient, fn: { timeoutMs: 1_000 } });
    const result = (await lambda.call()) as Record<string, string>;
    expect(result.errorType).to.equal('Sandbox.Timedout');
    expect(result.errorMessage).to.match(/Task timed out after 1\.00 seconds$/);
    expect(linesOf(lambda)[2]).to.equal('INIT_REPORT Init Duration: N ms\tPhase: invoke\tStatus: timeout');
  });

  it('says ahead of any event what does not load', async () => {
    const lambda = startFunction("throw new RangeError('never');");
    const [failed] = await lambda.prepare();
    expect(failed?.fn).to.equal(lambda.fn);
    expect(failed?.reason).to.match(/^RangeError: never/);
  });
});
