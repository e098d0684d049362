import { expect } from 'chai';
import { forwardedHeaders } from '../../../../emulator/gateway/events/headers.ts';
import {
  authorizerEvent,
  connectEvent,
  disconnectEvent,
  messageEvent,
} from '../../../../emulator/gateway/events/websocket.ts';
import { START } from '../fixture.ts';

const FACTS = {
  connectionId: 'PJqB0fHsqRcCHlw=',
  apiId: 'wsapi12345',
  domainName: 'wsapi12345.execute-api.us-east-1.amazonaws.com',
  stage: { name: 'dev', variables: {} },
  connectedAt: START,
  sourceIp: '127.0.0.1',
};
const OCCURRENCE = { requestId: 'PJqBabcdefghijA=', at: START + 1 };
const CONTEXT = {
  extendedRequestId: 'PJqBabcdefghijA=',
  requestTime: '09/Feb/2024:18:11:43 +0000',
  messageDirection: 'IN',
  stage: 'dev',
  connectedAt: START,
  requestTimeEpoch: START + 1,
  identity: { sourceIp: '127.0.0.1' },
  requestId: 'PJqBabcdefghijA=',
  domainName: 'wsapi12345.execute-api.us-east-1.amazonaws.com',
  connectionId: 'PJqB0fHsqRcCHlw=',
  apiId: 'wsapi12345',
};
const HEADERS = forwardedHeaders(
  ['Host', 'x', 'Upgrade', 'websocket', 'Connection', 'Upgrade', 'sec-websocket-key', 'k', 'x-Own', '1'],
  {
    sourceIp: '127.0.0.1',
    proto: 'https',
    traceId: 'Root=1-1-2',
  },
);

function sent(event: unknown) {
  return JSON.parse(JSON.stringify(event));
}

describe('WebSocket events', () => {
  it('CONNECT has exactly these keys (WS-11, WS-12)', () => {
    const headers = {
      Host: 'x',
      'Sec-WebSocket-Key': 'k',
      'x-Own': '1',
      'X-Amzn-Trace-Id': 'Root=1-1-2',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
    };
    expect(sent(connectEvent(FACTS, OCCURRENCE, { headers: HEADERS, query: '' }))).to.deep.equal({
      headers,
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      requestContext: { routeKey: '$connect', eventType: 'CONNECT', ...CONTEXT },
      isBase64Encoded: false,
    });
  });

  it('CONNECT has a query only when the URL had one, and stage variables when defined (WS-11)', () => {
    const facts = { ...FACTS, userAgent: 'ua', stage: { name: 'dev', variables: { a: 'b' } } };
    const event = sent(connectEvent(facts, OCCURRENCE, { headers: HEADERS, query: 'token=a%20b&token=c' }));
    expect(event).to.deep.include({
      queryStringParameters: { token: 'c' },
      multiValueQueryStringParameters: { token: ['a b', 'c'] },
      stageVariables: { a: 'b' },
    });
    expect(event.requestContext.identity).to.deep.equal({ userAgent: 'ua', sourceIp: '127.0.0.1' });
  });

  it('of an authorizer have every map, the hop-by-hop headers of the handshake and no body (WS-15, WS-12)', () => {
    const methodArn = 'arn:aws:execute-api:us-east-1:123456789012:wsapi12345/dev/$connect';
    const event = sent(authorizerEvent(FACTS, OCCURRENCE, { headers: HEADERS, query: '' }, methodArn));
    const headers = {
      Connection: 'upgrade',
      'content-length': '0',
      Host: 'x',
      'Sec-WebSocket-Key': 'k',
      'x-Own': '1',
      'X-Amzn-Trace-Id': 'Root=1-1-2',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
      Upgrade: 'websocket',
    };
    expect(event).to.deep.equal({
      type: 'REQUEST',
      methodArn,
      headers,
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      queryStringParameters: {},
      multiValueQueryStringParameters: {},
      stageVariables: {},
      requestContext: { routeKey: '$connect', eventType: 'CONNECT', ...CONTEXT },
    });
  });

  it('tell of the authorizer and of the signer in each of the three kinds (WS-15, WS-16)', () => {
    const authorizer = { principalId: 'alice', role: 'admin', integrationLatency: 7 };
    const signer = { accountId: '123456789012', userArn: 'arn:aws:iam::123456789012:user/alice' };
    const facts = { ...FACTS, authorizer, signer };
    for (const event of [
      connectEvent(facts, OCCURRENCE, { headers: HEADERS, query: '' }),
      messageEvent(facts, OCCURRENCE, { routeKey: '$default', messageId: 'm', body: '' }),
      disconnectEvent(facts, OCCURRENCE, { code: 1005, reason: '' }),
    ]) {
      const { requestContext } = sent(event);
      expect(requestContext.authorizer).to.deep.equal(authorizer);
      expect(requestContext.identity).to.deep.equal({ ...signer, sourceIp: '127.0.0.1' });
    }
  });

  it('MESSAGE has a messageId of its own, and no headers (WS-37)', () => {
    const message = { routeKey: '$default', messageId: 'PJqBmessagemesA=', body: '{"type":"ready"}' };
    expect(sent(messageEvent(FACTS, OCCURRENCE, message))).to.deep.equal({
      requestContext: { routeKey: '$default', messageId: 'PJqBmessagemesA=', eventType: 'MESSAGE', ...CONTEXT },
      body: '{"type":"ready"}',
      isBase64Encoded: false,
    });
  });

  it('DISCONNECT has four headers, a code and a reason (WS-61)', () => {
    const event = sent(disconnectEvent(FACTS, OCCURRENCE, { code: 1001, reason: 'Going away' }));
    const host = FACTS.domainName;
    expect(event).to.deep.equal({
      headers: { Host: host, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' },
      multiValueHeaders: { Host: [host], 'x-api-key': [''], 'X-Forwarded-For': [''], 'x-restapi': [''] },
      requestContext: {
        routeKey: '$disconnect',
        disconnectStatusCode: 1001,
        eventType: 'DISCONNECT',
        disconnectReason: 'Going away',
        ...CONTEXT,
      },
      isBase64Encoded: false,
    });
  });
});
