import { once } from 'node:events';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { encode, openClient, pause, recordOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import type { ProbeRecord } from '../probe/src/instruction.ts';
import { shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';
import { signedHeaders } from '../watched-client.ts';

inSetting('authorizer', (behaviour) => {
  behaviour('WS-15', async (target) => {
    const verdicts: [given: string | undefined, status: number, asked: string[]][] = [
      [undefined, 401, []], // without the identity source nobody is asked
      ['unauthorized', 401, ['authorizer']],
      ['deny', 403, ['authorizer']],
      ['broken', 500, ['authorizer']],
      ['allow-large', 500, ['authorizer']], // 9 KB
    ];
    for (const [given, status, asked] of verdicts) {
      const wanted = tag();
      const headers: Record<string, string> = given === undefined ? {} : { Auth: given };
      const refused = await shakeHands(target, { headers, instruction: { tag: wanted } });
      refused.end();
      await pause(100); // time for a $connect that must not run
      expect(refused.status, given).to.equal(status);
      expect(await functionsOf(target, (record) => record.tag === wanted), given).to.deep.equal(asked);
    }
  });

  behaviour('WS-15', async (target) => {
    const client = await openClient(target, { headers: { Auth: 'allow' } });
    client.ask(undefined, {});
    await recordOf(target, (record) => isOf(record, client.connectionId, 'MESSAGE'));
    client.socket.close();
    await recordOf(target, (record) => isOf(record, client.connectionId, 'DISCONNECT'));

    for (const eventType of ['CONNECT', 'MESSAGE', 'DISCONNECT']) {
      const fits = (record: ProbeRecord) =>
        record.functionName !== 'authorizer' && isOf(record, client.connectionId, eventType);
      const { event } = await recordOf(target, fits);
      const { authorizer } = event.requestContext as { authorizer?: Record<string, unknown> };
      const { principalId, text, number, flag } = authorizer ?? {};
      expect({ principalId, text, number, flag }, eventType).to.deep.equal({
        principalId: 'somebody',
        text: 'value',
        number: '7',
        flag: 'true',
      });
    }
  });

  behaviour('WS-16', async (target) => {
    const client = await openClient(target, { headers: { Auth: 'allow' } });
    for (const route of ['ping', undefined, 'ping']) {
      const wanted = tag();
      client.ask(route, { tag: wanted }); // the policy denies `ping`
      await recordOf(target, (record) => record.tag === wanted);
    }

    const asked = await functionsOf(target, (record) => isOf(record, client.connectionId));
    expect(asked.filter((name) => name === 'authorizer')).to.have.length(1);
    client.socket.terminate();
  });

  behaviour('WS-12', async (target) => {
    const wanted = tag();
    const shake = await shakeHands(target, { headers: { Auth: 'allow' }, instruction: { tag: wanted } });
    shake.end();

    const isAsked = (record: ProbeRecord) => record.tag === wanted && record.functionName === 'authorizer';
    const { headers } = (await recordOf(target, isAsked)).event as { headers: Record<string, string> };
    expect(headers).to.include({ 'content-length': '0', Upgrade: 'websocket' });
    expect(headers.Connection).to.match(/^upgrade$/i);
  });
});

inSetting('signed-connect', (behaviour) => {
  behaviour('WS-16', async (target) => {
    const { pathname: path } = new URL(target.websocket);
    const unsigned = await shakeHands(target);
    unsigned.end();
    expect(unsigned.status).to.equal(403);
    const headers = await signedHeaders(target, { method: 'GET', path });
    const forged = await shakeHands(target, {
      headers: { ...headers, authorization: `${headers.authorization?.slice(0, -4)}0000` },
    });
    forged.end();
    expect(forged.status).to.equal(403);

    const socket = new WebSocket(target.websocket, { headers: { ...headers, 'x-do': encode({}) } });
    await once(socket, 'open');
    const wanted = tag();
    socket.send(JSON.stringify({ action: 'ping', do: { tag: wanted } })); // unsigned, as all messages are
    await recordOf(target, (record) => record.tag === wanted);
    socket.terminate();
  });
});

function isOf({ event }: ProbeRecord, connectionId: string, eventType?: string): boolean {
  const context = event.requestContext as { connectionId?: string; eventType?: string } | undefined;
  return context?.connectionId === connectionId && (eventType === undefined || context.eventType === eventType);
}

/** By what the probe calls them: `authorizer`, or the deployed name. */
async function functionsOf(target: Target, fits: (record: ProbeRecord) => boolean): Promise<string[]> {
  return (await target.entries()).flatMap((entry) =>
    entry.kind === 'event' && fits(entry) ? [entry.functionName] : [],
  );
}
