import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { main } from '../../../agent/cli/commands.ts';
import { estimate } from '../../../agent/cli/cost-estimate.ts';
import { type Load, USUAL_LOAD } from '../../../agent/cli/cost-load.ts';
import { monthOfMetered } from '../../../agent/cli/cost-metered.ts';
import { estimateStory } from '../../../agent/cli/cost-story.ts';
import { createMeter } from '../../../emulator/meter/create-meter.ts';
import { answerMeterPage } from '../../../emulator/meter/meter-page.ts';
import { NO_USAGE, priceOf, sumUsage, timesUsage, USAGE_KINDS, type Usage } from '../../../src/prices.ts';

async function run(...argv: string[]) {
  const printed = { stdout: '', stderr: '' };
  const never = new AbortController().signal;
  const exit = await main({
    argv: ['cost', ...argv],
    env: {},
    stdout: { write: (text) => (printed.stdout += text) },
    stderr: { write: (text) => (printed.stderr += text) },
    stop: never,
    kill: never,
  });
  return { exit, ...printed };
}

const load = (more: Partial<Load>): Load => ({ ...USUAL_LOAD, ...more });
/** Micro-dollars of a request of a busy tunnel, in both designs. */
function both(more: Partial<Load>) {
  const given = load({ requestsPerDay: 1_000_000, ...more });
  return { ours: priceOf(estimate(given).request), story: priceOf(estimateStory(given).request) };
}

