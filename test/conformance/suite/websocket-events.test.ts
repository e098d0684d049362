import { expect } from 'chai';
import { ask, type Client, openClient, recordOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import type { ProbeRecord } from '../probe/src/instruction.ts';
import { shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';

const ID = /^[A-Za-z0-9_-]{15}=$/;
const CONTEXT_KEYS = [
  'routeKey',
  'eventType',
  'extendedRequestId',
  'requestTime',
  'messageDirection',
  'stage',
  'connectedAt',
  'requestTimeEpoch',
  'identity',
  'requestId',
  'domainName',
  'connectionId',
  'apiId',
];

inSetting('default', (behaviour) => {
  behaviour('WS-11', async (target) => {
    const shake = await shakeHands(target); // no query, no user agent
    shake.end();
    const { event } = await shake.record();

    expect(event).to.have.all.keys('headers', 'multiValueHeaders', 'requestContext', 'isBase64Encoded');
    expect(event.isBase64Encoded).to.equal(false);
    expectContext(event, target, { routeKey: '$connect', eventType: 'CONNECT' });
    const { connectedAt, requestTimeEpoch, identity } = contextOf(event);
    expect(requestTimeEpoch - connectedAt).to.be.within(0, 50);
    expect(identity).to.have.all.keys('sourceIp');
  });

  behaviour('WS-11', async (target) => {
    const { pathname } = new URL(target.websocket);
    const shake = await shakeHands(target, {
      path: `${pathname}?one=first&two=%C3%A9%26&one=second&empty=`,
      headers: { 'User-Agent': 'probe/1' },
    });
    shake.end();
    const { event } = await shake.record();

    expect(event).to.have.all.keys(
      'headers',
      'multiValueHeaders',
      'queryStringParameters',
      'multiValueQueryStringParameters',
      'requestContext',
      'isBase64Encoded',
    );
    expect(event.queryStringParameters).to.deep.equal({ one: 'second', two: 'é&', empty: '' });
    const lists = { one: ['first', 'second'], two: ['é&'], empty: [''] };
    expect(event.multiValueQueryStringParameters).to.deep.equal(lists);
    expect(contextOf(event).identity).to.have.all.keys('userAgent', 'sourceIp');
    expect(contextOf(event).identity.userAgent).to.equal('probe/1');
  });

  behaviour('WS-12', async (target) => {
    const first = await shakeHands(target);
    first.end();
    const { domainName } = contextOf((await first.record()).event);
    const key = 'dGhlIHNhbXBsZSBub25jZQ==';
    const shake = await shakeHands(target, {
      headers: {
        host: domainName,
        connection: 'Upgrade, keep-alive',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
        'sec-websocket-extensions': 'permessage-deflate',
        'user-agent': 'probe/1',
        'X-of-The-cLiEnT': 'As It Is',
      },
    });
    shake.end();
    const { event } = await shake.record();
    const { identity } = contextOf(event);

    const { 'X-Amzn-Trace-Id': trace, 'x-do': instruction, ...headers } = event.headers as Record<string, string>;
    expect(trace).to.match(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    expect(instruction).to.be.a('string');
    expect(headers).to.deep.equal({
      Host: domainName,
      'Sec-WebSocket-Extensions': 'permessage-deflate',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Version': '13',
      'User-Agent': 'probe/1',
      'X-of-The-cLiEnT': 'As It Is',
      'X-Forwarded-For': identity.sourceIp,
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
    });
    const lists = Object.entries(event.headers as object).map(([name, value]) => [name, [value]]);
    expect(event.multiValueHeaders).to.deep.equal(Object.fromEntries(lists));
  });

  behaviour('WS-37', async (target) => {
    const client = await openClient(target, { headers: { 'User-Agent': 'probe/1' } });
    const wanted = tag();
    const body = `{ "action" : "ping", "do":{"tag":"${wanted}"}, "text": "é" }`;
    client.socket.send(body);
    const { event } = await recordOf(target, (record) => record.tag === wanted);
    client.socket.terminate();

    expect(event).to.have.all.keys('requestContext', 'body', 'isBase64Encoded');
    expect(event).to.include({ body, isBase64Encoded: false });
    expectContext(event, target, { routeKey: 'ping', eventType: 'MESSAGE' }, ['messageId']);
    const { messageId, requestId, connectedAt, connectionId, identity } = contextOf(event);
    const connect = contextOf(client.connect.event);
    expect(messageId).to.match(ID).and.not.equal(requestId);
    expect(requestId).not.to.equal(connect.requestId);
    expect({ connectedAt, connectionId, identity }).to.deep.equal({
      connectedAt: connect.connectedAt,
      connectionId: connect.connectionId,
      identity: { userAgent: 'probe/1', sourceIp: connect.identity.sourceIp },
    });
  });

  behaviour('WS-39', async (target) => {
    const client = await openClient(target);
    const wanted = tag();
    client.ask(undefined, { tag: wanted });
    const message = (await recordOf(target, (record) => record.tag === wanted)).event;
    client.socket.terminate();
    const answer = await ask(target, '/no/such/route');
    const http = (await answer.record()).event;

    expect(contextOf(message)).to.include({ routeKey: '$default', eventType: 'MESSAGE' });
    expect(message).not.to.have.any.keys('routeKey', 'version');
    expect(contextOf(message)).to.have.property('connectionId');
    expect(contextOf(message)).not.to.have.property('http');
    expect(http).to.include({ routeKey: '$default', version: '2.0' });
    expect(contextOf(http)).to.have.property('http');
    expect(contextOf(http)).to.have.property('routeKey', '$default');
    expect(contextOf(http)).not.to.have.any.keys('connectionId', 'eventType');
  });

  behaviour('WS-61', async (target) => {
    const client = await openClient(target);
    const event = await disconnectOf(target, client);

    expect(event).to.have.all.keys('headers', 'multiValueHeaders', 'requestContext', 'isBase64Encoded');
    expect(event.isBase64Encoded).to.equal(false);
    const { domainName, requestId, connectedAt } = contextOf(event);
    expect(event.headers).to.deep.equal({ Host: domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' });
    expect(event.multiValueHeaders).to.deep.equal({
      Host: [domainName],
      'x-api-key': [''],
      'X-Forwarded-For': [''],
      'x-restapi': [''],
    });
    const ending = ['disconnectStatusCode', 'disconnectReason'];
    expectContext(event, target, { routeKey: '$disconnect', eventType: 'DISCONNECT' }, ending);
    expect(contextOf(event).disconnectStatusCode).to.be.a('number');
    expect(contextOf(event).disconnectReason).to.be.a('string');
    const connect = contextOf(client.connect.event);
    expect(connectedAt).to.equal(connect.connectedAt);
    expect(requestId).not.to.equal(connect.requestId);
  });
});

inSetting('farewell', (behaviour) => {
  const variables = { color: 'blue' };

  behaviour('WS-11', async (target) => {
    const client = await openClient(target);
    expect(client.connect.event.stageVariables).to.deep.equal(variables);
    client.socket.terminate();
  });

  behaviour('WS-37', async (target) => {
    const client = await openClient(target);
    const wanted = tag();
    client.ask(undefined, { tag: wanted });
    const { event } = await recordOf(target, (record) => record.tag === wanted);
    expect(event).to.have.all.keys('requestContext', 'body', 'isBase64Encoded', 'stageVariables');
    expect(event.stageVariables).to.deep.equal(variables);
    client.socket.terminate();
  });
});

interface Context extends Readonly<Record<string, unknown>> {
  readonly connectedAt: number;
  readonly requestTimeEpoch: number;
  readonly requestTime: string;
  readonly identity: { readonly sourceIp: string; readonly userAgent?: string };
  readonly requestId: string;
  readonly domainName: string;
  readonly connectionId: string;
}

function contextOf(event: Readonly<Record<string, unknown>>): Context {
  return event.requestContext as Context;
}

/** What the contexts of all three events have in common. */
function expectContext(
  event: ProbeRecord['event'],
  target: Target,
  expected: Readonly<Record<'routeKey' | 'eventType', string>>,
  more: readonly string[] = [],
): void {
  const context = contextOf(event);
  expect(context).to.have.all.keys(...CONTEXT_KEYS, ...more);
  const { apiId, requestId, extendedRequestId, requestTime, requestTimeEpoch, connectedAt, connectionId } = context;
  expect(context).to.include({ ...expected, messageDirection: 'IN', stage: 'dev' });
  expect(apiId).to.match(/^[a-z0-9]{10}$/);
  expect(context.domainName).to.equal(`${apiId}.execute-api.${target.region}.amazonaws.com`);
  expect(requestId).to.match(ID).and.equal(extendedRequestId);
  expect(connectionId).to.match(ID);
  expect(Date.now() - connectedAt).to.be.within(-60_000, 60_000);
  expect(requestTimeEpoch).to.be.at.least(connectedAt);
  expect(requestTime).to.match(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  expect(Date.parse(requestTime.replace(':', ' '))).to.equal(Math.floor(requestTimeEpoch / 1_000) * 1_000);
}

async function disconnectOf(target: Target, { socket, connectionId }: Client): Promise<ProbeRecord['event']> {
  socket.close();
  const isIts = ({ event }: ProbeRecord) => {
    const context = contextOf(event);
    return context?.connectionId === connectionId && context.eventType === 'DISCONNECT';
  };
  return (await recordOf(target, isIts)).event;
}
