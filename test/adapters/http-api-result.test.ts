import { expect } from 'chai';
import fc from 'fast-check';
import type { HttpApiResultV1, HttpApiResultV2 } from '../../src/adapters/http-api-result.ts';
import { RESULT_BYTES, resultV1, resultV2, tooLarge } from '../../src/adapters/http-api-result.ts';
import type { HeaderPair } from '../../src/protocol/messages.ts';

const HEADERS: HeaderPair[] = [
  ['Content-Type', 'text/plain'],
  ['Set-Cookie', 'a=1, with a comma'],
  ['X-List', 'one'],
  ['set-cookie', 'b=2'],
  ['x-list', 'two'],
];

function response(body: string | Uint8Array, headers: HeaderPair[] = HEADERS) {
  return { status: 200, headers, body: typeof body === 'string' ? Buffer.from(body) : body };
}

describe('resultV2', () => {
  it('joins repeated headers and gives cookies a place of their own (HR-08)', () => {
    expect(resultV2(response('hi'))).to.deep.equal({
      statusCode: 200,
      headers: { 'content-type': 'text/plain', 'x-list': 'one, two' },
      cookies: ['a=1, with a comma', 'b=2'],
      body: 'hi',
      isBase64Encoded: false,
    });
  });

  it('has no cookies key where there are none', () => {
    expect(resultV2(response('hi', []))).to.not.have.property('cookies');
  });
});

describe('resultV1', () => {
  it('gives every header all its values (HR-09)', () => {
    expect(resultV1(response('hi'))).to.deep.equal({
      statusCode: 200,
      multiValueHeaders: {
        'content-type': ['text/plain'],
        'set-cookie': ['a=1, with a comma', 'b=2'],
        'x-list': ['one', 'two'],
      },
      body: 'hi',
      isBase64Encoded: false,
    });
  });
});

describe('either result', () => {
  it('carries a header whose name JavaScript takes for its own', () => {
    const odd = response('', [
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(JSON.stringify(resultV2(odd).headers)).to.equal('{"__proto__":"a","constructor":"b"}');
    expect(JSON.stringify(resultV1(odd).multiValueHeaders)).to.equal('{"__proto__":["a"],"constructor":["b"]}');
  });

  it('gives back the bytes, however they travel', () => {
    const types = ['text/html', 'application/json', 'image/png', 'application/x-unknown', undefined];
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...types), (body, type) => {
        for (const result of [resultV1, resultV2].map((of) =>
          of(response(body, type ? [['content-type', type]] : [])),
        )) {
          const back = Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8');
          expect(back.equals(body)).to.equal(true);
        }
      }),
    );
  });
});

describe('a body', () => {
  function travelsAsText(headers: HeaderPair[], body: string | Uint8Array = 'hällo'): boolean {
    return !resultV2(response(body, headers)).isBase64Encoded;
  }

  const text = [
    'text/html; charset=utf-8',
    'TEXT/CSV',
    'application/json',
    'application/problem+json',
    'application/vnd.api+json; charset=utf-8',
    'application/xml',
    'application/atom+xml',
    'application/javascript',
    'image/svg+xml',
  ];
  for (const type of text) {
    it(`of ${type} travels as text`, () => expect(travelsAsText([['content-type', type]])).to.equal(true));
  }

  const binary = ['image/png', 'application/octet-stream', 'application/pdf', 'application/jsonish', 'font/woff2', ''];
  for (const type of binary) {
    it(`of "${type}" travels as base64`, () => expect(travelsAsText([['content-type', type]])).to.equal(false));
  }

  it('without a type travels as base64', () => expect(travelsAsText([])).to.equal(false));

  it('that is compressed travels as base64, whatever its type', () => {
    const type: HeaderPair = ['content-type', 'text/html'];
    expect(travelsAsText([type, ['Content-Encoding', 'gzip']])).to.equal(false);
    expect(travelsAsText([type, ['Content-Encoding', 'identity']])).to.equal(true);
  });

  it('that is not the text its type promises travels as base64', () => {
    expect(travelsAsText([['content-type', 'text/html']], Buffer.from('h\xe4llo', 'latin1'))).to.equal(false);
  });

  it('travels as base64 where its escapes would cost more, which only matters near the limit (HR-07)', () => {
    const type: HeaderPair[] = [['content-type', 'application/json']];
    expect(travelsAsText(type, '"'.repeat(100))).to.equal(true);
    expect(travelsAsText(type, '"'.repeat(4_000_000))).to.equal(false);
    expect(travelsAsText(type, '"aa'.repeat(1_500_000))).to.equal(true);
    expect(tooLarge(resultV2(response('"'.repeat(4_000_000), type)))).to.equal(false);
    expect(tooLarge(resultV1(response('\0'.repeat(4_000_000), type)))).to.equal(false);
  });

  it('keeps its byte order mark', () => {
    const marked = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61);
    const { body } = resultV2(response(marked, [['content-type', 'text/plain']]));
    expect([...Buffer.from(body)]).to.deep.equal([...marked]);
  });
});

