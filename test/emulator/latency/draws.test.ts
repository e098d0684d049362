import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { chooseSpreads } from '../../../emulator/latency/choose-spreads.ts';
import { createLatency } from '../../../emulator/latency/latency.ts';
import { PROFILE_DATE, PROFILES, ROWS } from '../../../emulator/latency/profiles.ts';
import { drawSpread } from '../../../emulator/latency/spread.ts';
import { STEPS, type Step } from '../../../emulator/latency/steps.ts';
import { sumOfHops } from '../../../emulator/latency/sum-of-hops.ts';
import { createRandom, createStreams } from '../../../emulator/stack/random.ts';
import { createFakeClock } from '../gateway/fixture.ts';

const PAGE = readFileSync(new URL('../../../emulator/LATENCY.md', import.meta.url), 'utf8');
const DRAWS = 20_000;

const sorted = (draw: () => number) => Array.from({ length: DRAWS }, draw).sort((left, right) => left - right);
const at = (values: readonly number[], share: number) => values[Math.floor(values.length * share)] ?? Number.NaN;

function latencyOf(setting: Parameters<typeof chooseSpreads>[0], seed = 1) {
  return createLatency(chooseSpreads(setting), createFakeClock(), createStreams(seed));
}

function drawn(setting: Parameters<typeof chooseSpreads>[0], seed: number, steps: readonly Step[]) {
  return steps.map((step) => latencyOf(setting, seed)?.draw(step));
}

describe('a table of delays', () => {
  it('is in LATENCY.md, row by row, with its date and its sources', () => {
    expect(PAGE).to.include(PROFILE_DATE);
    for (const [row, { p50, p99, basis, source }] of Object.entries(PROFILES.aws)) {
      expect(PAGE).to.include(`| \`${row}\` | ${p50} | ${p99} | ${basis} | ${source} |`);
    }
  });

  it('has no row that nothing waits for', () => {
    const used = new Set(Object.values(STEPS).flatMap((shares) => Object.keys(shares)));

    expect([...used].sort()).to.deep.equal([...ROWS].sort());
  });

  it('is drawn with its median and its 99th percentile, and never below nothing', () => {
    const random = createRandom(7);
    const values = sorted(() => drawSpread({ p50: 20, p99: 80 }, random));

    expect(at(values, 0.5)).to.be.within(19.4, 20.6);
    expect(at(values, 0.99)).to.be.within(72, 88);
    expect(at(values, 0)).to.be.above(0);
  });

  it('has no spread where median and 99th percentile are the same', () => {
    expect(drawSpread({ p50: 12, p99: 12 }, createRandom(3))).to.equal(12);
  });

  it('gives the same delays for the same seed, others for another', () => {
    const steps = Object.keys(STEPS) as Step[];

    expect(drawn('aws', 5, steps)).to.deep.equal(drawn('aws', 5, steps));
    expect(drawn('aws', 5, steps)).not.to.deep.equal(drawn('aws', 6, steps));
  });

  it('is drawn row by row: what one draws, or does not, changes nothing for another', () => {
    const busy = latencyOf('aws');
    for (let count = 0; count < 10; count++) busy?.draw('getItem');

    expect(busy?.draw('invocation')).to.equal(latencyOf({ profile: 'aws', getItem: 0 })?.draw('invocation'));
  });

  it('takes from a row what a step has of it', () => {
    const latency = latencyOf({ visitorNetwork: 30, httpApi: 4 });

    expect(latency?.draw('requestArrives')).to.equal(17);
    expect(latency?.draw('invocation')).to.equal(0);
  });

  it('is not there where no row takes any time', () => {
    expect(latencyOf(undefined)).to.equal(undefined);
    expect(latencyOf('none')).to.equal(undefined);
    expect(latencyOf({ profile: 'none', getItem: 0 })).to.equal(undefined);
  });

  it('waits on the clock for what it draws, and sets no timer for nothing', async () => {
    const clock = createFakeClock();
    const latency = createLatency({ invoke: { p50: 8, p99: 8 } }, clock, createStreams(1));
    let over = false;
    const waiting = latency?.wait('invocation').then(() => {
      over = true;
    });
    clock.advance(7);
    await Promise.resolve();
    expect(over).to.equal(false);
    clock.advance(1);
    await waiting;

    await latency?.wait('getItem');
    expect(clock.pending()).to.equal(0);
  });

  it('keeps the proportions of a row whose median is another', () => {
    const { postToConnection, getItem } = chooseSpreads({ profile: 'aws', postToConnection: 10 });

    expect(postToConnection).to.deep.equal({ p50: 10, p99: 40 });
    expect(getItem).to.equal(PROFILES.aws.getItem);
  });
});

describe('the sum of the hops that a request cannot do without', () => {
  it('is that of the medians of a push, by the table', () => {
    const row = (name: (typeof ROWS)[number]) => PROFILES.aws[name]?.p50 ?? Number.NaN;
    const networks = row('visitorNetwork') + row('agentNetwork') + row('regionNetwork') / 2;
    const gateway = row('httpApi') + row('webSocketMessage') + 2 * row('postToConnection') + 2 * row('delivery');

    expect(sumOfHops('aws').medians).to.equal(networks + gateway + 2 * row('invoke'));
  });

  it('is drawn by seed, and above the sum of the medians', () => {
    const sum = sumOfHops('aws', { seed: 2, draws: 4_000 });

    expect(sum).to.deep.equal(sumOfHops('aws', { seed: 2, draws: 4_000 }));
    expect(sum.p50).to.be.within(sum.medians, sum.medians * 1.2);
    expect(sum.p99).to.be.above(sum.p50);
  });

  it('is nothing where nothing is delayed', () => {
    expect(sumOfHops('none')).to.deep.equal({ medians: 0, p50: 0, p99: 0 });
  });

  it('is exact where no row has a spread', () => {
    expect(sumOfHops({ postToConnection: 12, invoke: 5 }, { draws: 10 })).to.deep.equal({
      medians: 34,
      p50: 34,
      p99: 34,
    });
  });
});
