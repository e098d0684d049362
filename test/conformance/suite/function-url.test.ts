import { isIP } from 'node:net';
import { expect } from 'chai';
import { isRecorded, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { type ExchangeOptions, exchange } from '../exchange.ts';
import { notThere, type Target } from '../target.ts';

function ask(target: Target, path: string, options: ExchangeOptions = {}) {
  const { functionUrl } = target;
  if (functionUrl === undefined) return notThere('function URLs');
  return exchange(target, path, { ...options, origin: functionUrl });
}

inSetting('default', (behaviour) => {
  behaviour('LA-11', async (target) => {
    const answer = await ask(target, '/a%20b/%40c%2Fd?x=1%202&y=', {
      headers: [
        ['Cookie', 'a=1; b=2'],
        ['X-Custom', 'One'],
      ],
    });
    expect(answer.status).to.equal(200);
    const event = await answer.event();
    expect(Object.keys(event).sort()).to.deep.equal([
      'cookies',
      'headers',
      'isBase64Encoded',
      'queryStringParameters',
      'rawPath',
      'rawQueryString',
      'requestContext',
      'routeKey',
      'version',
    ]);
    expect(event).to.deep.include({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a%20b/%40c%2Fd',
      rawQueryString: 'x=1%202&y=',
      queryStringParameters: { x: '1 2', y: '' },
      cookies: ['a=1', 'b=2'],
      isBase64Encoded: false,
    });
    expect(event.headers).to.include({ cookie: 'a=1; b=2', 'x-custom': 'One', 'x-forwarded-proto': 'https' });
    expect(event.headers).to.include.all.keys('x-amzn-tls-version', 'x-amzn-tls-cipher-suite', 'x-amzn-trace-id');

    const { http, apiId, domainName, domainPrefix, requestId, time, timeEpoch, ...fixed } = event.requestContext;
    expect(fixed).to.deep.equal({ accountId: 'anonymous', routeKey: '$default', stage: '$default' });
    expect(apiId).to.match(/^[a-z0-9]{32}$/);
    expect(domainPrefix).to.equal(apiId);
    expect(domainName).to.equal(`${apiId}.lambda-url.${target.region}.on.aws`);
    expect(requestId).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(time).to.match(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    expect(timeEpoch).to.be.closeTo(Date.now(), 60_000);
    expect(http).to.include({ method: 'GET', path: '/a b/@c/d', protocol: 'HTTP/1.1' });
    expect(isIP(String(http?.sourceIp))).to.be.oneOf([4, 6]);
  });

  behaviour('LA-11', async (target) => {
    const inferred = await ask(target, '/', { method: 'POST', body: 'x', instruction: { answer: { hello: 1 } } });
    expect(String(inferred.body)).to.equal('{"hello":1}');
    expect(inferred.values('content-type')).to.deep.equal(['application/json']);
    expect((await inferred.event()).requestContext.http).to.include({ method: 'POST' });
  });
});

inSetting('guarded-url', (behaviour) => {
  behaviour('LA-11', async (target) => {
    const wanted = tag();
    const refused = await ask(target, '/', { instruction: { tag: wanted } });
    expect(refused.status).to.equal(403);
    expect(refused.values('content-type')).to.deep.equal(['application/json']);
    expect(Object.keys(JSON.parse(String(refused.body)))).to.deep.equal(['Message']);
    expect(String(refused.body)).to.match(
      /^\{"Message":"Forbidden\. For troubleshooting Function URL authorization issues, see: https:\/\/docs\.aws\.amazon\.com\/[^"]+"\}$/,
    );
    expect(await isRecorded(target, (record) => record.tag === wanted, 200)).to.equal(false);
  });
});
