import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { exchange, type HeaderLine } from '../exchange.ts';

inSetting('default', (behaviour) => {
  behaviour('HR-10', async (target) => {
    const headers = { myHeader: 'v', 'X-UA-compatible': 'w', 'content-type': 'a/b' };
    const answer = await exchange(target, '/', { instruction: { answer: { statusCode: 200, headers, body: 'text' } } });
    expect(answer.headers.map(([name]) => name).sort()).to.deep.equal([
      'Apigw-Requestid',
      'Connection',
      'Content-Length',
      'Content-Type',
      'Date',
      'Myheader',
      'X-Ua-Compatible',
    ]);
    expect(answer.values('connection')).to.deep.equal(['keep-alive']);
    expect(answer.values('content-length')).to.deep.equal(['4']);
    expect(answer.values('date')[0]).to.match(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(answer.values('apigw-requestid')[0]).to.match(/^[A-Za-z0-9_-]{14,15}=$/);
  });

  behaviour('HR-11', async (target) => {
    for (const path of ['/', '/v1/x']) {
      const headers = {
        connection: 'close',
        'transfer-encoding': 'chunked',
        upgrade: 'h2c',
        date: 'Thu, 01 Jan 1970 00:00:00 GMT',
        'content-length': '99',
        'x-kept': 'kept',
        'content-type': 'text/plain',
      };
      const answer = await exchange(target, path, {
        instruction: { answer: { statusCode: 200, headers, body: 'four' } },
      });
      expect(answer.status).to.equal(200);
      expect(String(answer.body)).to.equal('four');
      expect(answer.values('connection')).to.deep.equal(['keep-alive']);
      expect(answer.values('transfer-encoding')).to.deep.equal([]);
      expect(answer.values('upgrade')).to.deep.equal([]);
      expect(answer.values('content-length')).to.deep.equal(['4']);
      expect(answer.values('date')).to.have.length(1);
      expect(answer.values('date')[0]).not.to.contain('1970');
      expect(answer.values('x-kept')).to.deep.equal(['kept']);
      expect(answer.headers.filter(([name]) => /^x-amzn-remapped-/i.test(name))).to.deep.equal([]);
    }
  });

  behaviour('HR-16', async (target) => {
    const accepts: HeaderLine[] = [['Accept-Encoding', 'gzip, br']];
    const text = 'x'.repeat(20_000);
    const plain = await exchange(target, '/', { headers: accepts, instruction: { bodyBytes: text.length } });
    expect(plain.values('content-length')).to.deep.equal([String(text.length)]);
    for (const name of ['content-encoding', 'etag', 'cache-control', 'vary', 'accept-ranges', 'last-modified']) {
      expect(plain.values(name), name).to.deep.equal([]);
    }

    const zipped = gzipSync(text);
    const headers = {
      'content-type': 'text/plain',
      'content-encoding': 'gzip',
      etag: '"own"',
      'cache-control': 'max-age=60',
    };
    const answer = { statusCode: 200, headers, body: zipped.toString('base64'), isBase64Encoded: true };
    const again: HeaderLine[] = [...accepts, ['If-None-Match', '"own"']];
    for (const path of ['/cached', '/cached']) {
      const got = await exchange(target, path, { headers: again, instruction: { answer } });
      expect(got.status).to.equal(200);
      expect(got.body).to.deep.equal(zipped);
      expect(got.values('content-encoding')).to.deep.equal(['gzip']);
      expect(got.values('etag')).to.deep.equal(['"own"']);
      expect(got.values('cache-control')).to.deep.equal(['max-age=60']);
      await got.record(); // every request runs the function
    }
  });
});
