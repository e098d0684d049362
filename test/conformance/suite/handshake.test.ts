import { expect } from 'chai';
import { WebSocket } from 'ws';
import { encode, isRecorded, openClient, pause, recordOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import type { Instruction } from '../probe/src/instruction.ts';
import { shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';

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

  behaviour('WS-02', async (target) => {
    for (const statusCode of [200, 201]) {
      const headers = { 'Sec-WebSocket-Protocol': 'chosen', 'x-of-the-function': 'yes', 'content-type': 'text/plain' };
      const shake = await shakeHands(target, {
        headers: { 'Sec-WebSocket-Protocol': 'chosen' },
        instruction: { answer: { statusCode, headers, body: 'a body' } },
      });
      await pause(300);

      expect(shake.status).to.equal(101);
      expect(shake.unread()).to.equal(0);
      expect(shake.headers).to.include({ 'sec-websocket-protocol': 'chosen' });
      expect(shake.headers).not.to.have.any.keys('x-of-the-function', 'content-type', 'content-length');
      shake.end();
    }
  });

  behaviour('WS-03', async (target) => {
    for (const statusCode of [200, 201, 202, 204, 226, 250, 299]) {
      expect(await statusOf(target, { answer: { statusCode } }), `${statusCode}`).to.equal(101);
    }
  });

  behaviour('WS-04', async (target) => {
    for (const statusCode of [302, 400, 401, 403, 404, 418, 429, 500, 503]) {
      expect(await statusOf(target, { answer: { statusCode } })).to.equal(statusCode);
    }
  });

  behaviour('WS-05', async (target) => {
    const unusable = [null, {}, { body: 'no status' }, 'text', 42, [200], { statusCode: 'many' }, { statusCode: null }];
    for (const answer of unusable) {
      expect(await statusOf(target, { answer }), JSON.stringify(answer)).to.equal(502);
    }
    expect(await statusOf(target, { throw: 'on purpose' }), 'a throw').to.equal(502);
  });

  behaviour('WS-10', async (target) => {
    expect(await statusOf(target, { hang: true })).to.equal(502); // its own timeout is 2 s
  });

  behaviour('WS-13', async (target) => {
    const chosen = (name: string): Instruction => ({
      answer: { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': name } },
    });
    const protocolOf = async (offered: string | undefined, instruction: Instruction) => {
      const headers: Record<string, string> = offered === undefined ? {} : { 'Sec-WebSocket-Protocol': offered };
      const shake = await shakeHands(target, { headers, instruction });
      shake.end();
      expect(shake.status).to.equal(101);
      return shake.headers['sec-websocket-protocol'];
    };

    expect(await protocolOf('chat1, myprotocol', chosen('myprotocol'))).to.equal('myprotocol');
    expect(await protocolOf('chat1', chosen('never-offered'))).to.equal('never-offered');
    expect(await protocolOf(undefined, chosen('unasked'))).to.equal('unasked');
    expect(await protocolOf('chat1, myprotocol', {})).to.equal(undefined);

    const picky = new WebSocket(`${target.websocket}?do=${encode({})}`, ['chat1', 'myprotocol']);
    const outcome = await new Promise((resolve) => {
      picky.once('error', ({ message }) => resolve(message));
      picky.once('open', () => resolve('opened'));
    });
    expect(outcome).to.equal('Server sent no subprotocol');
  });

  behaviour('WS-14', async (target) => {
    const offers = ['permessage-deflate; client_max_window_bits', 'permessage-deflate'];
    for (const offer of offers) {
      const shake = await shakeHands(target, { headers: { 'Sec-WebSocket-Extensions': offer } });
      expect(shake.status).to.equal(101);
      expect(shake.headers).not.to.have.property('sec-websocket-extensions');
      shake.end();
    }
  });

  behaviour('WS-18', async (target) => {
    const { pathname } = new URL(target.websocket);
    const ofCharacters = (wanted: number) => `${pathname}?long=${'x'.repeat(wanted - `${pathname}?long=`.length)}`;

    const fits = await shakeHands(target, { path: ofCharacters(4_000) });
    expect(fits.status).to.equal(101);
    fits.end();
    const wanted = tag();
    const tooLong = await shakeHands(target, { path: ofCharacters(4_097), instruction: { tag: wanted } });
    tooLong.end();
    expect(tooLong.status).to.equal(414);
    expect(await isRecorded(target, (record) => record.tag === wanted, 300)).to.equal(false);
  });

  behaviour('WS-19', async (target) => {
    const response = await fetch(target.websocket.replace(/^ws/, 'http'));
    await response.body?.cancel();

    expect(response.status).to.equal(426);
  });

  behaviour('WS-20', async (target) => {
    const clients = [await openClient(target), await openClient(target)];

    for (const { connectionId, connect, socket } of clients) {
      expect(connectionId).to.match(/^[A-Za-z0-9_-]{15}=$/);
      const { requestId } = connect.event.requestContext as { requestId: string };
      expect(requestId).to.match(/^[A-Za-z0-9_-]{15}=$/);
      expect(requestId.slice(0, 2), 'both begin with the time').to.equal(connectionId.slice(0, 2));
      socket.terminate();
    }
    expect(clients[0]?.connectionId).not.to.equal(clients[1]?.connectionId);
  });
});

inSetting('hasty-connect', (behaviour) => {
  behaviour('WS-10', async (target) => {
    const wanted = tag();
    const startedAt = Date.now();

    expect(await statusOf(target, { tag: wanted, sleepMs: 1_500 })).to.equal(504);
    expect(Date.now() - startedAt).to.be.below(1_400);
    expect(await isRecorded(target, (record) => record.tag === wanted, 500)).to.equal(true);
  });
});

inSetting('impatient', (behaviour) => {
  behaviour('WS-10', async (target) => {
    const wanted = tag();
    const startedAt = Date.now();

    // The function has 2 s, and the route no timeout of its own: the cap of all integrations comes first.
    expect(await statusOf(target, { tag: wanted, sleepMs: 1_700 })).to.equal(504);
    expect(Date.now() - startedAt).to.be.within(490, 1_600);
    expect(await isRecorded(target, (record) => record.tag === wanted, 500)).to.equal(true);
  });
});

inSetting('few-routes', (behaviour) => {
  behaviour('WS-09', async (target) => {
    const shake = await shakeHands(target);

    expect(shake.status).to.equal(101);
    expect(await isRecorded(target, (record) => eventTypeOf(record.event) === 'CONNECT', 400)).to.equal(false);
    shake.end();
  });
});

async function statusOf(target: Target, instruction: Instruction): Promise<number> {
  const shake = await shakeHands(target, { instruction });
  shake.end();
  return shake.status;
}

function eventTypeOf(event: Readonly<Record<string, unknown>>): unknown {
  return (event.requestContext as { eventType?: string } | undefined)?.eventType;
}
