import { DeleteConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { type Client, isRecorded, managementClient, noteOf, openClient, pause, recordOf, within } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import type { ProbeRecord } from '../probe/src/instruction.ts';
import { shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';
import { watchedClient } from '../watched-client.ts';

inSetting('default', (behaviour) => {
  behaviour('WS-60', async (target) => {
    const client = await openClient(target);
    expect(await isRecorded(target, (record) => isDisconnect(record, client), 200)).to.equal(false);
    client.socket.close();
    await client.closed;
    await disconnectOf(target, client);
    await pause(200);

    const all = (await target.entries()).filter((entry) => entry.kind === 'event' && isDisconnect(entry, client));
    expect(all).to.have.length(1);
  });

  behaviour('WS-62', async (target) => {
    const ends: [end: (client: Client) => unknown, code: number, reason: string | undefined][] = [
      [({ socket }) => socket.close(), 1005, 'Client-side close frame status not set'],
      [({ socket }) => socket.close(1001), 1001, ''], // a tab that is closed or reloaded
      [({ socket }) => socket.close(1000), 1000, ''],
      [({ socket }) => socket.close(4_000, 'good bye'), 4_000, 'good bye'],
      [(client) => remove(target, client), 1000, 'Connection Closed Normally'],
      [({ socket }) => socket.terminate(), 1006, undefined], // its words are unknown
    ];
    for (const [end, code, reason] of ends) {
      const client = await openClient(target);
      await end(client);
      const { disconnectStatusCode, disconnectReason } = contextOf(await disconnectOf(target, client));
      expect(disconnectStatusCode).to.equal(code);
      if (reason !== undefined) expect(disconnectReason, String(code)).to.equal(reason);
    }
  });

  behaviour('WS-63', async (target) => {
    const client = await openClient(target);
    await remove(target, client);

    await within(client.closed, 'the connection stayed open');
    await disconnectOf(target, client);
  });

  behaviour('WS-64', async (target) => {
    const client = await openClient(target);
    const { client: management } = watchedClient(target, {
      alter: (request) => Object.assign(request.query, { code: '4001', reason: 'chosen', closeCode: '4001' }),
    });
    await management.send(new DeleteConnectionCommand({ ConnectionId: client.connectionId }));

    const { code, reason } = await within(client.closed, 'the connection stayed open');
    expect(code).not.to.equal(4_001);
    expect(reason).not.to.equal('chosen');
    const { disconnectStatusCode, disconnectReason } = contextOf(await disconnectOf(target, client));
    expect(disconnectStatusCode).not.to.equal(4_001);
    expect(disconnectReason).not.to.equal('chosen');
  });

  behaviour('WS-66', async (target) => {
    for (const answer of [{ statusCode: 403 }, {}]) {
      const shake = await shakeHands(target, { instruction: { answer } });
      shake.end();
      expect(shake.status).not.to.equal(101);
      const { connectionId } = contextOf(await shake.record());
      expect(await isRecorded(target, (record) => isDisconnect(record, { connectionId }), 400)).to.equal(false);
    }
  });
});

inSetting('farewell', (behaviour) => {
  behaviour('WS-65', async (target) => {
    const client = await openClient(target);
    client.socket.close();

    await disconnectOf(target, client);
    const { about, status } = await noteOf(target, client.connectionId);
    expect({ about, status }).to.deep.equal({ about: 'post', status: 410 });
    // That it threw afterwards harms nobody.
    (await openClient(target)).socket.terminate();
  });
});

inSetting('forgotten', (behaviour) => {
  behaviour('WS-60', async (target) => {
    const client = await openClient(target);
    client.socket.close();
    await client.closed;

    expect(await isRecorded(target, (record) => isDisconnect(record, client), 700)).to.equal(false);
  });
});

inSetting('late', (behaviour) => {
  behaviour('WS-60', async (target) => {
    const client = await openClient(target);
    client.socket.close();
    await client.closed;
    const closedAt = Date.now();
    await disconnectOf(target, client);

    expect(Date.now() - closedAt).to.be.at.least(1_200);
  });
});

async function remove(target: Target, { connectionId }: Client): Promise<void> {
  await managementClient(target).send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
}

function disconnectOf(target: Target, client: Pick<Client, 'connectionId'>): Promise<ProbeRecord> {
  return recordOf(target, (record) => isDisconnect(record, client));
}

function isDisconnect(record: ProbeRecord, { connectionId }: Pick<Client, 'connectionId'>): boolean {
  const context = contextOf(record);
  return context?.connectionId === connectionId && context.eventType === 'DISCONNECT';
}

interface Context {
  readonly connectionId: string;
  readonly eventType: string;
  readonly disconnectStatusCode?: number;
  readonly disconnectReason?: string;
}

function contextOf({ event }: ProbeRecord): Context {
  return event.requestContext as Context;
}
