import { expect } from 'chai';
import { WebSocket } from 'ws';
import { encode, openClient, recordOf, refusedHandshake, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';

inSetting('default', (behaviour) => {
  behaviour('WS-01', async (target) => {
    const wanted = tag();
    const startedAt = Date.now();
    const socket = new WebSocket(`${target.websocket}?do=${encode({ tag: wanted, sleepMs: 400 })}`);
    const opened = new Promise<number>((resolve) => socket.once('open', () => resolve(Date.now() - startedAt)));
    await recordOf(target, (record) => record.tag === wanted);

    expect(await opened).to.be.at.least(400);
    socket.terminate();
  });

  behaviour('WS-04', async (target) => {
    for (const statusCode of [400, 401, 403, 404, 503]) {
      const url = `${target.websocket}?do=${encode({ answer: { statusCode } })}`;
      expect((await refusedHandshake(url)).status).to.equal(statusCode);
    }
  });

  behaviour('WS-20', async (target) => {
    const client = await openClient(target);

    expect(client.connectionId).to.match(/^[A-Za-z0-9_-]{15}=$/);
    client.socket.terminate();
  });
});
