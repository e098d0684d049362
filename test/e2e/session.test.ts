import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { startTcpLine, type TcpLine } from '../support/tcp-line.ts';
import { bodyOf, startUpstream, type Upstream } from '../support/upstream.ts';

/** What became of a visitor's request. */
interface Visit {
  readonly status: number;
  readonly right: boolean;
  readonly sentAt: number;
  readonly endedAt: number;
}

/** Visitors at a steady pace, each with a body of its own that must come back. */
function startVisitors(url: string, everyMs: number) {
  const visits: Promise<Visit>[] = [];
  let going = true;

  async function visit(number: number): Promise<Visit> {
    const sentAt = performance.now();
    const body = `visitor ${number} `.repeat(20);
    const response = await fetch(`${url}/echo?n=${number}`, { method: 'POST', body });
    const text = await response.text();
    return { status: response.status, right: text === body, sentAt, endedAt: performance.now() };
  }

  async function run(): Promise<void> {
    for (let number = 0; going; number += 1) {
      visits.push(visit(number));
      await setTimeout(everyMs);
    }
  }

  const running = run();
  return {
    async stop(): Promise<Visit[]> {
      going = false;
      await running;
      return Promise.all(visits);
    },
  };
}

function lost(visits: readonly Visit[]): Visit[] {
  return visits.filter(({ status, right }) => status !== 200 || !right);
}

describe('a session across its connections', () => {
  let cloud: Cloud;
  let line: TcpLine;
  let upstream: Upstream;
  let agent: TestAgent | undefined;
  let delayMs = 0;
  const ran = new Map<string, number>();

  before(async () => {
    cloud = await startCloud({ environment: { POSTERN_RENEW_AFTER_S: '1' }, faults: { messageShuffleMs: 20 } });
    line = await startTcpLine(cloud.websocket);
    upstream = await startUpstream(async (request, response) => {
      const body = await bodyOf(request);
      ran.set(request.url ?? '', (ran.get(request.url ?? '') ?? 0) + 1);
      await setTimeout(delayMs);
      response.end(body);
    });
  });

  afterEach(async () => {
    await agent?.stop();
    agent = undefined;
    delayMs = 0;
    ran.clear();
  });

  after(async () => {
    await line?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  it('loses no request across five renewals, and tells nobody of them', async () => {
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
    const visitors = startVisitors(agent.online.publicUrl, 50);
    const renewals = () => agent?.events.filter(isRenewal).length ?? 0;
    while (renewals() < 5) await agent.next((event) => isRenewal(event) && renewals() >= 5);
    const visits = await visitors.stop();
    expect(lost(visits)).to.deep.equal([]);
    expect(agent.events.filter(({ event }) => event === 'online')).to.have.lengthOf(1);
    expect(agent.events.filter(({ event }) => event === 'offline' || event === 'reconnecting')).to.deep.equal([]);
  });

  for (const [how, upstreamMs] of [
    ['between requests', 0],
    ['with requests in flight', 400],
  ] as const) {
    it(`loses no request when its connections are cut ${how}, and none runs twice`, async () => {
      delayMs = upstreamMs;
      const agentNow = await startAgent({ endpoint: line.url, upstream: upstream.url });
      agent = agentNow;
      const visitors = startVisitors(agentNow.online.publicUrl, 30);
      await setTimeout(700);
      line.cut();
      await agentNow.next(({ event }) => event === 'reconnecting');
      await setTimeout(700);
      const visits = await visitors.stop();
      expect(lost(visits)).to.deep.equal([]);
      expect([...ran.values()].filter((times) => times > 1)).to.deep.equal([]);
    });
  }

  it('loses no request when the gateway closes everything with 1001 and lets nobody in for a second', async () => {
    const agentNow = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
    agent = agentNow;
    const visitors = startVisitors(agentNow.online.publicUrl, 30);
    await setTimeout(500);
    cloud.emulator.control.refuseConnects(503, 1_000);
    cloud.emulator.control.closeAll({ code: 1001, reason: 'Going away' });
    await setTimeout(2_000);
    const visits = await visitors.stop();
    expect(lost(visits)).to.deep.equal([]);
    const attempts = agentNow.events.filter(({ event }) => event === 'reconnecting');
    expect(attempts.length).to.be.above(1);
  });

  it('is let go of before it ends, so that the next visitor is told at once', async () => {
    const agentNow = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
    const { publicUrl } = agentNow.online;
    expect(await agentNow.stop()).to.equal(0);
    const response = await fetch(publicUrl);
    expect(response.status).to.equal(502);
    expect(response.headers.get('x-postern-error')).to.equal('agent_offline');
  });
});

function isRenewal(event: { readonly event: string; readonly message?: string }): boolean {
  return event.event === 'note' && event.message?.startsWith('the connection was renewed') === true;
}
