import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import type { LambdaFunction } from '../../../emulator/stack/stack.ts';
import {
  createStack,
  functionArn,
  httpApi,
  openClient,
  permission,
  startTestGateway,
  stopAll,
  until,
  webSocketApi,
} from '../gateway/fixture.ts';
import { signedFetch } from '../gateway/websocket/sign.ts';
import { createHandLatency, type HandLatency } from './hand-latency.ts';

const OK = () => ({ statusCode: 200 });

/** Long enough for whatever does not wait to have happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function startSockets(latency?: HandLatency) {
  const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
  const test = await startTestGateway(stack, { c: OK, x: OK, d: OK }, latency && { latency });
  const opening = openClient(test.websocket);
  await latency?.pass('handshake');
  const client = await opening;
  const id = String(test.invoker.eventsOf('c')[0]?.requestContext.connectionId);
  await until(() => test.gateway.control.connections().length === 1);
  const bodies = () => test.invoker.eventsOf('d').map(({ body }) => body);
  const post = (body: string) =>
    signedFetch(`${test.management}/@connections/${encodeURIComponent(id)}`, { method: 'POST', body });
  return { ...test, client, id, bodies, post };
}

describe('delays at the gateway', () => {
  afterEach(stopAll);

  it('lie before the function of an HTTP API, and before its answer leaves', async () => {
    const latency = createHandLatency();
    const stack = createStack({ httpApi: httpApi({ $default: 'f' }, '2.0') });
    const { http, invoker } = await startTestGateway(stack, { f: () => 'done' }, { latency });
    let answered = false;
    const asking = fetch(http, { method: 'POST', body: 'all of it' }).then((response) => {
      answered = true;
      return response.text();
    });
    await until(() => latency.waited().length > 0);
    await settled();
    expect(invoker.events).to.deep.equal([]);

    await latency.pass('requestArrives');
    await until(() => invoker.events.length === 1);
    expect(invoker.events[0]?.event.body).to.equal('all of it');
    await until(() => latency.waited().includes('answerLeaves'));
    await settled();
    expect(answered).to.equal(false);

    await latency.pass('answerLeaves');
    expect(await asking).to.equal('done');
  });

  it('let a visitor go who leaves meanwhile', async () => {
    const latency = createHandLatency();
    const stack = createStack({ httpApi: httpApi({ $default: 'f' }, '2.0') });
    const { http, invoker, log } = await startTestGateway(stack, { f: () => 'done' }, { latency });
    const visitor = connect(Number(new URL(http).port), '127.0.0.1');
    visitor.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf');
    await until(() => latency.waited().length > 0);
    visitor.destroy();
    await once(visitor, 'close');
    await settled();
    await latency.pass('requestArrives');
    await latency.pass('answerLeaves');

    await until(() => log.some(({ message }) => message.includes('left after')));
    expect(invoker.events).to.deep.equal([]);
  });

  it('lie before the function of a function URL', async () => {
    const latency = createHandLatency();
    const fn: LambdaFunction = {
      logicalId: 'Open',
      name: 'open',
      arn: functionArn('open'),
      codeFolder: '/',
      handler: 'index.handler',
      runtime: 'nodejs22.x',
      timeoutMs: 3_000,
      memoryMb: 128,
      environment: {},
      role: { arn: 'arn:aws:iam::123456789012:role/open' },
      url: { logicalId: 'OpenUrl', urlId: 'abcdefghijklmnopqrstuvwxyz012345', authorization: 'NONE', streams: false },
    };
    const allowed = { ...permission('open', ''), principal: '*', functionUrlAuthType: 'NONE' as const };
    const { sourceArn: _, ...anybody } = allowed;
    const stack = {
      ...createStack({}, [
        { ...anybody, action: 'lambda:InvokeFunctionUrl' },
        { ...anybody, action: 'lambda:InvokeFunction', viaFunctionUrl: true },
      ]),
      functions: [fn],
    };
    const { gateway, invoker } = await startTestGateway(stack, { open: () => 'done' }, { latency });
    const asking = fetch(gateway.urls.functions?.open ?? '').then((response) => response.text());
    await until(() => latency.waited().length > 0);
    await settled();
    expect(invoker.events).to.deep.equal([]);

    await latency.pass('urlExchange');
    expect(await asking).to.equal('done');
  });

  it('lie before a handshake, and before a post does anything', async () => {
    const latency = createHandLatency();
    const { client, post } = await startSockets(latency);
    let answered = false;
    const posting = post('hello').then(({ status }) => {
      answered = true;
      return status;
    });
    await until(() => latency.waited().includes('managementCall'));
    await settled();
    expect(answered).to.equal(false);

    await latency.pass('managementCall');
    expect([await posting, await client.message()]).to.deep.equal([200, 'hello']);
  });

  it('keep the order of what one client is sent, and put the close frame last', async () => {
    const latency = createHandLatency({ delivery: [30, 10, 40, 5] });
    const { clock, client, gateway, post } = await startSockets(latency);
    const seen: string[] = [];
    client.socket.on('message', (data: Buffer) => seen.push(data.toString()));
    client.socket.on('close', (code) => seen.push(String(code)));
    for (const text of ['first', 'second', 'third']) {
      const posting = post(text);
      await latency.pass('managementCall');
      expect((await posting).status).to.equal(200);
    }
    gateway.control.closeAll({ code: 1001, reason: 'bye' });
    clock.advance(29);
    await settled();
    expect(seen).to.deep.equal([]);

    clock.advance(1);
    await until(() => seen.length === 2);
    clock.advance(10);
    await until(() => seen.length === 4);
    expect(seen).to.deep.equal(['first', 'second', 'third', '1001']);
  });

  it('send the frames of a long message together', async () => {
    const latency = createHandLatency({ delivery: [20, 9_999] });
    const { clock, client, post } = await startSockets(latency);
    const long = 'x'.repeat(100_000);
    const posting = post(long);
    await latency.pass('managementCall');
    expect((await posting).status).to.equal(200);
    clock.advance(20);

    expect(await client.message()).to.equal(long);
  });

  it('count what is on its way as not yet read by the client (MG-12)', async () => {
    const latency = createHandLatency({ delivery: [1_000] });
    const stack = createStack({ webSocketApi: webSocketApi({ '$default!': 'd' }) });
    const test = await startTestGateway(stack, {}, { latency, quotas: { clientBufferBytes: 10 } });
    const opening = openClient(test.websocket);
    await latency.pass('handshake');
    await opening;
    await until(() => test.gateway.control.connections().length === 1);
    const [id = ''] = test.gateway.control.connections();
    const statuses: number[] = [];
    for (const body of ['12345678', '12345678']) {
      const url = `${test.management}/@connections/${encodeURIComponent(id)}`;
      const posting = signedFetch(url, { method: 'POST', body });
      await latency.pass('managementCall');
      statuses.push((await posting).status);
    }

    expect(statuses).to.deep.equal([200, 429]);
  });

  it('send nothing that was under way when the line was cut (WS-49)', async () => {
    const latency = createHandLatency({ delivery: [20] });
    const { clock, client, gateway, id, post } = await startSockets(latency);
    const seen: string[] = [];
    client.socket.on('message', (data: Buffer) => seen.push(data.toString()));
    const posting = post('lost');
    await latency.pass('managementCall');
    await posting;
    gateway.control.cut(id);
    clock.advance(20);
    await settled();

    expect(seen).to.deep.equal([]);
  });

  it('let messages come in their order, and their events overtake each other (WS-44)', async () => {
    const latency = createHandLatency({ messageArrives: [30, 10], messageRouted: [20, 1] });
    const { bodies, clock, client, invoker } = await startSockets(latency);
    client.socket.send('slow');
    client.socket.send('fast');
    const waiting = clock.pending();
    await until(() => clock.pending() === waiting + 2);
    clock.advance(29);
    await settled();
    expect(bodies()).to.deep.equal([]);

    clock.advance(1);
    await until(() => clock.pending() === waiting + 2);
    clock.advance(1);
    await until(() => bodies().length === 1);
    clock.advance(19);
    await until(() => bodies().length === 2);
    expect(bodies()).to.deep.equal(['fast', 'slow']);
    const [fast, slow] = invoker.eventsOf('d').map(({ requestContext }) => requestContext.requestTimeEpoch);
    expect(fast, 'both came at the same moment').to.equal(slow);
  });

  it('put $disconnect behind the last message', async () => {
    const latency = createHandLatency({ messageArrives: [30, 0], messageRouted: [10, 11] });
    const { clock, client, invoker } = await startSockets(latency);
    client.socket.send('last');
    client.socket.close();
    await client.closed;
    await settled();
    expect(invoker.events.map(({ name }) => name)).to.deep.equal(['c']);

    clock.advance(30);
    await settled();
    clock.advance(10);
    await until(() => invoker.events.length === 2);
    clock.advance(1);
    await until(() => invoker.events.length === 3);
    expect(invoker.events.map(({ name }) => name)).to.deep.equal(['c', 'd', 'x']);
  });

  it('are none without a profile: a message and its answer set no timer, nor does a post', async () => {
    const { bodies, client, clock, post } = await startSockets();
    const waiting = clock.pending();
    client.socket.send('now');
    await until(() => bodies().length === 1);
    expect((await post('now too')).status).to.equal(200);

    expect(await client.message()).to.equal('now too');
    expect(clock.pending()).to.equal(waiting);
  });
});
