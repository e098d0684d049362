import { expect } from 'chai';
import { encode, isRecorded, openClient, recordOf, refusedHandshake, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { expectFrame } from '../expect-frame.ts';

inSetting('locked-connect', (behaviour) => {
  behaviour('WS-06', async (target) => {
    const wanted = tag();

    const { status } = await refusedHandshake(`${target.websocket}?do=${encode({ tag: wanted })}`);

    expect(status).to.equal(500);
    expect(await isRecorded(target, (record) => record.tag === wanted, 500)).to.equal(false);
  });

  // Its SourceArn is `{apiId}/$connect`.
  behaviour('WS-07', async (target) => {
    expect((await refusedHandshake(target.websocket)).status).to.equal(500);
  });
});

inSetting('narrow', (behaviour) => {
  // `{apiId}/*/$connect` opens it, `{apiId}/dev/ping` and `{apiId}/*` let messages through, and nothing else does.
  behaviour('WS-07', async (target) => {
    const client = await openClient(target);
    for (const route of ['ping', 'brief']) {
      const wanted = tag();
      client.ask(route, { tag: wanted });
      await recordOf(target, (record) => record.tag === wanted);
    }
    const wanted = tag();
    client.ask(undefined, { tag: wanted });

    expectFrame(await client.message(), 'Internal server error', client.connectionId);
    expect(await isRecorded(target, (record) => record.tag === wanted, 300)).to.equal(false);
    client.socket.terminate();
  });
});

inSetting('default', (behaviour) => {
  behaviour('WS-08', async (target) => {
    const client = await openClient(target);
    const wanted = tag();
    client.ask('locked', { tag: wanted });

    expectFrame(await client.message(), 'Internal server error', client.connectionId);
    expect(await isRecorded(target, (record) => record.tag === wanted, 300)).to.equal(false);
    const still = tag();
    client.ask('ping', { tag: still });
    await recordOf(target, (record) => record.tag === still);
    client.socket.terminate();
  });
});
