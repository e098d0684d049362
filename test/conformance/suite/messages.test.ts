import { expect } from 'chai';
import { WebSocket } from 'ws';
import { type Client, isRecorded, listen, openClient, pause, recordOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { expectFrame } from '../expect-frame.ts';
import type { Instruction, ProbeRecord } from '../probe/src/instruction.ts';
import type { Target } from '../target.ts';

inSetting('default', (behaviour) => {
  behaviour('WS-30', async (target) => {
    const client = await openClient(target);
    const routes: [message: object, routeKey: string][] = [
      [{ action: 'ping' }, 'ping'],
      [{ action: 'echo' }, 'echo'],
      [{ action: 'PING' }, '$default'], // exactly the same, or not at all
      [{ action: ' ping' }, '$default'],
      [{ action: 'unheard-of' }, '$default'],
      [{ action: ['ping'] }, '$default'], // that is `[ping]`
      [{ action: { ping: 'ping' } }, '$default'],
      [{ nested: { action: 'ping' } }, '$default'],
      [{}, '$default'],
    ];
    for (const [message, routeKey] of routes) {
      expect(await routeOf(target, client, message), JSON.stringify(message)).to.equal(routeKey);
    }
    client.socket.terminate();
  });

  behaviour('WS-31', async (target) => {
    const client = await openClient(target);
    for (const body of ['no JSON', '{"action":"ping"', ' ', 'ping', '{"action":"ping"}}', "{'action':'ping'}"]) {
      client.socket.send(body);
      expect(contextOf(await eventOf(target, client, body)).routeKey, body).to.equal('$default');
    }
    client.socket.terminate();
  });

  behaviour('WS-32', async (target) => {
    const client = await openClient(target);
    const body = '{"action":"ping", body:"hello"}';
    client.socket.send(body);

    expect(contextOf(await eventOf(target, client, body)).routeKey).to.equal('$default');
    client.socket.terminate();
  });

  behaviour('WS-34', async (target) => {
    const client = await openClient(target);
    const failures: [action: string | undefined, Instruction][] = [
      [undefined, { throw: 'a secret' }],
      ['echo', { throw: 'a secret' }],
      ['brief', { hang: true }], // its own timeout is 1 s
    ];
    for (const [action, instruction] of failures) {
      const wanted = tag();
      client.ask(action, { ...instruction, tag: wanted });
      const requestId = expectFrame(await client.message(), 'Internal server error', client.connectionId);
      const { event } = await recordOf(target, (record) => record.tag === wanted);
      expect(requestId).to.equal(contextOf(event).requestId);
    }
    await expectOpen(target, client);
    client.socket.terminate();
  });

  behaviour('WS-35', async (target) => {
    const client = await openClient(target);
    for (const statusCode of [400, 500]) {
      const wanted = tag();
      client.ask(undefined, { tag: wanted, answer: { statusCode, body: 'nobody reads this' } });
      await recordOf(target, (record) => record.tag === wanted);
    }
    await pause(300);
    client.ask('echo', { answer: { statusCode: 500, body: 'an answer like any other' } });

    expect(await client.message()).to.equal('an answer like any other');
    client.socket.terminate();
  });

  behaviour('WS-36', async (target) => {
    const client = await openClient(target);
    for (const action of [undefined, 'ping']) {
      const wanted = tag();
      client.ask(action, { tag: wanted, answer: { statusCode: 200, body: 'nobody reads this' } });
      await recordOf(target, (record) => record.tag === wanted);
    }
    await pause(300);
    client.ask('echo', { answer: { statusCode: 200, body: 'the answer' } });

    expect(await client.message()).to.equal('the answer');
    client.socket.terminate();
  });

  behaviour('WS-38', async (target) => {
    const client = await openClient(target);

    expect(await routeOf(target, client, { action: 'foo' })).to.equal('$default');
    expect(await routeOf(target, client, { action: '$connect' })).to.equal('$default');
    expect(await routeOf(target, client, { action: 'ping' })).to.equal('ping');
    client.socket.terminate();
  });

  behaviour('WS-51', async (target) => {
    const client = await openClient(target);
    const wanted = tag();
    client.ask('hasty', { tag: wanted, sleepMs: 900, post: { to: 'self', data: 'it runs on' } });

    const requestId = expectFrame(await client.message(), 'Endpoint request timed out', client.connectionId);
    const { event } = await recordOf(target, (record) => record.tag === wanted);
    expect(requestId).to.equal(contextOf(event).requestId);
    expect(await client.message()).to.equal('it runs on');
    client.socket.terminate();
  });
});

inSetting('impatient', (behaviour) => {
  behaviour('WS-51', async (target) => {
    const client = await openClient(target);
    const wanted = tag();
    // A route without a timeout of its own has the most there is.
    client.ask('ping', { tag: wanted, sleepMs: 1_500, post: { to: 'self', data: 'it runs on' } });

    expectFrame(await client.message(), 'Endpoint request timed out', client.connectionId);
    expect(await client.message()).to.equal('it runs on');
    client.socket.terminate();
  });
});

inSetting('composed-route', (behaviour) => {
  behaviour('WS-30', async (target) => {
    const client = await openClient(target);
    const routes: [message: object, routeKey: string][] = [
      [{ a: 'one', b: 'two' }, 'do/one/two'],
      [{ a: 7, b: true }, 'do/7/true'], // made text
      [{ b: 'two' }, 'do//two'], // what is not there is nothing
      [{ a: 'one' }, '$default'],
      [{ a: ['one'], b: 'two' }, '$default'],
    ];
    for (const [message, routeKey] of routes) {
      expect(await routeOf(target, client, message), JSON.stringify(message)).to.equal(routeKey);
    }
    client.socket.terminate();
  });
});

inSetting('list-route', (behaviour) => {
  behaviour('WS-30', async (target) => {
    const client = await openClient(target);
    const routes: [message: object, routeKey: string][] = [
      [{ action: ['ping', 'pong'] }, '[ping, pong]'],
      [{ action: '[ping, pong]' }, '[ping, pong]'],
      [{ action: ['pong', 'ping'] }, '$default'],
      [{ action: '["ping","pong"]' }, '$default'],
    ];
    for (const [message, routeKey] of routes) {
      expect(await routeOf(target, client, message), JSON.stringify(message)).to.equal(routeKey);
    }
    client.socket.terminate();
  });
});

inSetting('few-routes', (behaviour) => {
  behaviour('WS-33', async (target) => {
    const socket = new WebSocket(target.websocket);
    const client = listen(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const [known, unknown] = [tag(), tag()];
    client.ask('ping', { tag: known });
    const { event } = await recordOf(target, (record) => record.tag === known);
    const { connectionId } = contextOf(event);

    for (const action of ['unheard-of', undefined]) {
      client.ask(action, { tag: unknown });
      expectFrame(await client.message(), 'Forbidden', connectionId);
    }
    socket.send('no JSON');
    expectFrame(await client.message(), 'Forbidden', connectionId);
    expect(await isRecorded(target, (record) => record.tag === unknown, 300)).to.equal(false);
    const still = tag();
    client.ask('ping', { tag: still });
    await recordOf(target, (record) => record.tag === still);
    socket.terminate();
  });
});

async function expectOpen(target: Target, client: Client): Promise<void> {
  const wanted = tag();
  client.ask('ping', { tag: wanted });
  await recordOf(target, (record) => record.tag === wanted);
}

async function routeOf(target: Target, { socket }: Client, message: object): Promise<string> {
  const wanted = tag();
  socket.send(JSON.stringify({ ...message, do: { tag: wanted } }));
  return contextOf((await recordOf(target, (record) => record.tag === wanted)).event).routeKey;
}

/** The event of a message that no tag fits into, by its body. */
async function eventOf(target: Target, { connectionId }: Client, body: string) {
  const fits = ({ event }: ProbeRecord) => event.body === body && contextOf(event).connectionId === connectionId;
  return (await recordOf(target, fits)).event;
}

interface MessageContext {
  readonly routeKey: string;
  readonly requestId: string;
  readonly connectionId: string;
}

function contextOf(event: Readonly<Record<string, unknown>>): MessageContext {
  return event.requestContext as MessageContext;
}
