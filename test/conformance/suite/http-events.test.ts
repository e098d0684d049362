import { isIP } from 'node:net';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { exchange } from '../exchange.ts';
import { requestByHttp2 } from '../http2.ts';

const REQUEST_ID = /^[A-Za-z0-9_-]{14,15}=$/;
const API_ID = /^[a-z0-9]{10}$/;
/** `09/Feb/2024:18:11:43 +0000` */
const TIME = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/;
/** How far the clocks here and there may be apart. */
const SKEW_MS = 60_000;

const BARE_KEYS_OF_2 = [
  'headers',
  'isBase64Encoded',
  'rawPath',
  'rawQueryString',
  'requestContext',
  'routeKey',
  'version',
];

inSetting('default', (behaviour) => {
  behaviour('HA-04', async (target) => {
    const bare = await exchange(target, '/bare');
    const event = await bare.event();
    expect(Object.keys(event).sort()).to.deep.equal(BARE_KEYS_OF_2);
    expect(event).to.include({ version: '2.0', routeKey: '$default', rawPath: '/bare', rawQueryString: '' });
    expect(event.isBase64Encoded).to.equal(false);

    const { http, ...context } = event.requestContext;
    expect(Object.keys(context).sort()).to.deep.equal([
      'accountId',
      'apiId',
      'domainName',
      'domainPrefix',
      'requestId',
      'routeKey',
      'stage',
      'time',
      'timeEpoch',
    ]);
    expect(context.accountId).to.match(/^\d{12}$/);
    expect(context.apiId).to.match(API_ID);
    expect(context.domainName).to.equal(`${context.apiId}.execute-api.${target.region}.amazonaws.com`);
    expect(context).to.include({ domainPrefix: context.apiId, routeKey: '$default', stage: '$default' });
    expect(context.time).to.match(TIME);
    expect(context.timeEpoch).to.be.closeTo(Date.now(), SKEW_MS);
    expect(http).to.have.all.keys('method', 'path', 'protocol', 'sourceIp', 'userAgent');
    expect(http).to.include({ method: 'GET', path: '/bare', protocol: 'HTTP/1.1', userAgent: '' });
  });

  behaviour('HA-04', async (target) => {
    const full = await exchange(target, '/named/items/7?a=1', {
      method: 'POST',
      headers: [
        ['Cookie', 'a=1'],
        ['Content-Type', 'text/plain'],
        ['User-Agent', 'probe/1'],
      ],
      body: 'text',
    });
    const event = await full.event();
    const further = ['body', 'cookies', 'pathParameters', 'queryStringParameters', 'stageVariables'];
    expect(Object.keys(event).sort()).to.deep.equal([...BARE_KEYS_OF_2, ...further].sort());
    expect(event).to.deep.include({
      routeKey: 'ANY /items/{id}',
      rawQueryString: 'a=1',
      cookies: ['a=1'],
      queryStringParameters: { a: '1' },
      body: 'text',
      pathParameters: { id: '7' },
      stageVariables: { color: 'green' },
    });
    expect(event.requestContext.http).to.include({ method: 'POST', userAgent: 'probe/1' });
    expect(event.requestContext).to.include({ routeKey: 'ANY /items/{id}', stage: 'named' });
  });

  behaviour('HA-18', async (target) => {
    const answer = await exchange(target, '/v1/a%20b', { method: 'POST', headers: [['User-Agent', 'probe/1']] });
    const event = await answer.event();
    expect(Object.keys(event).sort()).to.deep.equal([
      'body',
      'headers',
      'httpMethod',
      'isBase64Encoded',
      'multiValueHeaders',
      'multiValueQueryStringParameters',
      'path',
      'pathParameters',
      'queryStringParameters',
      'requestContext',
      'resource',
      'stageVariables',
      'version',
    ]);
    expect(event).to.include({ version: '1.0', resource: '/v1/{proxy+}', httpMethod: 'POST', stageVariables: null });
    expect(event).to.include({ queryStringParameters: null, multiValueQueryStringParameters: null });

    const { accountId, apiId, identity, requestId, requestTime, requestTimeEpoch, ...context } = event.requestContext;
    expect(accountId).to.match(/^\d{12}$/);
    expect(apiId).to.match(API_ID);
    expect(requestId).to.match(REQUEST_ID);
    expect(requestTime).to.match(TIME);
    expect(requestTimeEpoch).to.be.closeTo(Date.now(), SKEW_MS);
    expect(context).to.deep.equal({
      domainName: `${apiId}.execute-api.${target.region}.amazonaws.com`,
      domainPrefix: apiId,
      extendedRequestId: requestId,
      httpMethod: 'POST',
      path: '/v1/a b',
      protocol: 'HTTP/1.1',
      resourceId: 'ANY /v1/{proxy+}',
      resourcePath: '/v1/{proxy+}',
      stage: '$default',
    });
    const { sourceIp, userAgent, ...nobody } = identity as Record<string, unknown>;
    expect(isIP(String(sourceIp))).to.be.oneOf([4, 6]);
    expect(userAgent).to.equal('probe/1');
    expect(nobody).to.deep.equal({
      accessKey: null,
      accountId: null,
      caller: null,
      cognitoAmr: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      user: null,
      userArn: null,
    });
  });

  behaviour('HA-19', async (target) => {
    const two = await (await exchange(target, '/two')).event();
    expect(two.version).to.equal('2.0');
    expect(two).not.to.have.any.keys('httpMethod', 'path', 'resource', 'multiValueHeaders');
    expect(two.requestContext.http).to.include({ method: 'GET', path: '/two' });

    const one = await (await exchange(target, '/v1/one')).event();
    expect(one).to.include({ httpMethod: 'GET', path: '/v1/one' });
    expect(one).not.to.have.any.keys('rawPath', 'rawQueryString', 'routeKey', 'cookies');
    expect(one.requestContext).not.to.have.property('http');
  });

  behaviour('HA-20', async (target) => {
    expect((await (await exchange(target, '/')).event()).requestContext.http).to.include({ protocol: 'HTTP/1.1' });
    expect((await (await exchange(target, '/v1/x')).event()).requestContext).to.include({ protocol: 'HTTP/1.1' });
    if (!target.http.startsWith('https:')) return; // without TLS nobody can ask for HTTP/2
    const event = await requestByHttp2(target, '/');
    expect(event.requestContext.http).to.include({ protocol: 'HTTP/1.1' });
  });

  behaviour('HA-21', async (target) => {
    const ids = new Set<unknown>();
    for (const path of ['/a', '/b', '/v1/c']) {
      const answer = await exchange(target, path);
      const { requestId } = (await answer.event()).requestContext;
      expect(requestId).to.match(REQUEST_ID);
      expect(answer.values('apigw-requestid')).to.deep.equal([requestId]);
      ids.add(requestId);
    }
    expect(ids.size).to.equal(3);
  });
});
