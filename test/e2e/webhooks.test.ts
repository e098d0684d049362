import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { sign } from '@octokit/webhooks-methods';
import { expect } from 'chai';
import { createWebhookReceiver } from '../../fixtures/apps/webhook-receiver.ts';
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

  async function deliver(event: string, body: string, contentType: string, secret = SECRET) {
    const delivery = randomUUID();
    const response = await fetch(`${agent.online.publicUrl}/hooks/github`, {
      method: 'POST',
      body,
      headers: {
        'content-type': contentType,
        'user-agent': 'GitHub-Hookshot/044aadd',
        'x-github-event': event,
        'x-github-delivery': delivery,
        'x-hub-signature-256': await sign(secret, body),
      },
    });
    const seen = (await response.json()) as { event: string; delivery: string };
    return { status: response.status, event: seen.event, same: seen.delivery === delivery };
  }

  async function deliverAll(bodyOf: (example: object) => string, contentType: string): Promise<void> {
    expect(DELIVERIES.length).to.be.greaterThan(300);
    const queue = [...DELIVERIES];
    async function work(): Promise<void> {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const result = await deliver(next.name, bodyOf(next.example), contentType);
        expect(result).to.deep.equal({ status: 200, event: next.name, same: true });
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  it("arrive byte for byte: GitHub's library verifies every one, as JSON", async () => {
    await deliverAll((example) => JSON.stringify(example, null, 2), 'application/json');
  });

  it("arrive byte for byte: GitHub's library verifies every one, as a form", async () => {
    await deliverAll(
      (example) => new URLSearchParams({ payload: JSON.stringify(example) }).toString(),
      'application/x-www-form-urlencoded',
    );
  });

  it('with a wrong signature are seen to have one', async () => {
    const result = await deliver('ping', '{"zen":"Design for failure."}', 'application/json', 'another secret');
    expect(result).to.include({ status: 401, event: 'ping' });
  });
});
