import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { type Cloud, startCloud } from '../support/cloud.ts';
import { bodyOf, startUpstream, type Upstream } from '../support/upstream.ts';

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes that brotli makes no smaller, and another number's are not. */
function bytesOf(number: number, length: number): Buffer {
  const block = createHash('sha512').update(String(number)).digest();
  return Buffer.alloc(length, Buffer.concat([block, Buffer.from([number & 0xff])]));
}

/** Every one of these sizes down, and its half up: one message, several, more than a window has room for at once. */
const SIZES = [0, 40, 4_096, 60_000, 300_000, 1_500_000];

interface Visit {
  readonly status: number;
  /** What the edge says of its failure. */
  readonly failure: string | undefined;
  readonly up: boolean;
  readonly down: boolean;
}

describe('answers that are pushed, on bad days', () => {
  let cloud: Cloud;
  let upstream: Upstream;
  let agent: TestAgent;
  const ran = new Map<string, number>();

  before(async () => {
    [cloud, upstream] = await Promise.all([
      startCloud({
        environment: { POSTERN_RENEW_AFTER_S: '2', POSTERN_LOG_LEVEL: 'debug' },
        faults: { messageShuffleMs: 20, postRepeatRate: 0.05, coldStartRate: 0.02, postThrottleRate: 0.02 },
        quotas: { lifeMs: 8_000 },
      }),
      startUpstream(async (request, response) => {
        const { searchParams } = new URL(request.url ?? '', 'http://upstream');
        const number = Number(searchParams.get('n'));
        ran.set(String(number), (ran.get(String(number)) ?? 0) + 1);
        const body = await bodyOf(request);
        await setTimeout(number % 5 === 0 ? 300 : 0);
        response.setHeader('x-got', sha256(body));
        response.end(bytesOf(number, Number(searchParams.get('bytes'))));
      }),
    ]);
    agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
  });

  after(async () => {
    await agent?.stop();
    await Promise.all([cloud?.stop(), upstream?.stop()]);
  });

  async function visit(number: number): Promise<Visit> {
    const length = SIZES[number % SIZES.length] ?? 0;
    const body = bytesOf(number + 1, length / 2);
    const response = await fetch(`${agent.online.publicUrl}/?n=${number}&bytes=${length}`, { method: 'POST', body });
    const answer = Buffer.from(await response.arrayBuffer());
    return {
      status: response.status,
      failure: response.headers.has('x-postern-error') ? answer.toString() : undefined,
      up: response.headers.get('x-got') === sha256(body),
      down: sha256(answer) === sha256(bytesOf(number, length)),
    };
  }

  /** Visitors, some at once, while `meanwhile` goes on. @returns what went wrong */
  async function load(count: number, atOnce: number, meanwhile: (over: AbortSignal) => Promise<void> = async () => {}) {
    ran.clear();
    const before = agent.events.length;
    const over = new AbortController();
    const doing = meanwhile(over.signal);
    const visits: { number: number; visit: Visit }[] = [];
    let next = 0;
    async function visitor(): Promise<void> {
      for (let number = next++; number < count; number = next++) visits.push({ number, visit: await visit(number) });
    }
    await Promise.all(Array.from({ length: atOnce }, visitor));
    over.abort();
    await doing;
    const wrong = visits.filter((one) => one.visit.status !== 200 || !one.visit.up || !one.visit.down);
    const twice = [...ran].filter(([, times]) => times > 1);
    const errors = agent.events.slice(before).filter(({ event }) => event === 'error');
    return { wrong, twice, errors };
  }

  /** The connections that are nobody's but waiting functions'. */
  function replyConnections(): string[] {
    const agents = new Set(
      cloud.log.flatMap(
        ({ message }) => /agent connected\\?","connectionId\\?":\\?"([^"\\]+)/.exec(message)?.[1] ?? [],
      ),
    );
    return cloud.emulator.control.connections().filter((id) => !agents.has(id));
  }

  function pushedAnswers(): number {
    return cloud.log.filter(({ message }) => message.includes('"pushed":true')).length;
  }

  it('are pushed, once environments are warm, through repeated posts, throttles, cold starts and two hours that end', async () => {
    expect(await load(240, 6)).to.deep.equal({ wrong: [], twice: [], errors: [] });
    expect(pushedAnswers()).to.be.greaterThan(100);
    expect(cloud.log.filter(({ message }) => message.includes('connection for answers'))).to.have.lengthOf.at.least(4);
  }).timeout(120_000);

  it('lose nothing when the connections of waiting functions are half-open (WS-49), again and again', async () => {
    const result = await load(90, 4, async (over) => {
      while (!over.aborted) {
        for (const id of replyConnections()) cloud.emulator.control.cut(id);
        await setTimeout(1_500);
      }
    });
    expect(result).to.deep.equal({ wrong: [], twice: [], errors: [] });
  }).timeout(120_000);

  it('lose nothing when the gateway closes every connection with 1001, functions and agents alike', async () => {
    const result = await load(120, 4, async (over) => {
      // The agent, which has to come back as well, takes its time after the fourteenth.
      for (let time = 0; time < 5 && !over.aborted; time += 1) {
        await setTimeout(1_500);
        cloud.emulator.control.closeAll({ code: 1001, reason: 'Going away' });
      }
    });
    expect(result).to.deep.equal({ wrong: [], twice: [], errors: [] });
  }).timeout(120_000);

  it('come through connections that died while their functions were frozen (LA-02)', async () => {
    expect(await load(6, 2)).to.deep.equal({ wrong: [], twice: [], errors: [] });
    for (const id of replyConnections()) cloud.emulator.control.cut(id);
    // Longer than a connection is trusted, so that it is proven before anybody waits for it in vain.
    await setTimeout(5_500);
    expect(await load(6, 1)).to.deep.equal({ wrong: [], twice: [], errors: [] });
  }).timeout(120_000);
});
