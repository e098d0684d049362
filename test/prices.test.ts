import { expect } from 'chai';
import {
  billOf,
  connectionMinutes,
  httpRequestUnits,
  invocationUsage,
  messageUnits,
  NO_USAGE,
  PRICES,
  priceOf,
  readUnits,
  sumUsage,
  timesUsage,
  USAGE_KINDS,
  writeUnits,
} from '../src/prices.ts';

const KB = 1_024;

describe('prices', () => {
  it('bill a WebSocket message for each started 32 KB', () => {
    expect([0, 1, 32 * KB, 32 * KB + 1, 33 * KB, 128 * KB].map(messageUnits)).to.deep.equal([1, 1, 1, 2, 2, 4]);
  });

  it('bill an HTTP API request for each started 512 KB', () => {
    expect([0, 512 * KB, 512 * KB + 1, 1_024 * KB].map(httpRequestUnits)).to.deep.equal([1, 1, 2, 2]);
  });

  it('bill writes by the started KB, reads by the started 4 KB, half of that where they are not consistent', () => {
    expect([0, 1, KB, KB + 1].map(writeUnits)).to.deep.equal([1, 1, 1, 2]);
    expect([0, 4 * KB, 4 * KB + 1].map((bytes) => readUnits(bytes, true))).to.deep.equal([1, 1, 2]);
    expect([0, 4 * KB, 4 * KB + 1].map((bytes) => readUnits(bytes, false))).to.deep.equal([0.5, 0.5, 1]);
  });

  it('round the minutes of each connection up', () => {
    expect([-1, 0, 1, 60_000, 60_001].map(connectionMinutes)).to.deep.equal([0, 0, 1, 1, 2]);
  });

  it('bill memory times milliseconds, by architecture', () => {
    const arm = invocationUsage(128, 100, 'arm64');
    expect(arm).to.deep.equal({ invocations: 1, arm64GbMs: 12.5, x86GbMs: 0 });
    expect(invocationUsage(1_024, 3, 'x86_64')).to.deep.equal({ invocations: 1, arm64GbMs: 0, x86GbMs: 3 });
    // 128 MB for 100 ms is 0.167 µ$ beside the 0.2 of the request.
    expect(priceOf({ ...NO_USAGE, ...arm })).to.be.closeTo(0.2 + 0.1667, 0.0001);
  });

  it('come to what the list says of common amounts', () => {
    expect(priceOf({ ...NO_USAGE, egressBytes: 100_000 })).to.be.closeTo(9, 1e-9);
    expect(priceOf({ ...NO_USAGE, connectionMinutes: 60 })).to.be.closeTo(15, 1e-9);
    expect(priceOf({ ...NO_USAGE, readUnits: 0.5 })).to.equal(0.0625);
    expect(priceOf({ ...NO_USAGE, logBytes: 1e9 }) / 1e6).to.be.closeTo(0.5, 1e-9);
  });

  it('make a bill whose lines add up to the price, and follow other prices', () => {
    const usage = sumUsage(
      { messages: 3, writeUnits: 2 },
      { messages: 1, readUnits: 0.5 },
      timesUsage({ invocations: 1 }, 2),
    );
    const lines = billOf(usage);
    expect(usage).to.deep.equal({ ...NO_USAGE, messages: 4, writeUnits: 2, readUnits: 0.5, invocations: 2 });
    expect(USAGE_KINDS.reduce((total, kind) => total + lines[kind], 0)).to.be.closeTo(priceOf(usage), 1e-9);
    expect(priceOf({ ...NO_USAGE, messages: 2 }, { ...PRICES, messages: 7 })).to.equal(14);
  });
});
