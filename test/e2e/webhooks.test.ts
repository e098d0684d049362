import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { sign } from '@octokit/webhooks-methods';
import { expect } from 'chai';
import { createWebhookReceiver, type Receipt } from '../../fixtures/apps/webhook-receiver.ts';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

interface WebhookExamples {
  readonly name: string;
  readonly examples: readonly object[];
}

const EVENTS = createRequire(import.meta.url)('@octokit/webhooks-examples') as WebhookExamples[];
const DELIVERIES = EVENTS.flatMap(({ name, examples }) => examples.map((example) => ({ name, example })));
const SECRET = "It's a Secret to Everybody";
const AGENT = 'GitHub-Hookshot/044aadd';
const PING = '{"zen":"Design for failure."}';
const AT_ONCE = 8;

describe('GitHub webhooks through the tunnel', () => {
  let cloud: Cloud;
  let upstream: Upstream;
  let agent: TestAgent;

  before(async () => {
    cloud = await startCloud();
    upstream = await startUpstream(createWebhookReceiver(SECRET));
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
  });

  after(async () => {
    await agent?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  /** @param sent the body that leaves, where it is not the one that was signed */
  async function deliver(event: string, signed: string, type: string, { secret = SECRET, sent = signed } = {}) {
    const delivery = randomUUID();
    const response = await fetch(`${agent.online.publicUrl}/hooks/github`, {
      method: 'POST',
      body: sent,
      headers: {
        'content-type': type,
        'user-agent': AGENT,
        'x-github-event': event,
        'x-github-delivery': delivery,
        'x-hub-signature-256': await sign(secret, signed),
      },
    });
    const { delivery: seen, ...receipt } = (await response.json()) as Receipt;
    return { status: response.status, same: seen === delivery, ...receipt };
  }

  async function deliverAll(bodyOf: (example: object) => string, type: string): Promise<void> {
    expect(DELIVERIES.length).to.be.greaterThan(300);
    const queue = [...DELIVERIES];
    async function work(): Promise<void> {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const { name, example } = next;
        const result = await deliver(name, bodyOf(example), type);
        const members = Object.keys(example);
        expect(result).to.deep.equal({ status: 200, same: true, event: name, agent: AGENT, type, members });
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  it("arrive byte for byte: GitHub's library verifies every one, as JSON", async () => {
    await deliverAll((example) => JSON.stringify(example), 'application/json');
  });

  it("arrive byte for byte: GitHub's library verifies every one, as a form", async () => {
    await deliverAll(
      (example) => new URLSearchParams({ payload: JSON.stringify(example) }).toString(),
      'application/x-www-form-urlencoded',
    );
  });

  for (const [what, change] of [
    ['signed with another secret', { secret: 'another secret' }],
    ['changed in one letter after it was signed', { sent: PING.replace('Design', 'design') }],
    ['with one space more than was signed', { sent: `${PING} ` }],
  ] as const) {
    it(`${what}: the receiver sees that the signature is wrong`, async () => {
      const result = await deliver('ping', PING, 'application/json', change);
      expect(result).to.deep.equal({ status: 401, same: true, event: 'ping', agent: AGENT, type: 'application/json' });
    });
  }
});
