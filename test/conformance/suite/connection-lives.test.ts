import { GetConnectionCommand, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { type Client, isRecorded, managementClient, openClient, pause, recordOf, within } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import type { ProbeRecord } from '../probe/src/instruction.ts';
import type { Target } from '../target.ts';

/** AWS itself is a few seconds late. */
const LATE_MS = 1_500;
const GOING_AWAY = { code: 1001, reason: 'Going away' };

inSetting('short-lives', (behaviour) => {
  behaviour('WS-46', async (target) => {
    const client = await openClient(target);
    const idleSince = Date.now();

    expect(await closedWithin(client, target.idleMs + LATE_MS)).to.deep.equal(GOING_AWAY);
    expect(Date.now() - idleSince).to.be.at.least(target.idleMs - 300);
  });

  behaviour('WS-46', async (target) => {
    const client = await openClient(target);
    const startedAt = Date.now();
    const pauseMs = 0.6 * target.idleMs;
    await pause(pauseMs);
    client.ask(undefined, {});
    await pause(pauseMs);
    const { connectionId: ConnectionId } = client;
    await managementClient(target).send(new PostToConnectionCommand({ ConnectionId, Data: 'not idle' }));

    expect(await client.message()).to.equal('not idle');
    expect(await closedWithin(client, target.idleMs + LATE_MS)).to.deep.equal(GOING_AWAY);
    expect(Date.now() - startedAt).to.be.at.least(2 * pauseMs + target.idleMs - 300);
  });

  behaviour('WS-47', async (target) => {
    const client = await openClient(target);
    const startedAt = Date.now();
    const talking = setInterval(() => client.ask(undefined, {}), target.idleMs / 4);

    expect(await closedWithin(client, target.lifeMs + LATE_MS)).to.deep.equal(GOING_AWAY);
    clearInterval(talking);
    expect(Date.now() - startedAt).to.be.at.least(target.lifeMs - 300);
  });

  behaviour('WS-48', async (target) => {
    const client = await openClient(target);
    const startedAt = Date.now();
    let pings = 0;
    let pongs = 0;
    client.socket.on('ping', () => pings++);
    client.socket.on('pong', () => pongs++);
    const pinging = setInterval(() => client.socket.ping(), target.idleMs / 8);
    const closing = await closedWithin(client, target.idleMs + LATE_MS);
    clearInterval(pinging);

    expect(closing).to.deep.equal(GOING_AWAY);
    expect(Date.now() - startedAt).to.be.at.least(target.idleMs - 300);
    expect(pongs, 'pongs').to.be.at.least(3);
    expect(pings, 'pings of the gateway').to.equal(0);
  });

  behaviour('WS-62', async (target) => {
    const client = await openClient(target);
    const { event } = await disconnectOf(target, client);

    const { disconnectStatusCode, disconnectReason } = event.requestContext as Record<string, unknown>;
    expect({ disconnectStatusCode, disconnectReason }).to.deep.equal({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  });
});

inSetting('unnoticed', (behaviour) => {
  behaviour('WS-49', async (target) => {
    const client = await openClient(target);
    const { connectionId: ConnectionId } = client;
    client.socket.terminate();
    await pause(200);
    const management = managementClient(target);
    for (const Data of ['into', 'the void']) {
      const { $metadata } = await management.send(new PostToConnectionCommand({ ConnectionId, Data }));
      expect($metadata.httpStatusCode).to.equal(200);
    }
    const lastActiveAt = Date.now();
    await management.send(new GetConnectionCommand({ ConnectionId }));

    const isEnd = (record: ProbeRecord) => isDisconnect(record, client);
    expect(await isRecorded(target, isEnd, target.idleMs - 1_000), 'an early $disconnect').to.equal(false);
    const { event } = await disconnectOf(target, client);
    expect(Date.now() - lastActiveAt).to.be.within(target.idleMs - 300, target.idleMs + LATE_MS);
    expect(event.requestContext).to.include({ disconnectStatusCode: 1001, disconnectReason: 'Going away' });
  });
});

function closedWithin({ closed }: Client, ms: number): Promise<{ code: number; reason: string }> {
  return within(closed, 'the connection stayed open', ms);
}

function disconnectOf(target: Target, client: Client): Promise<ProbeRecord> {
  return recordOf(target, (record) => isDisconnect(record, client));
}

function isDisconnect({ event }: ProbeRecord, { connectionId }: Client): boolean {
  const context = event.requestContext as { connectionId?: string; eventType?: string } | undefined;
  return context?.connectionId === connectionId && context.eventType === 'DISCONNECT';
}
