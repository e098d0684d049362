import { expect } from 'chai';
import { openClient, pause, recordOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';

inSetting('default', (behaviour) => {
  behaviour('WS-44', async (target) => {
    const client = await openClient(target);
    const [slow, fast] = [tag(), tag()];
    client.ask(undefined, { tag: slow, sleepMs: 1_500, post: { to: 'self', data: 'slow' } });
    client.ask(undefined, { tag: fast, sleepMs: 200, post: { to: 'self', data: 'fast' } });

    expect([await client.message(), await client.message()]).to.deep.equal(['fast', 'slow']);
    const first = await recordOf(target, (record) => record.tag === slow);
    const second = await recordOf(target, (record) => record.tag === fast);
    expect(first.environment, 'each has an environment of its own').not.to.equal(second.environment);
    client.socket.terminate();
  });

  behaviour('WS-45', async (target) => {
    const client = await openClient(target);
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    client.ask(undefined, { postInTurn: texts });

    const received: string[] = [];
    while (received.length < texts.length) received.push(await client.message());
    expect(received).to.deep.equal(texts);
    client.socket.terminate();
  });
});

inSetting('shuffled', (behaviour) => {
  behaviour('WS-44', async (target) => {
    const client = await openClient(target);
    const told = async (tags: readonly string[]) => {
      for (const each of tags) await recordOf(target, (record) => record.tag === each);
    };
    // So many environments first: else it would be their starts that end in any order.
    const [warming, sent] = [Array.from({ length: 20 }, tag), Array.from({ length: 20 }, tag)];
    for (const each of warming) client.ask('ping', { tag: each, sleepMs: 2_500 });
    await told(warming);
    await pause(3_500);
    for (const each of sent) {
      client.ask('ping', { tag: each });
      await pause(10);
    }

    await told(sent);
    const arrived = (await target.entries()).flatMap((entry) => (sent.includes(entry.tag ?? '') ? [entry.tag] : []));
    expect(arrived).to.have.members(sent);
    expect(arrived, 'in the order sent').not.to.deep.equal(sent);
    client.socket.terminate();
  });
});
