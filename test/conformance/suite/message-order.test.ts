import { expect } from 'chai';
import { openClient, recordOf, tag } from '../ask.ts';
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
