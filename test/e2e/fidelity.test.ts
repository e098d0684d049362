import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Case } from '../../fixtures/http/case.ts';
import { CORPUS } from '../../fixtures/http/corpus.ts';
import { LOSSES, lossesPage } from '../../fixtures/http/losses.ts';
import { TARGETS } from '../../fixtures/http/targets.ts';
import { startAgent } from '../support/agent.ts';
import { ROOT, startCloud } from '../support/cloud.ts';
import { expectFidelity, type Outcome, requestBytes, type Way } from '../support/fidelity.ts';
import { withPayloadFormat } from '../support/payload-format.ts';
import { askRaw, type RawMessage, startRawHttpUpstream } from '../support/raw-http.ts';

/** Each needs an environment of the forward function (LA-01): more would be more cold starts. */
const AT_ONCE = 4;

const CASES = Object.values(CORPUS).flat();

describe('HTTP fidelity: what a visitor of the tunnel sends and gets is what a visitor of the upstream does', () => {
  let direct: ReadonlyMap<Case, Outcome>;

  before(async () => {
    const upstream = await startCorpusUpstream();
    direct = await upstream.outcomes(CASES, upstream.port, { host: 'direct.example', prefix: '' });
    await upstream.stop();
  });

  for (const format of ['1.0', '2.0'] as const) {
    describe(`through payload format ${format}`, () => {
      let byHost: ReadonlyMap<Case, Outcome>;
      let byPath: ReadonlyMap<Case, Outcome>;

      before(async function () {
        this.timeout(60_000);
        const upstream = await startCorpusUpstream();
        const cloud = await startCloud({ change: withPayloadFormat(format) });
        const agent = await startAgent({
          endpoint: cloud.websocket,
          upstream: `http://127.0.0.1:${upstream.port}`,
        });
        const port = Number(new URL(cloud.http).port);
        const { publicUrl, subdomainUrl = '' } = agent.online;
        const [path, host] = [new URL(publicUrl), new URL(subdomainUrl)];
        byHost = await upstream.outcomes(CASES, port, { host: host.host, prefix: '' });
        byPath = await upstream.outcomes(TARGETS, port, { host: path.host, prefix: path.pathname });
        await agent.stop();
        await Promise.all([cloud.stop(), upstream.stop()]);
      });

      for (const [subject, cases] of Object.entries(CORPUS)) {
        describe(subject, () => {
          for (const one of cases) {
            it(one.name, () => expectFidelity(one, format, outcome(direct, one), outcome(byHost, one)));
          }
        });
      }

      describe("targets behind a tunnel's prefix", () => {
        for (const one of TARGETS) {
          it(one.name, () => expectFidelity(one, format, outcome(direct, one), outcome(byPath, one)));
        }
      });
    });
  }
});

describe('what an HTTP API cannot carry', () => {
  it('is all seen to happen by a case', () => {
    const seen = CASES.flatMap(({ losses = {}, refused, withheld }) => [
      ...Object.keys(losses),
      ...(refused ? [refused.loss] : []),
      ...(withheld ? [withheld] : []),
    ]);
    expect([...new Set(seen)].sort()).to.deep.equal(Object.keys(LOSSES).sort());
  });

  it('is listed in fixtures/http/LOSSES.md, as fixtures/http/losses.ts has it', () => {
    expect(readFileSync(`${ROOT}fixtures/http/LOSSES.md`, 'utf8')).to.equal(lossesPage());
  });

  it('is told of cases that differ in name', () => {
    for (const cases of Object.values(CORPUS)) {
      expect(new Set(cases.map(({ name }) => name)).size).to.equal(cases.length);
    }
  });
});

/** Answers each request of the corpus as its case says. */
async function startCorpusUpstream() {
  const seen = new Map<string, RawMessage[]>();
  const upstream = await startRawHttpUpstream((request) => {
    const id = request.headers.find(([name]) => name.toLowerCase() === 'x-case')?.[1] ?? '';
    seen.set(id, [...(seen.get(id) ?? []), request]);
    const answered = CASES[Number.parseInt(id, 10)]?.answered;
    if (!answered)
      return { bytes: Buffer.from('HTTP/1.1 500 No Such Case\r\nContent-Length: 0\r\n\r\n'), end: 'close' };
    const [method = ''] = request.line.split(' ');
    return typeof answered === 'function' ? answered({ method, headers: request.headers }) : answered;
  });

  async function outcomes(cases: readonly Case[], port: number, way: Way): Promise<Map<Case, Outcome>> {
    const found = new Map<Case, Outcome>();
    const waiting = cases.values();
    async function work(): Promise<void> {
      for (const one of waiting) {
        const id = `${CASES.indexOf(one)} ${way.prefix}`.trim();
        const answer = await askRaw(port, requestBytes(one.asked, way, id));
        found.set(one, { way, answer, seen: seen.get(id) ?? [] });
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return found;
  }

  return { port: upstream.port, stop: upstream.stop, outcomes };
}

function outcome(outcomes: ReadonlyMap<Case, Outcome> | undefined, one: Case): Outcome {
  const found = outcomes?.get(one);
  if (!found) throw new Error('the case was not run');
  return found;
}
