import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { type Client, isRecorded, managementClient, openClient, recordOf, tag, within } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import type { Frame } from '../frame-reader.ts';
import type { ProbeRecord } from '../probe/src/instruction.ts';
import { shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';

const FRAME_BYTES = 32_768;
const MESSAGE_BYTES = 131_072;

inSetting('default', (behaviour) => {
  behaviour('WS-40', async (target) => {
    const client = await openClient(target);
    client.socket.send(Buffer.from('{"action":"ping"}'), { binary: true });

    expect((await closedWithoutEvent(target, client)).code).to.equal(1003);
    await recordOf(target, (record) => isOf(record, client, 'DISCONNECT'));
  });

  behaviour('WS-41', async (target) => {
    const client = await openClient(target);
    const whole = message(FRAME_BYTES);
    client.socket.send(whole);
    const { event } = await recordOf(target, (record) => isOf(record, client, 'MESSAGE'));
    expect(event.body).to.equal(whole);
    client.socket.terminate();

    const next = await openClient(target);
    next.socket.send(message(FRAME_BYTES + 1));
    expect((await closedWithoutEvent(target, next)).code).to.equal(1009);
  });

  behaviour('WS-42', async (target) => {
    const client = await openClient(target);
    const whole = message(MESSAGE_BYTES);
    sendInFragments(client, whole);
    const { event } = await recordOf(target, (record) => isOf(record, client, 'MESSAGE'));
    expect(event.body === whole, 'one event has it all').to.equal(true);
    const events = (await target.entries()).filter((entry) => entry.kind === 'event' && isOf(entry, client, 'MESSAGE'));
    expect(events).to.have.length(1);
    client.socket.terminate();

    const next = await openClient(target);
    sendInFragments(next, message(MESSAGE_BYTES + 1));
    expect((await closedWithoutEvent(target, next)).code).to.equal(1009);
  });

  behaviour('WS-43', async (target) => {
    const shake = await shakeHands(target);
    const { connectionId } = (await shake.record()).event.requestContext as { connectionId: string };
    const Data = 'é'.repeat(50_000); // 100,000 bytes; no boundary of frames is one of characters
    await managementClient(target).send(new PostToConnectionCommand({ ConnectionId: connectionId, Data }));

    const frames: Frame[] = [];
    do frames.push(await shake.frame());
    while (!frames.at(-1)?.fin);
    shake.end();
    expect(frames.map(({ opcode }) => opcode)).to.deep.equal([1, ...frames.slice(1).map(() => 0)]);
    expect(Math.max(...frames.map(({ payload }) => payload.length))).to.be.at.most(FRAME_BYTES);
    expect(String(Buffer.concat(frames.map(({ payload }) => payload))) === Data, 'the whole arrives').to.equal(true);
  });
});

/** A message of so many bytes for the route `$default`. */
function message(bytes: number): string {
  const start = `{"do":{"tag":"${tag()}"},"filling":"`;
  return `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
}

function sendInFragments({ socket }: Client, whole: string): void {
  for (let start = 0; start < whole.length; start += FRAME_BYTES) {
    const end = start + FRAME_BYTES;
    socket.send(whole.slice(start, end), { fin: end >= whole.length });
  }
}

/** How the gateway closed it, at once where an event shows that it did not. */
async function closedWithoutEvent(target: Target, client: Client): Promise<{ code: number; reason: string }> {
  const taken = recordOf(target, (record) => isOf(record, client, 'MESSAGE')).then(() => {
    throw new Error('the message was taken for good');
  });
  const closing = await within(Promise.race([client.closed, taken]), 'the connection stayed open');
  expect(await isRecorded(target, (record) => isOf(record, client, 'MESSAGE'), 200)).to.equal(false);
  return closing;
}

function isOf({ event }: ProbeRecord, { connectionId }: Client, eventType: string): boolean {
  const context = event.requestContext as { connectionId?: string; eventType?: string } | undefined;
  return context?.connectionId === connectionId && context.eventType === eventType;
}
