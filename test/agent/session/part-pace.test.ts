import { expect } from 'chai';
import { pauseMs, SHORTEST_PAUSE_MS } from '../../../agent/session/part-pace.ts';

const PARTS = 2_050;
const STREAM_MS = 900_000;

/** Milliseconds at which parts leave where a byte comes every `everyMs`, from the first part on. */
function departures(everyMs: number, parts = PARTS, streamMs = STREAM_MS): number[] {
  const left: number[] = [];
  let now = 0;
  while (now < streamMs) {
    const pause = pauseMs(left.length, parts, streamMs - now);
    if (pause === Number.POSITIVE_INFINITY) break;
    now += pause;
    left.push(now);
    // The next part begins with the next byte.
    now = Math.ceil(now / everyMs) * everyMs;
  }
  return left;
}

describe('the pace of a stream’s parts', () => {
  it('has parts for the whole time, however often bytes come', () => {
    for (const everyMs of [0.001, 1, 10, 16, 40, 100, 400, 1_000]) {
      for (const [parts, streamMs] of [
        [PARTS, STREAM_MS],
        [PARTS, 1_000],
        [50, STREAM_MS],
        [4, STREAM_MS],
      ] as const) {
        const left = departures(everyMs, parts, streamMs);
        const why = `a byte every ${everyMs} ms, ${parts} parts for ${streamMs} ms`;
        expect(left.length, why).to.be.at.most(parts);
        expect(streamMs - (left.at(-1) ?? 0), `${why}: none is left too early`).to.be.at.most(everyMs + 1);
      }
    }
  });

  it('is quick for a stream of seconds, and for one that is quiet in between', () => {
    const often = departures(16);
    expect(often[200], 'the first 200 parts').to.be.below(201 * 32 + 1);
    expect(pauseMs(200, PARTS, STREAM_MS - 6_000)).to.equal(SHORTEST_PAUSE_MS);
    // An event a second, all the time, is never held for more than 0.1 s.
    for (let at = 0; at < 900; at += 1) {
      expect(pauseMs(at, PARTS, STREAM_MS - at * 1_000)).to.be.below(100);
    }
  });

  it('grows by and by', () => {
    let before = 0;
    for (const at of departures(0.001).map((time, n, all) => time - (all[n - 1] ?? 0))) {
      expect(at).to.be.at.least(SHORTEST_PAUSE_MS);
      if (before > 0) expect(at / before).to.be.below(1.1);
      before = at;
    }
    expect(before).to.be.below(1_200);
  });

  it('is without end where no part is left', () => {
    expect(pauseMs(PARTS, PARTS, 10_000)).to.equal(Number.POSITIVE_INFINITY);
    expect(pauseMs(0, 0, 10_000)).to.equal(Number.POSITIVE_INFINITY);
  });
});
