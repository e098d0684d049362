import { expect } from 'chai';
import { failureResponse, functionResponse, titleCase } from '../../../../emulator/gateway/http/response.ts';

const SWITCHES = { stringStatusCode: false, lambdaThrottleStatus: 503 };
const JSON_TYPE = ['content-type', 'application/json'];
const TEXT_TYPE = ['content-type', 'text/plain; charset=utf-8'];

function v2(result: unknown) {
  return functionResponse(JSON.stringify(result), '2.0', SWITCHES);
}

function v1(result: unknown) {
  return functionResponse(JSON.stringify(result), '1.0', SWITCHES);
}

describe('HTTP response', () => {
  it('takes a result without statusCode for the body of a 200 (HR-01, HR-02)', () => {
    expect(v2({ hello: 1 })).to.deep.equal({ status: 200, headers: [JSON_TYPE], body: '{"hello":1}' });
    expect(v2('test')).to.deep.equal({ status: 200, headers: [JSON_TYPE], body: 'test' });
    expect(v2('')).to.deep.equal({ status: 200, headers: [JSON_TYPE], body: '' });
    expect(v2(12)).to.include({ status: 200, body: '12' });
    expect(v2([1, 2])).to.include({ status: 200, body: '[1,2]' });
    expect(v2(null)).to.include({ status: 200, body: 'null' });
    expect(functionResponse('{"cut":', '2.0', SWITCHES)).to.include({ status: 200, body: '{"cut":' });
  });

  it('types a response that names no content type as text (HR-03)', () => {
    expect(v2({ statusCode: 201, body: 'x' })).to.deep.equal({ status: 201, headers: [TEXT_TYPE], body: 'x' });
    expect(v2({ statusCode: 200, headers: { 'Content-Type': 'a/b' } }).headers).to.deep.equal([
      ['Content-Type', 'a/b'],
    ]);
  });

  it('answers 500 to a status that is none (HR-04)', () => {
    for (const statusCode of [0, 200.5, '201', null, 99, 600, 101, true, {}]) {
      const { status, body, fault } = v2({ statusCode, body: 'x' });
      expect({ status, body }, String(statusCode)).to.deep.equal({
        status: 500,
        body: '{"message":"Internal Server Error"}',
      });
      expect(fault).to.include('statusCode');
    }
    const lenient = { stringStatusCode: true };
    expect(functionResponse('{"statusCode":"201"}', '2.0', lenient).status).to.equal(201);
  });

  it('answers 500 to a body that is no string and to headers that cannot be sent', () => {
    expect(v2({ statusCode: 200, body: { a: 1 } }).status).to.equal(500);
    expect(v2({ statusCode: 200, headers: { 'x-split': 'a\r\nset-cookie: b' } }).status).to.equal(500);
    expect(v2({ statusCode: 200, headers: { 'x y': 'a' } }).status).to.equal(500);
  });

  it('2.0 sends cookies first and ignores multiValueHeaders (HR-08)', () => {
    const result = {
      statusCode: 200,
      headers: { 'content-type': 'a/b', 'Set-Cookie': 'c=3', 'x-n': 1 },
      multiValueHeaders: { 'x-many': ['1', '2'] },
      cookies: ['a=1', 'b=2'],
    };
    expect(v2(result).headers).to.deep.equal([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['content-type', 'a/b'],
      ['Set-Cookie', 'c=3'],
      ['x-n', '1'],
    ]);
  });

  it('1.0 merges headers and multiValueHeaders and ignores cookies (HR-09)', () => {
    const result = {
      statusCode: 200,
      headers: { 'content-type': 'a/b', 'x-both': '1' },
      multiValueHeaders: { 'x-both': ['2', '3'] },
      cookies: ['a=1'],
    };
    expect(v1(result).headers).to.deep.equal([
      ['content-type', 'a/b'],
      ['x-both', '1'],
      ['x-both', '2'],
      ['x-both', '3'],
    ]);
  });

  it('1.0 infers nothing', () => {
    expect(v1({ hello: 1 }).status).to.equal(500);
    expect(v1('text').status).to.equal(500);
    expect(v1(null).status).to.equal(500);
  });

  it("drops the function's hop-by-hop headers (HR-11)", () => {
    const headers = {
      'content-type': 'a/b',
      Connection: 'close',
      'transfer-encoding': 'chunked',
      Date: 'x',
      'Content-Length': '99',
      upgrade: 'x',
    };
    expect(v2({ statusCode: 200, headers }).headers).to.deep.equal([['content-type', 'a/b']]);
  });

  it('decodes base64 whatever the type (HR-12)', () => {
    const { body } = v2({
      statusCode: 200,
      headers: { 'content-type': 'text/plain' },
      body: '/wA=',
      isBase64Encoded: true,
    });
    expect(body).to.deep.equal(Buffer.from([255, 0]));
  });

  it('gives 204 and 304 neither body nor type', () => {
    for (const statusCode of [204, 304]) {
      expect(v2({ statusCode, body: 'x' })).to.deep.equal({ status: statusCode, headers: [], body: '' });
    }
  });

  it('tells failures apart (HR-05, HR-06, HR-14, HA-23)', () => {
    const failed = failureResponse({ kind: 'failed', errorType: 'Error', errorMessage: 'secret' }, SWITCHES);
    expect(failed).to.deep.include({ status: 500, headers: [JSON_TYPE], body: '{"message":"Internal Server Error"}' });
    const late = failureResponse({ kind: 'timed-out', timeoutMs: 30_000 }, SWITCHES);
    expect(late).to.deep.include({ status: 503, headers: [], body: '{"message":"Service Unavailable"}' });
    const large = failureResponse({ kind: 'event-too-large' }, SWITCHES);
    expect(large).to.deep.include({
      status: 413,
      headers: [JSON_TYPE],
      body: '{"message":"Request Entity Too Large"}',
    });
    expect(failureResponse({ kind: 'throttled', reason: 'account' }, { lambdaThrottleStatus: 429 }).status).to.equal(
      429,
    );
  });

  it('puts names in title case (HR-10)', () => {
    expect(['apigw-requestid', 'myHeader', 'ETag', 'X-UA'].map(titleCase)).to.deep.equal([
      'Apigw-Requestid',
      'Myheader',
      'Etag',
      'X-Ua',
    ]);
  });
});
