import { expect } from 'chai';
import type { Section } from '../conformance/behaviours.ts';
import { conformanceReport, isFaithful, readRun } from '../conformance/report.ts';

const SECTIONS: readonly Section[] = [
  {
    title: 'Some',
    behaviours: [
      { id: 'WS-01', title: 'one', confidence: 'documented' },
      { id: 'WS-02', title: 'two', confidence: 'inferred' },
      { id: 'WS-03', title: 'three', confidence: 'documented', outOfScope: 'another service' },
    ],
  },
];

function run(passes: string[], failures: string[]) {
  const titled = (titles: string[]) => titles.map((title) => ({ title }));
  const stats = { passes: passes.length, failures: failures.length };
  return readRun(JSON.stringify({ passes: titled(passes), failures: titled(failures), stats })).results;
}

describe('the page on conformance', () => {
  it('shows an id without a test as a gap, never as a pass', () => {
    const page = conformanceReport(SECTIONS, run(['WS-02 two'], []), run([], ['WS-02 two']), '1.0');

    expect(page).to.include('| WS-01 | one | documented | gap | gap |');
    expect(page).to.include('| WS-02 | two | inferred | yes | **no** |');
    expect(page).to.include('| WS-03 | three | documented | out of scope: another service |  |');
    expect(page).to.include('this emulator      1 of 2');
    expect(page).to.include('without a test: WS-01');
  });

  it('counts an id as failed when one of its tests fails, or its target does not start', () => {
    expect(run(['WS-01 one', 'WS-01 one'], ['WS-01 one']).get('WS-01')).to.equal('fails');
    expect(run([], ['"before all" hook for "WS-01 one"']).get('WS-01')).to.equal('fails');
  });

  it('asks for a passing test of everything that is known exactly, and for no failing one of the rest', () => {
    expect(isFaithful(SECTIONS, run(['WS-01 one'], []))).to.equal(true);
    expect(isFaithful(SECTIONS, run(['WS-02 two'], []))).to.equal(false);
    expect(isFaithful(SECTIONS, run(['WS-01 one'], ['WS-02 two']))).to.equal(false);
  });
});
