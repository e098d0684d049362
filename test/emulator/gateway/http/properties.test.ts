import { validateHeaderName, validateHeaderValue } from 'node:http';
import { expect } from 'chai';
import fc from 'fast-check';
import { forwardedHeaders } from '../../../../emulator/gateway/events/headers.ts';
import type { HttpRequest } from '../../../../emulator/gateway/events/http-request.ts';
import { httpEventV1 } from '../../../../emulator/gateway/events/http-v1.ts';
import { httpEventV2 } from '../../../../emulator/gateway/events/http-v2.ts';
import { decodedPath, parseQuery, parseTarget, tidyPath } from '../../../../emulator/gateway/events/target.ts';
import { functionUrlEvent } from '../../../../emulator/gateway/function-url/function-url-event.ts';
import { urlResult } from '../../../../emulator/gateway/function-url/response.ts';
import { functionResponse } from '../../../../emulator/gateway/http/response.ts';
import { createRouter } from '../../../../emulator/gateway/http/routes.ts';
import { DEFAULT_SWITCHES } from '../../../../emulator/gateway/switches.ts';

const segment = fc.oneof(fc.constantFrom('', '.', '..', '%2e', '%2F', '%', '%25', 'items', '{id}'), fc.webSegment());
const path = fc.array(segment, { minLength: 1, maxLength: 6 }).map((segments) => `/${segments.join('/')}`);
const text = fc.string({ unit: 'binary', maxLength: 40 });

describe('HTTP API, whatever comes', () => {
  it('targets are cut without a loss', () => {
    fc.assert(
      fc.property(path, fc.option(fc.webQueryParameters()), (given, query) => {
        const target = parseTarget(query === null ? given : `${given}?${query}`);
        expect(target).to.deep.equal({ path: given, query: query ?? '' });
      }),
    );
  });

  it('tidied paths begin with a slash, stay as they are when tidied again, and never climb', () => {
    const all = { doubleSlashes: 'collapsed', dotSegments: 'resolved' } as const;
    fc.assert(
      fc.property(path, (given) => {
        expect(tidyPath(given, { doubleSlashes: 'kept', dotSegments: 'kept' })).to.equal(given);
        const tidied = tidyPath(given, all);
        expect(tidied)
          .to.match(/^\//)
          .and.not.match(/\/\/|\/\.\.?(\/|$)/);
        expect(tidyPath(tidied, all)).to.equal(tidied);
        expect(tidyPath(given, { ...all, doubleSlashes: 'kept' })).to.not.match(/\/\.\.?(\/|$)/);
      }),
    );
    // As browsers do it.
    fc.assert(
      fc.property(path, (braced) => {
        const given = braced.replaceAll(/[{}]/g, ''); // which browsers encode
        const resolved = tidyPath(given, { doubleSlashes: 'kept', dotSegments: 'resolved' });
        expect(resolved).to.equal(new URL(`http://x${given}`).pathname);
      }),
    );
  });

  it('queries keep every value that is there', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const query = pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
        const values = [...parseQuery(query).values()].flat();
        expect(values).to.have.length(pairs.length);
      }),
    );
    fc.assert(fc.property(text, (query) => void parseQuery(query)));
  });

  it('routes find the path that was made from them, and give its parameters back', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    const router = createRouter(['GET /a/{x}/b/{y}', 'ANY /{p+}', '$default'].map((routeKey) => ({ routeKey })));
    fc.assert(
      fc.property(value, value, (x, y) => {
        const match = router('GET', `/a/${encodeURIComponent(x)}/b/${encodeURIComponent(y)}`);
        expect(match).to.deep.equal({ route: { routeKey: 'GET /a/{x}/b/{y}' }, pathParameters: { x, y } });
      }),
    );
    fc.assert(
      fc.property(path, (given) => {
        expect(router('PUT', given)?.route.routeKey).to.equal(given === '/' ? '$default' : 'ANY /{p+}');
      }),
    );
  });

  it('events can be made of any request, and are JSON', () => {
    const header = fc.tuple(fc.constantFrom('Cookie', 'X', 'x', '__proto__', 'Content-Type', 'User-Agent'), text);
    fc.assert(
      fc.property(path, text, fc.array(header), fc.uint8Array(), (given, query, pairs, body) => {
        const forwarding = { sourceIp: '1.2.3.4', proto: 'https', traceId: 'Root=1', contentLength: 0 } as const;
        const request: HttpRequest = {
          method: 'GET',
          path: given,
          query,
          headers: forwardedHeaders(pairs.flat(), forwarding),
          body: Buffer.from(body),
          sourceIp: '1.2.3.4',
          domainName: 'x',
          accountId: '1',
          apiId: 'a',
          stage: { name: '$default', variables: {} },
          routeKey: '$default',
          decodedPath: decodedPath(given, 'twice') ?? given,
          pathParameters: {},
          requestId: 'r',
          timeEpoch: 0,
        };
        for (const event of [httpEventV1(request, DEFAULT_SWITCHES), httpEventV2(request, DEFAULT_SWITCHES)]) {
          expect(JSON.parse(JSON.stringify(event)).isBase64Encoded).to.be.a('boolean');
        }
        const event = functionUrlEvent(request, DEFAULT_SWITCHES);
        expect(event.rawPath).to.equal(given);
        const cookies = httpEventV2(request, DEFAULT_SWITCHES).cookies ?? [];
        expect(cookies.every((cookie) => cookie !== '' && !cookie.includes(';'))).to.equal(true);
      }),
    );
  });

  it('any result is a response that can be sent', () => {
    const odd = fc.oneof(fc.anything(), fc.dictionary(text, fc.oneof(text, fc.integer(), fc.array(text))));
    const result = fc.oneof(
      fc.anything(),
      fc.record(
        {
          statusCode: fc.oneof(fc.integer(), fc.constantFrom(200, 204, 304, '201', 200.5), fc.anything()),
          headers: odd,
          multiValueHeaders: odd,
          cookies: fc.oneof(odd, fc.array(text)),
          body: fc.oneof(text, fc.anything()),
          isBase64Encoded: fc.oneof(fc.boolean(), fc.anything()),
        },
        { requiredKeys: [] },
      ),
    );
    const payload = fc.oneof(text, result.map(jsonOf));
    fc.assert(
      fc.property(payload, fc.boolean(), (given, stringStatusCode) => {
        const responses = [
          functionResponse(given, '1.0', { stringStatusCode }),
          functionResponse(given, '2.0', { stringStatusCode }),
          urlResult(given, { stringStatusCode }),
        ];
        for (const { status, headers, body } of responses) {
          expect(status).to.be.within(200, 599);
          expect(typeof body === 'string' || Buffer.isBuffer(body)).to.equal(true);
          for (const [name, value] of headers) {
            validateHeaderName(name);
            validateHeaderValue(name, value);
          }
        }
      }),
    );
  });
});

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    return 'null'; // a bigint, which no function can return
  }
}
