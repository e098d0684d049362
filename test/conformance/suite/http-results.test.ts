import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { exchange, type HeaderLine } from '../exchange.ts';
import { expectOwn } from '../expect-answer.ts';
import type { Target } from '../target.ts';

function answered(target: Target, answer: unknown, path = '/') {
  return exchange(target, path, { instruction: { answer } });
}

/** A 2.0 result that is no response is the body of one. */
async function expectInferred(target: Target, result: unknown, body: string) {
  const answer = await answered(target, result);
  expect({ status: answer.status, body: String(answer.body) }).to.deep.equal({ status: 200, body });
  expect(answer.values('content-type')).to.deep.equal(['application/json']);
  expect(answer.values('content-length')).to.deep.equal([String(Buffer.byteLength(body))]);
}

inSetting('default', (behaviour) => {
  behaviour('HR-01', async (target) => {
    await expectInferred(target, { hello: 'wörld', n: [1] }, '{"hello":"wörld","n":[1]}');
    await expectInferred(target, { body: 'x', headers: { a: 'b' } }, '{"body":"x","headers":{"a":"b"}}');
    await expectInferred(target, {}, '{}');
    await expectInferred(target, null, 'null');
  });

  behaviour('HR-02', async (target) => {
    await expectInferred(target, 'test', 'test');
    await expectInferred(target, '{"cut":', '{"cut":');
    await expectInferred(target, 12.5, '12.5');
    await expectInferred(target, true, 'true');
    await expectInferred(target, [1, 'two'], '[1,"two"]');
    await expectInferred(target, '', '');
  });

  behaviour('HR-03', async (target) => {
    for (const path of ['/', '/v1/x']) {
      for (const body of ['text', '{"json":true}']) {
        const answer = await answered(target, { statusCode: 201, body }, path);
        expect(answer.status).to.equal(201);
        expect(answer.values('content-type'), path).to.deep.equal(['text/plain; charset=utf-8']);
        expect(String(answer.body)).to.equal(body);
      }
    }
    const own = await answered(target, { statusCode: 200, headers: { 'Content-Type': 'text/css' }, body: 'a{}' });
    expect(own.values('content-type')).to.deep.equal(['text/css']);
  });

  behaviour('HR-04', async (target) => {
    for (const path of ['/', '/v1/x']) {
      for (const statusCode of [0, 200.5]) {
        expectOwn(await answered(target, { statusCode, body: 'x' }, path), 500, 'Internal Server Error');
      }
    }
    // The switch stringStatusCode: text is no status by default.
    expectOwn(await answered(target, { statusCode: '201', body: 'x' }), 500, 'Internal Server Error');
  });

  behaviour('HR-08', async (target) => {
    const answer = await answered(target, {
      statusCode: 200,
      headers: { 'x-single': 'a', 'set-cookie': 'c=3' },
      multiValueHeaders: { 'x-many': ['1', '2'], 'x-single': ['b'] },
      cookies: ['a=1; Secure; Path=/', 'b=2'],
    });
    expect(answer.values('x-single')).to.deep.equal(['a']);
    expect(answer.values('x-many')).to.deep.equal([]);
    expect(answer.values('set-cookie')).to.deep.equal(['a=1; Secure; Path=/', 'b=2', 'c=3']);
  });

  behaviour('HR-09', async (target) => {
    const result = {
      statusCode: 200,
      headers: { 'X-Both': '1', 'x-single': 'a' },
      multiValueHeaders: { 'X-Both': ['2', '3'], 'set-cookie': ['a=1', 'b=2'] },
    };
    const answer = await answered(target, result, '/v1/x');
    const named = (name: string): HeaderLine[] => answer.headers.filter(([each]) => each.toLowerCase() === name);
    expect(named('x-both').map(([, value]) => value)).to.deep.equal(['1', '2', '3']);
    expect(named('x-single').map(([, value]) => value)).to.deep.equal(['a']);
    expect(named('set-cookie').map(([, value]) => value)).to.deep.equal(['a=1', 'b=2']);
  });

  behaviour('HR-12', async (target) => {
    const bytes = Buffer.from([0, 255, 128, 13, 10]);
    for (const [path, type] of [
      ['/', 'text/plain'],
      ['/', 'image/png'],
      ['/', undefined],
      ['/v1/x', 'application/json'],
    ] as const) {
      const headers: HeaderLine[] = [['Accept', 'application/json']];
      const answer = { statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true };
      const typed = { ...answer, ...(type && { headers: { 'content-type': type } }) };
      const got = await exchange(target, path, { headers, instruction: { answer: typed } });
      expect(got.body, `${type} at ${path}`).to.deep.equal(bytes);
      expect(got.values('content-length')).to.deep.equal(['5']);
    }
    const plain = await answered(target, { statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: false });
    expect(String(plain.body)).to.equal(bytes.toString('base64'));
  });
});
