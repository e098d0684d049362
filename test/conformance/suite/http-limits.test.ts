import { expect } from 'chai';
import { isRecorded, pause, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { type Exchange, exchange } from '../exchange.ts';
import { expectOwn } from '../expect-answer.ts';
import type { Target } from '../target.ts';

/** Bytes of request line and headers (HA-22), and how near to it a test goes: nobody knows what else AWS counts. */
const MOST_HEAD_BYTES = 10_240;
const MARGIN_BYTES = 16;
const MOST_BODY_BYTES = 10 * 1024 * 1024;
/** Bytes of an event as JSON (HA-23), and what at most is in it besides the body. */
const MOST_EVENT_BYTES = 6 * 1024 * 1024;
const ENVELOPE_BYTES = 4_000;

const AT_ONCE = 30;

/** A request whose line and headers have so many bytes. */
async function withHead(target: Target, bytes: number): Promise<Exchange> {
  const instruction = { tag: tag() };
  const empty = await exchange(target, '/', { headers: [['x-pad', '']], instruction });
  const pad = 'p'.repeat(bytes - empty.sentHeadBytes);
  const answer = await exchange(target, '/', { headers: [['x-pad', pad]], instruction });
  expect(answer.sentHeadBytes).to.equal(bytes);
  return answer;
}

function withBody(target: Target, bytes: number, contentType: string, wanted = tag()): Promise<Exchange> {
  return exchange(target, '/', {
    method: 'POST',
    headers: [['Content-Type', contentType]],
    body: 'b'.repeat(bytes),
    instruction: { quiet: true, tag: wanted },
  });
}

inSetting('default', (behaviour) => {
  behaviour('HA-22', async (target) => {
    expect((await withHead(target, MOST_HEAD_BYTES - MARGIN_BYTES)).status).to.equal(200);
    // The switch headerLimitStatus: 431 by default.
    expect((await withHead(target, MOST_HEAD_BYTES + MARGIN_BYTES)).status).to.equal(431);
    expect((await withBody(target, MOST_BODY_BYTES + 1, 'text/plain')).status).to.equal(413);
  });

  behaviour('HA-23', async (target) => {
    expect((await withBody(target, MOST_EVENT_BYTES - ENVELOPE_BYTES, 'text/plain')).status).to.equal(200);
    const wanted = tag();
    const over = await withBody(target, MOST_EVENT_BYTES, 'text/plain', wanted);
    expectOwn(over, 413, 'Request Entity Too Large');
    expect(await isRecorded(target, (record) => record.tag === wanted, 200)).to.equal(false);

    // As base64, four bytes for three.
    const binary = 'application/octet-stream';
    expect((await withBody(target, ((MOST_EVENT_BYTES - ENVELOPE_BYTES) / 4) * 3, binary)).status).to.equal(200);
    expectOwn(await withBody(target, (MOST_EVENT_BYTES / 4) * 3, binary), 413, 'Request Entity Too Large');
  });

  behaviour('HA-24', async (target) => {
    // The stage `named` lets this route have one request a second, two at once.
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => exchange(target, '/named/items/special')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).to.be.within(1, AT_ONCE - 1);
    for (const answer of refused) expectOwn(answer, 429, 'Too Many Requests');
    expect(answers.filter(({ status }) => status === 200)).to.have.length(AT_ONCE - refused.length);
    expect((await exchange(target, '/named/items/7')).status, 'another route').to.equal(200);
    expect((await exchange(target, '/items/special')).status, 'another stage').to.equal(200);
  });
});

inSetting('throttled', (behaviour) => {
  behaviour('HA-24', async (target) => {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => exchange(target, '/')));
    const refused = answers.filter(({ status }) => status === 429);
    // Ten at once, and what a second adds while they come.
    expect(refused.length).to.be.within(AT_ONCE - 20, AT_ONCE - 10);
    for (const answer of refused) expectOwn(answer, 429, 'Too Many Requests');

    await pause(1_000);
    expect((await exchange(target, '/')).status, 'a second later').to.equal(200);
  });
});
