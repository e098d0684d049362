import { createHash, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { bodyOf, startUpstream, type Upstream } from '../support/upstream.ts';

const SIZE = 4_000_000;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Lets everybody go on when the last of them has arrived. */
function createMeeting(size: number) {
  let arrived = 0;
  let begin: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return {
    arrive(): Promise<void> {
      arrived += 1;
      if (arrived === size) begin();
      return begun;
    },
  };
}

describe('bodies and concurrency through the whole stack', () => {
  const bytes = randomBytes(SIZE);
  let cloud: Cloud;
  let upstream: Upstream;
  let agent: TestAgent;
  let meeting = createMeeting(0);

  before(async () => {
    cloud = await startCloud({ faults: { messageShuffleMs: 20 } });
    upstream = await startUpstream(async (request, response) => {
      const url = request.url ?? '/';
      if (url === '/down') return void response.setHeader('content-type', 'application/octet-stream').end(bytes);
      if (url.startsWith('/too-large')) return void response.end(Buffer.alloc(Number(url.split('/').at(-1))));
      if (url.startsWith('/slow')) {
        await Promise.all([setTimeout(1_000), meeting.arrive()]);
        return void response.end(url);
      }
      response.end(sha256(await bodyOf(request)));
    });
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
  });

  after(async () => {
    await agent?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  it('carries 4,000,000 random bytes up, through shuffled message events', async () => {
    const response = await fetch(`${agent.online.publicUrl}/up`, { method: 'POST', body: bytes });
    expect(response.status).to.equal(200);
    expect(await response.text()).to.equal(sha256(bytes));
  });

  it('carries 4,000,000 random bytes down, through shuffled message events', async () => {
    const response = await fetch(`${agent.online.publicUrl}/down`);
    expect(response.status).to.equal(200);
    const received = new Uint8Array(await response.arrayBuffer());
    expect(received.length).to.equal(SIZE);
    expect(sha256(received)).to.equal(sha256(bytes));
  });

  for (const [bytes, who] of [
    [6_500_000, 'the agent sees it'],
    [5_000_000, 'only as base64: the edge sees it'],
  ]) {
    it(`says 502 response_too_large for ${bytes} bytes, more than the door can give back (HR-07): ${who}`, async () => {
      const response = await fetch(`${agent.online.publicUrl}/too-large/${bytes}`);
      expect(response.status).to.equal(502);
      expect(response.headers.get('x-postern-error')).to.equal('response_too_large');
    });
  }

  it('says 413 for what the door cannot take (HA-23)', async () => {
    const response = await fetch(agent.online.publicUrl, { method: 'POST', body: Buffer.alloc(5_000_000) });
    expect(response.status).to.equal(413);
  });

  // The upstream answers none of them before it has all of them, so each needs an environment of its own (LA-01). The
  // first waves start those, so that nobody waits for a hundred cold starts.
  for (const size of [25, 50, 75, 100]) {
    it(`overlaps ${size} requests to an upstream that takes a second, and mixes none up`, async function () {
      this.timeout(60_000);
      meeting = createMeeting(size);
      const answers = await Promise.all(
        Array.from({ length: size }, async (_, number) => {
          const response = await fetch(`${agent.online.publicUrl}/slow/${number}`);
          return { number, status: response.status, text: await response.text() };
        }),
      );
      for (const { number, status, text } of answers) {
        expect({ status, text }).to.deep.equal({ status: 200, text: `/slow/${number}` });
      }
    });
  }
});
