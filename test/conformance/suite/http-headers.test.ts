import { isIP } from 'node:net';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { exchange, type HeaderLine } from '../exchange.ts';

const TRACE = /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/;

inSetting('default', (behaviour) => {
  behaviour('HA-12', async (target) => {
    const answer = await exchange(target, '/', {
      method: 'POST',
      headers: [
        ['X-Custom-Header', 'One'],
        ['x-CUSTOM-header', 'two'],
        ['Authorization', 'Bearer Abc'],
        ['Content-Length', '0'],
      ],
    });
    const { headers } = await answer.event();
    expect(Object.keys(headers).sort()).to.deep.equal([
      'authorization',
      'content-length',
      'host',
      'x-amzn-trace-id',
      'x-custom-header',
      'x-do',
      'x-forwarded-for',
      'x-forwarded-port',
      'x-forwarded-proto',
    ]);
    expect(headers).to.include({
      'x-custom-header': 'One,two',
      authorization: 'Bearer Abc',
      'content-length': '0',
      host: new URL(target.http).host,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    });
    expect(headers['x-amzn-trace-id']).to.match(TRACE);
  });

  behaviour('HA-13', async (target) => {
    const cookie = 'a=1; b=2';
    const answer = await exchange(target, '/v1/x', {
      method: 'POST',
      headers: [
        ['X-Custom-Header', 'One'],
        ['lower-case', 'a'],
        ['user-agent', 'probe/1'],
        ['content-type', 'text/plain'],
        ['Cookie', cookie],
        ['X-Twice', '1'],
        ['X-Twice', '2'],
      ],
      body: 'text',
    });
    const { headers, multiValueHeaders } = await answer.event();
    const { 'X-Amzn-Trace-Id': trace, 'X-Forwarded-For': from, 'x-do': _, ...rest } = headers;
    expect(rest).to.deep.equal({
      'Content-Length': '4',
      'content-type': 'text/plain',
      Cookie: cookie,
      Host: new URL(target.http).host,
      'lower-case': 'a',
      'User-Agent': 'probe/1',
      'X-Custom-Header': 'One',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
      'X-Twice': '2',
    });
    expect(trace).to.match(TRACE);
    expect(isIP(String(from))).to.be.oneOf([4, 6]);
    const many = multiValueHeaders as Record<string, string[]>;
    expect(Object.keys(many).sort()).to.deep.equal(Object.keys(headers).sort());
    expect(many).to.deep.include({ 'X-Twice': ['1', '2'], 'X-Custom-Header': ['One'], Cookie: [cookie] });
  });

  behaviour('HA-14', async (target) => {
    const plain = await (await exchange(target, '/')).event();
    const sourceIp = String(plain.requestContext.http?.sourceIp);
    expect(isIP(sourceIp)).to.be.oneOf([4, 6]);
    expect(plain.headers['x-forwarded-for']).to.equal(sourceIp);

    const headers: HeaderLine[] = [['X-Forwarded-For', '203.0.113.9']];
    const behindProxy = await (await exchange(target, '/', { headers })).event();
    expect(behindProxy.requestContext.http?.sourceIp).to.equal(sourceIp);
    expect(behindProxy.headers['x-forwarded-for']?.split(/, ?/)).to.deep.equal(['203.0.113.9', sourceIp]);

    const one = await (await exchange(target, '/v1/x', { headers })).event();
    expect(one.requestContext.identity).to.include({ sourceIp });
    expect(one.headers['X-Forwarded-For']?.split(/, ?/)).to.deep.equal(['203.0.113.9', sourceIp]);
  });

  behaviour('HA-15', async (target) => {
    const cookiesOf = async (value: string) => {
      const headers: HeaderLine[] = [['Cookie', value]];
      return (await exchange(target, '/', { headers })).event();
    };
    const two = await cookiesOf('session=abc; theme="dark"');
    expect(two.headers).not.to.have.property('cookie');
    expect(two.cookies).to.deep.equal(['session=abc', 'theme="dark"']);
    expect((await cookiesOf('broken cookie; equals=a=b')).cookies).to.deep.equal(['broken cookie', 'equals=a=b']);

    const none = await (await exchange(target, '/')).event();
    expect(none).not.to.have.property('cookies');
  });
});
