import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { exchange, type HttpEvent } from '../exchange.ts';
import type { Target } from '../target.ts';

async function eventOf(target: Target, path: string): Promise<HttpEvent> {
  return (await exchange(target, path)).event();
}

inSetting('default', (behaviour) => {
  behaviour('HA-05', async (target) => {
    const decoded = [
      ['/capture/space%20value', '/capture/space value'],
      ['/%40id%2Fassets%2Frsf0.js%23x', '/@id/assets/rsf0.js#x'],
      ['/caf%C3%A9/%2B+', '/café/++'],
      ['/twice%2520', '/twice '],
      ['/slash%252Fvalue', '/slash/value'],
      ['/percent%2525', '/percent%'],
    ] as const;
    for (const [sent, path] of decoded) {
      const event = await eventOf(target, sent);
      expect(event.rawPath).to.equal(path);
      expect(event.requestContext.http).to.include({ path });
    }
    // Decoded twice (the switch pathDecoding, whose default is what was recorded), so this would leave a lone %.
    expect((await exchange(target, '/percent%25done')).status).to.equal(400);
    expect((await eventOf(target, '/items/a%20b')).pathParameters).to.deep.equal({ id: 'a b' });
  });

  behaviour('HA-06', async (target) => {
    const event = await eventOf(target, '/before%3Fafter/more?x=1');

    expect(event.rawPath).to.equal('/before');
    expect(event.requestContext.http).to.include({ path: '/before' });
    expect(event.rawQueryString).to.equal('x=1');
  });

  behaviour('HA-07', async (target) => {
    const event = await eventOf(target, '/v1/J%20Doe/%40x');

    // The switch v1PathEncoding: encoded by default.
    expect(event.path).to.equal('/v1/J%20Doe/%40x');
    expect(event.requestContext.path).to.equal('/v1/J Doe/@x');
    expect(event.pathParameters).to.deep.equal({ proxy: 'J Doe/@x' });
  });

  behaviour('HA-08', async (target) => {
    // Of empty and dotted segments the switches doubleSlashes and dotSegments: kept by default.
    for (const path of ['/trailing/', '/greedy/trailing/', '/a//b', '/a/./b/../c']) {
      const event = await eventOf(target, path);
      expect(event.rawPath, path).to.equal(path);
      expect(event.requestContext.http, path).to.include({ path });
    }
  });

  behaviour('HA-11', async (target) => {
    const query = 'b=x+y&a=1&a=2%2C3&plus=%2B&space=%20&empty=&bare&%C3%A9=%C3%A9';
    const two = await eventOf(target, `/?${query}`);
    expect(two.rawQueryString).to.equal(query);
    expect(two.queryStringParameters).to.deep.equal({
      b: 'x y',
      a: '1,2,3',
      plus: '+',
      space: ' ',
      empty: '',
      bare: '',
      é: 'é',
    });
    expect((await eventOf(target, '/?first=&first=2')).queryStringParameters).to.deep.equal({ first: ',2' });

    const one = await eventOf(target, '/v1/x?a=1&b=x+y&a=2%2C3&empty=');
    expect(one.queryStringParameters).to.deep.equal({ a: '2,3', b: 'x y', empty: '' });
    expect(one.multiValueQueryStringParameters).to.deep.equal({ a: ['1', '2,3'], b: ['x y'], empty: [''] });
  });
});