describe('tooLarge (HR-07)', () => {
  /** What a result of this filling counts, beside the filling: found by weighing, not by knowing. */
  function filled(of: (filling: string) => HttpApiResultV1 | HttpApiResultV2, unit: string, unitBytes: number) {
    const empty = Buffer.byteLength(JSON.stringify(of('')));
    const whole = Math.floor((RESULT_BYTES - empty) / unitBytes);
    const rest = RESULT_BYTES - empty - whole * unitBytes;
    return unit.repeat(whole) + 'a'.repeat(rest);
  }

  function expectExact(of: (filling: string) => HttpApiResultV1 | HttpApiResultV2, filling: string) {
    for (const [text, expected] of [
      [filling, false],
      [`${filling}a`, true],
    ] as const) {
      const result = of(text);
      expect(Buffer.byteLength(JSON.stringify(result)) > RESULT_BYTES).to.equal(expected);
      expect(tooLarge(result)).to.equal(expected);
    }
  }

  const head = resultV2(response(''));
  const textV2 = (text: string) => ({ ...head, body: text, isBase64Encoded: false });
  const textV1 = (text: string) => ({ ...resultV1(response('')), body: text, isBase64Encoded: false });
  const units = [
    { name: 'plain letters', unit: 'a', bytes: 1 },
    { name: 'quotes, two bytes each as JSON', unit: '"', bytes: 2 },
    { name: 'NUL, six bytes each as JSON', unit: '\0', bytes: 6 },
    { name: 'emoji', unit: '😀', bytes: 4 },
    { name: 'the euro sign', unit: '€', bytes: 3 },
  ];
  for (const { name, unit, bytes } of units) {
    it(`is exact to the byte for ${name}`, () => expectExact(textV2, filled(textV2, unit, bytes)));
  }

  it('is exact to the byte for payload format 1.0', () => expectExact(textV1, filled(textV1, 'a', 1)));

  it('is exact to four bytes for base64', () => {
    const base64 = (raw: string) => resultV2(response(raw, [['content-type', 'image/png']]));
    const empty = Buffer.byteLength(JSON.stringify(base64('')));
    const most = Math.floor((RESULT_BYTES - empty) / 4) * 3;
    expect(tooLarge(base64('a'.repeat(most)))).to.equal(false);
    expect(tooLarge(base64('a'.repeat(most + 1)))).to.equal(true);
  });

  it('counts headers and cookies', () => {
    const headers = (filling: string) => resultV2(response('', [['x-long', filling], ...HEADERS]));
    expectExact(headers, filled(headers, 'a', 1));
  });

  it('agrees with the serialised result on odd text near the limit', () => {
    const base = 'a'.repeat(RESULT_BYTES - 400);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 20, maxLength: 200 }), (odd) => {
        const result = textV2(odd + base);
        expect(tooLarge(result)).to.equal(Buffer.byteLength(JSON.stringify(result)) > RESULT_BYTES);
      }),
      { numRuns: 8 },
    );
  });
});