describe('postern cost', () => {
  const leftovers: (() => unknown)[] = [];
  afterEach(async () => {
    for (const stop of leftovers.splice(0)) await stop();
  });

  describe('of a described load', () => {
    it('prints a table whose lines are the month, and the price of a request', async () => {
      const { exit, stdout, stderr } = await run('--response-bytes', '4096', '--requests-per-day', '10000');
      expect([exit, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.match(/^10,000 requests a day by the HTTP API, rendezvous by push, 1 agent\n/);
      expect(stdout).to.match(/^HTTP API requests {2,}300,000 {2,}0\.3000$/m);
      const lines = [...stdout.matchAll(/^[A-Z a-z0-9().-]+? {2,}[\d,.]+ {2,}([\d.]+)$/gm)].map(([, cost]) =>
        Number(cost),
      );
      const total = Number(/^total +([\d.]+)$/m.exec(stdout)?.[1]);
      expect(lines).to.have.length.above(5);
      expect(lines.reduce((sum, cost) => sum + cost, 0)).to.be.closeTo(total, 0.02);
      expect(stdout).to.match(/A request costs \d\.\d\d µ\$/);
    });

    it('says no price of a request where there is none', async () => {
      const { stdout } = await run('--requests-per-day', '0');
      expect(stdout).to.match(/^Nobody asks: what is there costs 0\.\d{4} \$ a month/m);
      expect(stdout).not.to.match(/A request costs/);
    });

    it('says the same as JSON', async () => {
      const { stdout } = await run(
        '--json',
        '--compressible',
        '--agents',
        '3',
        '--rendezvous',
        'poll',
        '--door',
        'stream',
      );
      const told = JSON.parse(stdout);
      expect(told.event).to.equal('cost');
      expect(told.load).to.deep.equal(load({ compressible: true, agents: 3, rendezvous: 'poll', door: 'stream' }));
      expect(told.month.microDollars).to.be.closeTo(priceOf(told.month.usage), 1e-6);
      expect(told.request.usage.httpRequests, 'a function URL bills none').to.equal(0);
      expect(told.story.request.microDollars).to.be.greaterThan(told.request.microDollars);
    });

    for (const [argv, why] of [
      [['--requests-per-day', 'many'], /--requests-per-day wants a whole number/],
      [['--response-bytes', '1e3'], /--response-bytes wants a whole number/],
      [['--response-bytes', '6291557'], /--response-bytes: this door carries 6291556 at most/],
      [['--door', 'stream', '--response-bytes', '200000001'], /this door carries 200000000 at most/],
      [['--door', 'stream', '--request-bytes', '6291557'], /--request-bytes: a door carries 6291556 at most/],
      [['--agents', '99999999999'], /--agents wants a whole number of at most/],
      [['--rendezvous', 'pull'], /--rendezvous wants push or poll/],
      [['--door', 'window', '--upstream-ms', '1.5'], /--upstream-ms wants .* --door wants http or stream/],
      [['--reset'], /--reset is about what was metered/],
      [['--metered', '--agents', '2'], /exclude each other/],
    ] as const) {
      it(`refuses ${argv.join(' ')}`, async () => {
        const { exit, stdout, stderr } = await run(...argv);
        expect([exit, stdout]).to.deep.equal([2, '']);
        expect(stderr).to.match(why);
      });
    }
  });

  describe('as an estimate', () => {
    it('makes a month of requests and of what is there without any', () => {
      const { request, standing, month } = estimate(USUAL_LOAD);
      expect(month).to.deep.equal(sumUsage(timesUsage(request, 300_000), timesUsage(standing, 30)));
      expect(estimate(load({ requestsPerDay: 0 })).month.httpRequests).to.equal(0);
      expect(estimate(load({ requestsPerDay: 0, agents: 0 })).month).to.deep.equal(NO_USAGE);
    });

    it('counts a pushed answer: a request, its message, the answer, the answer posted on, two functions, no table', () => {
      const { request } = estimate(load({ requestsPerDay: 100_000_000 }));
      expect(request).to.include({ httpRequests: 1, writeUnits: 0, invocations: 2 });
      expect(request.messages).to.be.closeTo(3, 0.001);
      expect(request.readUnits).to.be.lessThan(0.001);
    });

    it('counts the proof of a reply connection and the route read anew where requests are rare', () => {
      const { request } = estimate(load({ requestsPerDay: 1 }));
      expect(request.messages).to.be.closeTo(4, 0.001);
      expect(request.readUnits).to.be.closeTo(1, 0.001);
    });

    it('counts an answer through the table: an item of whole KBs, polls, no post', () => {
      const { request } = estimate(load({ rendezvous: 'poll', requestsPerDay: 100_000_000 }));
      expect(request).to.include({ messages: 2, writeUnits: 5, invocations: 2 });
      // One look finds nothing, the second five KB.
      expect(request.readUnits).to.be.closeTo(1 + 2, 0.001);
    });

    it('counts messages of 32 KB and their parts, compressed where that is said', () => {
      const messages = (more: Partial<Load>) => estimate(load({ rendezvous: 'poll', ...more })).request.messages;
      expect(messages({ responseBytes: 24_000 })).to.equal(1 + 1);
      expect(messages({ responseBytes: 25_000 })).to.equal(1 + 2);
      expect(messages({ responseBytes: 25_000, compressible: true })).to.equal(1 + 1);
      expect(messages({ responseBytes: 1_000_000 })).to.be.closeTo(1 + (1_000_000 * 4) / 3 / 32_768, 2);
      expect(estimate(load({ responseBytes: 1_000_000 })).request.invocations).to.equal(1 + 11);
    });

    it('knows what an idle agent costs in a day: about a tenth of a cent', () => {
      const idle = priceOf(estimate(load({ requestsPerDay: 0 })).standing);
      expect(idle).to.be.within(900, 1_400);
    });

    it('comes to what was aimed at beside the design of the debugging story', () => {
      const small = both({ responseBytes: 4_096 });
      expect(small.story).to.be.within(13, 15.5);
      expect(small.ours / small.story).to.be.at.most(0.4);
      for (const responseBytes of [100_000, 1_000_000]) {
        const { ours, story } = both({ responseBytes, compressible: true });
        expect(ours / story, `${responseBytes}`).to.be.at.most(0.1);
      }
    });
  });

  describe('of what was metered', () => {
    async function serveMeter() {
      let time = 0;
      const meter = createMeter({ log: () => {}, now: () => time, architectureOf: () => 'arm64' });
      const server = createServer(({ method = '', url = '', headers }, response) => {
        const answer = answerMeterPage({ method, path: url, headers }, meter);
        response.writeHead(answer?.status ?? 404, answer?.headers).end(answer?.body);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      leftovers.push(() => server.close());
      leftovers.push(() => server.closeAllConnections());
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return { meter, url, at: (ms: number) => (time = ms) };
    }

    it('makes a month of it', async () => {
      const { meter, url, at } = await serveMeter();
      for (let message = 0; message < 7; message += 1) meter.messageReceived('x');
      at(3_600_000);
      const { exit, stdout } = await run('--metered', '--emulator', url);
      expect(exit).to.equal(0);
      expect(stdout).to.match(/^Metered in 3600 s: 0 requests, 0\.0000 \$\n/);
      // Seven an hour, 720 hours.
      expect(stdout).to.match(/^WebSocket messages of 32 KB +5,040 +0\.0050$/m);
      const told = JSON.parse((await run('--metered', '--emulator', url, '--json')).stdout);
      expect(told.month.usage.messages).to.be.closeTo(5_040, 1e-6);
      expect(told.metered.microDollars).to.equal(7);
    });

    it('counts anew where it is told to', async () => {
      const { meter, url } = await serveMeter();
      meter.messageReceived('x');
      await run('--metered', '--emulator', url, '--reset');
      expect(meter.read().usage.messages).to.equal(0);
    });

    it('says what to do where no emulator answers, or something else does', async () => {
      const server = createServer((_, response) => response.end('{"ms":1}'));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const other = await run('--metered', '--emulator', url, '--json');
      expect(other.exit).to.equal(5);
      expect(JSON.parse(other.stdout)).to.include({ event: 'error', code: 'emulator_unreachable' });
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      const none = await run('--metered', '--emulator', url);
      expect([none.exit, none.stdout]).to.deep.equal([5, '']);
      expect(none.stderr).to.match(/ECONNREFUSED[\s\S]*npx postern emulator/);
      expect((await run('--metered', '--emulator', 'nonsense')).stderr).to.match(/that is no URL/);
    });

    it('takes two connections that were open for a second for two that stay open', () => {
      const { connectionMinutes } = monthOfMetered({
        ms: 1_000,
        requests: 0,
        usage: { ...NO_USAGE, connectionMinutes: 2 },
      });
      expect(connectionMinutes).to.equal(2 * 30 * 1_440);
    });

    it('is no month of nothing', () => {
      const month: Usage = monthOfMetered({ ms: 0, requests: 0, usage: NO_USAGE });
      for (const kind of USAGE_KINDS) expect(month[kind]).to.equal(0);
    });
  });
});
