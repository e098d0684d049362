import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { exchange, type HeaderLine } from '../exchange.ts';

const TEXT = [
  'text/plain',
  'text/plain; charset=utf-8',
  'text/html',
  'text/csv',
  'text/x-anything',
  'application/json',
  'application/json; charset=utf-8',
  'application/xml',
  'application/javascript',
];
const BINARY = [
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/vnd.api+json',
  'application/pdf',
  'image/svg+xml',
  undefined,
];

function typed(contentType: string | undefined): HeaderLine[] {
  return contentType === undefined ? [] : [['Content-Type', contentType]];
}

inSetting('default', (behaviour) => {
  behaviour('HA-16', async (target) => {
    const body = '{"text":"é"}';
    for (const path of ['/', '/v1/x']) {
      for (const type of TEXT) {
        const event = await (await exchange(target, path, { method: 'POST', headers: typed(type), body })).event();
        const { body: got, isBase64Encoded } = event;
        expect({ got, isBase64Encoded }, `${type} at ${path}`).to.deep.equal({ got: body, isBase64Encoded: false });
      }
      for (const type of BINARY) {
        const event = await (await exchange(target, path, { method: 'POST', headers: typed(type), body })).event();
        const { body: got, isBase64Encoded } = event;
        const expected = { got: Buffer.from(body).toString('base64'), isBase64Encoded: true };
        expect({ got, isBase64Encoded }, `${type} at ${path}`).to.deep.equal(expected);
      }
    }
  });

  behaviour('HA-16', async (target) => {
    const body = Buffer.from([0, 255, 128, 10]);
    const answer = await exchange(target, '/', { method: 'PUT', headers: typed('image/png'), body });
    const event = await answer.event();
    expect(event.isBase64Encoded).to.equal(true);
    expect(Buffer.from(String(event.body), 'base64')).to.deep.equal(body);
  });

  behaviour('HA-17', async (target) => {
    for (const type of ['application/json', 'application/octet-stream', undefined]) {
      const headers: HeaderLine[] = [...typed(type), ['Content-Length', '0']];
      const two = await (await exchange(target, '/', { method: 'POST', headers })).event();
      expect(two).not.to.have.property('body');
      expect(two.isBase64Encoded).to.equal(false);
      const one = await (await exchange(target, '/v1/x', { method: 'POST', headers })).event();
      expect(one).to.include({ body: null, isBase64Encoded: false });
    }
  });

  behaviour('HA-25', async (target) => {
    const chunked = await exchange(target, '/', {
      method: 'POST',
      headers: [
        ['Content-Type', 'text/plain'],
        ['TE', 'trailers'],
        ['Expect', '100-continue'],
        ['Keep-Alive', 'timeout=5'],
      ],
      chunks: ['one ', 'two ', 'three'],
      pauseMs: 100,
    });
    const event = await chunked.event();
    expect(event.body).to.equal('one two three');
    // The function ran when all was there.
    expect((await chunked.record()).context.remaining).to.be.greaterThan(5_000);
    expect(event.headers['content-length']).to.equal('13');
    expect(event.headers).not.to.have.any.keys('transfer-encoding', 'te', 'expect', 'connection', 'keep-alive');

    const answer = { statusCode: 200, headers: { 'content-type': 'text/event-stream' }, body: 'data: a\n\n' };
    const events = await exchange(target, '/', { instruction: { answer, sleepMs: 200 } });
    expect(events.values('content-length')).to.deep.equal(['9']);
    expect(events.values('transfer-encoding')).to.deep.equal([]);
  });

  behaviour('HA-25', async (target) => {
    const upgrade = await exchange(target, '/', {
      headers: [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Version', '13'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ],
    });
    expect(upgrade.status, 'a request like any other').to.equal(200);
    expect((await upgrade.event()).headers).not.to.have.any.keys('upgrade', 'connection');
  });
});
