import { GetConnectionCommand, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { ask, type Client, isRecorded, openClient, pause, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { expectFrame } from '../expect-frame.ts';
import { type RawHandshake, shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';
import { refusalOf, watchedClient } from '../watched-client.ts';

/** More than the setting `throttled` lets through while it is asked. */
const MANY = 30;

inSetting('throttled', (behaviour) => {
  behaviour('WS-50', async (target) => {
    const client = await openClient(target);
    await refill();
    // HTTP requests use up what messages and posts would need.
    const answers = await Promise.all(times(MANY, () => ask(target, '/items/special')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length, 'HTTP requests').to.be.within(10, MANY - 10);
    for (const { body } of refused) expect(body).to.equal('{"message":"Too Many Requests"}');

    const posts = await postAll(target, client);
    expect(posts.filter((status) => status === 429).length, 'posts').to.be.at.least(10);
    const wanted = times(MANY, tag);
    for (const each of wanted) client.ask(undefined, { tag: each });
    for (let count = 0; count < 10; count += 1) {
      expectFrame(await nextOwn(client), 'Too Many Requests', client.connectionId);
    }
    await pause(300);
    const ran = (await target.entries()).filter(({ tag: each }) => each !== undefined && wanted.includes(each));
    expect(ran.length, 'messages that ran').to.be.at.most(MANY - 10);
    client.socket.terminate();
  });

  behaviour('WS-50', async (target) => {
    const client = await openClient(target);
    await refill();
    const wanted = times(MANY, tag);
    for (const each of wanted) client.ask(undefined, { tag: each }); // and messages what HTTP requests would
    for (let count = 0; count < 10; count += 1) await nextOwn(client);

    const answers = await Promise.all(times(MANY, () => ask(target, '/items/special')));
    expect(answers.filter(({ status }) => status === 429).length).to.be.at.least(10);
    client.socket.terminate();
  });

  behaviour('MG-12', async (target) => {
    const client = await openClient(target);
    await refill();
    await postAll(target, client);
    const management = watchedClient(target).client;
    const command = new GetConnectionCommand({ ConnectionId: client.connectionId });
    const refusals = await Promise.all(times(MANY, () => refusalOf(management.send(command)).catch(() => undefined)));

    const [refusal] = refusals.filter((each) => each !== undefined);
    const { name, status } = refusal ?? {};
    expect({ name, status }).to.deep.equal({ name: 'LimitExceededException', status: 429 });
    client.socket.terminate();
  });

  behaviour('WS-17', async (target) => {
    await refill();
    const wanted = times(12, tag);
    const startedAt = Date.now();
    const shakes = await Promise.all(wanted.map((each) => shakeHands(target, { instruction: { tag: each } })));
    const lasted = Date.now() - startedAt;
    for (const shake of shakes) shake.end();

    const statuses = shakes.map(({ status }) => status);
    expect([...new Set(statuses)].sort()).to.deep.equal([101, 429]);
    expect(statuses.filter((status) => status === 101).length).to.be.within(5, 6 + Math.ceil(lasted / 200));
    const refused = wanted.filter((_, index) => statuses[index] === 429);
    const invoked = isRecorded(target, (record) => refused.includes(record.tag ?? ''), 300);
    expect(await invoked, 'a function for one that was refused').to.equal(false);

    await refill();
    const again: RawHandshake = await shakeHands(target);
    again.end();
    expect(again.status, 'a second later').to.equal(101);
  });
});

inSetting('default', (behaviour) => {
  behaviour('MG-12', async (target) => {
    const client = await openClient(target);
    client.socket.pause();
    const management = watchedClient(target).client;
    const command = new PostToConnectionCommand({ ConnectionId: client.connectionId, Data: 'x'.repeat(131_072) });
    const statuses = new Set<number | undefined>();
    for (let round = 0; round < 40 && statuses.size < 2; round += 1) {
      const posts = times(10, () => refusalOf(management.send(command)).catch(() => ({ name: 'ok', status: 200 })));
      for (const { name, status } of await Promise.all(posts)) {
        statuses.add(status);
        expect(name).to.equal(status === 200 ? 'ok' : 'LimitExceededException');
      }
    }

    expect([...statuses]).to.deep.equal([200, 429]);
    client.socket.terminate();
  });
});

/** Until all buckets of the setting are full again. */
function refill(): Promise<void> {
  return pause(1_100);
}

async function postAll(target: Target, { connectionId: ConnectionId }: Client): Promise<number[]> {
  const { client, calls } = watchedClient(target);
  const command = new PostToConnectionCommand({ ConnectionId, Data: 'a post' });
  await Promise.all(times(MANY, () => client.send(command).catch(() => {})));
  return calls.map(({ status }) => status);
}

/** The next frame of the gateway itself. */
async function nextOwn(client: Client): Promise<string> {
  for (;;) {
    const text = await client.message();
    if (text !== 'a post') return text;
  }
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
