import { expect } from 'chai';
import { forwardedHeaders } from '../../../../emulator/gateway/events/headers.ts';
import { encodeBody, type HttpRequest } from '../../../../emulator/gateway/events/http-request.ts';
import { httpEventV1 } from '../../../../emulator/gateway/events/http-v1.ts';
import { httpEventV2 } from '../../../../emulator/gateway/events/http-v2.ts';
import { decodedPath } from '../../../../emulator/gateway/events/target.ts';
import { START } from '../fixture.ts';

const SWITCHES = { textContentTypes: 'all-text', v1PathEncoding: 'encoded' } as const;

function request(overrides: Partial<HttpRequest> = {}, rawHeaders: string[] = ['Host', 'localhost:4000']): HttpRequest {
  const body = overrides.body ?? Buffer.alloc(0);
  return {
    method: 'GET',
    path: '/a%20b/%40c',
    decodedPath: decodedPath(overrides.path ?? '/a%20b/%40c', 'twice') ?? '',
    query: '',
    headers: forwardedHeaders(rawHeaders, {
      sourceIp: '127.0.0.1',
      proto: 'https',
      traceId: 'Root=1-1-2',
      contentLength: body.length,
    }),
    body,
    sourceIp: '127.0.0.1',
    domainName: 'httpapi123.execute-api.us-east-1.amazonaws.com',
    accountId: '123456789012',
    apiId: 'httpapi123',
    stage: { name: '$default', variables: {} },
    routeKey: '$default',
    pathParameters: {},
    requestId: 'ATfSmjLgPHcESJw=',
    timeEpoch: START,
    ...overrides,
  };
}

/** As the function gets it: what is undefined is not there. */
function sent(event: unknown) {
  return JSON.parse(JSON.stringify(event));
}

describe('HTTP events', () => {
  it('2.0 of a bare request has exactly these keys, and nothing null (HA-04)', () => {
    expect(sent(httpEventV2(request(), SWITCHES))).to.deep.equal({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a b/@c',
      rawQueryString: '',
      headers: {
        host: 'localhost:4000',
        'content-length': '0',
        'x-amzn-trace-id': 'Root=1-1-2',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': '443',
        'x-forwarded-proto': 'https',
      },
      requestContext: {
        accountId: '123456789012',
        apiId: 'httpapi123',
        domainName: 'httpapi123.execute-api.us-east-1.amazonaws.com',
        domainPrefix: 'httpapi123',
        http: { method: 'GET', path: '/a b/@c', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
        requestId: 'ATfSmjLgPHcESJw=',
        routeKey: '$default',
        stage: '$default',
        time: '09/Feb/2024:18:11:43 +0000',
        timeEpoch: START,
      },
      isBase64Encoded: false,
    });
  });

  it('2.0 shows what a full request has (HA-04, HA-09, HA-11, HA-15)', () => {
    const full = request(
      {
        method: 'POST',
        query: 'a=1&a=2%2C3&b=x+y&c=',
        body: Buffer.from('{"x":1}'),
        stage: { name: 'prod', variables: { color: 'blue' } },
        path: '/prod/items/7',
        routeKey: 'POST /items/{id}',
        pathParameters: { id: '7' },
      },
      ['User-Agent', 'ua', 'Cookie', 'a=1; b=2', 'cookie', 'c=3', 'content-type', 'application/json'],
    );
    expect(sent(httpEventV2(full, SWITCHES))).to.have.nested.property('requestContext.stage', 'prod');
    expect(sent(httpEventV2(full, SWITCHES))).to.deep.include({
      rawPath: '/prod/items/7',
      rawQueryString: 'a=1&a=2%2C3&b=x+y&c=',
      queryStringParameters: { a: '1,2,3', b: 'x y', c: '' },
      cookies: ['a=1', 'b=2', 'c=3'],
      body: '{"x":1}',
      isBase64Encoded: false,
      pathParameters: { id: '7' },
      stageVariables: { color: 'blue' },
      routeKey: 'POST /items/{id}',
    });
  });

  it('1.0 of a bare request has exactly these keys, null where empty (HA-13, HA-17, HA-18)', () => {
    const headers = {
      Host: 'localhost:4000',
      'Content-Length': '0',
      'X-Amzn-Trace-Id': 'Root=1-1-2',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': '443',
      'X-Forwarded-Proto': 'https',
    };
    expect(sent(httpEventV1(request(), SWITCHES))).to.deep.equal({
      version: '1.0',
      resource: '$default',
      path: '/a%20b/%40c',
      httpMethod: 'GET',
      headers,
      multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      requestContext: {
        accountId: '123456789012',
        apiId: 'httpapi123',
        domainName: 'httpapi123.execute-api.us-east-1.amazonaws.com',
        domainPrefix: 'httpapi123',
        extendedRequestId: 'ATfSmjLgPHcESJw=',
        httpMethod: 'GET',
        identity: {
          accessKey: null,
          accountId: null,
          caller: null,
          cognitoAmr: null,
          cognitoAuthenticationProvider: null,
          cognitoAuthenticationType: null,
          cognitoIdentityId: null,
          cognitoIdentityPoolId: null,
          principalOrgId: null,
          sourceIp: '127.0.0.1',
          user: null,
          userAgent: null,
          userArn: null,
        },
        path: '/a b/@c',
        protocol: 'HTTP/1.1',
        requestId: 'ATfSmjLgPHcESJw=',
        requestTime: '09/Feb/2024:18:11:43 +0000',
        requestTimeEpoch: START,
        resourceId: '$default',
        resourcePath: '$default',
        stage: '$default',
      },
      pathParameters: null,
      stageVariables: null,
      body: null,
      isBase64Encoded: false,
    });
  });

  it('1.0 names the route and keeps every value (HA-11, HA-18)', () => {
    const full = request({ query: 'a=1&a=2&b=', routeKey: 'GET /items/{id}', pathParameters: { id: 'x y' } }, [
      'cookie',
      'a=1',
      'X-Dup',
      '1',
      'x-dup',
      '2',
    ]);
    const event = sent(httpEventV1(full, SWITCHES));
    expect(event).to.deep.include({
      resource: '/items/{id}',
      queryStringParameters: { a: '2', b: '' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: [''] },
      pathParameters: { id: 'x y' },
    });
    expect(event.requestContext).to.include({ resourceId: 'GET /items/{id}', resourcePath: '/items/{id}' });
    expect(event.headers).to.include({ cookie: 'a=1', 'X-Dup': '2' });
    expect(event.multiValueHeaders['X-Dup']).to.deep.equal(['1', '2']);
  });

  it('1.0 has a switch for its path (HA-07)', () => {
    expect(httpEventV1(request({ path: '/a%20b%3Fc' }), SWITCHES).path).to.equal('/a%20b%3Fc');
    expect(httpEventV1(request({ path: '/a%20b%3Fc' }), { ...SWITCHES, v1PathEncoding: 'decoded' }).path).to.equal(
      '/a b',
    );
    expect(httpEventV1(request({ path: '/a%20b%3Fc' }), SWITCHES).requestContext.path).to.equal('/a b');
  });

  it('holds few content types for text (HA-16)', () => {
    const encoded = (type?: string) => encodeBody(Buffer.from('é'), type, 'all-text');
    for (const type of [
      'text/plain',
      'text/x-anything',
      'application/json; charset=utf-8',
      'Application/XML',
      'application/javascript',
    ]) {
      expect(encoded(type), type).to.deep.equal({ body: 'é', isBase64Encoded: false });
    }
    const binary = [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/vnd.api+json',
      '',
      undefined,
    ];
    for (const type of binary) {
      expect(encoded(type), String(type)).to.deep.equal({ body: 'w6k=', isBase64Encoded: true });
    }
  });

  it('has a switch for the list of those (HA-16)', () => {
    const isText = (type?: string) => !encodeBody(Buffer.from('é'), type, 'listed').isBase64Encoded;
    const text = ['text/plain', 'text/html', 'text/csv', 'text/xml', 'application/json', 'application/xml'];
    const more = ['application/javascript', 'application/graphql', 'Text/Plain; charset=UTF-8'];
    for (const type of [...text, ...more, 'application/json;charset=utf-8']) expect(isText(type), type).to.equal(true);
    const binary = ['text/markdown', 'text/html; charset=utf-8', 'text/plain; charset=iso-8859-1', 'image/png', ''];
    for (const type of [...binary, undefined]) expect(isText(type), type).to.equal(false);
  });

  it('marks a base64 body in either format, and none without a body (HA-16, HA-17)', () => {
    const form = request({ body: Buffer.from('a=1') });
    expect(httpEventV2(form, SWITCHES)).to.include({ body: 'YT0x', isBase64Encoded: true });
    expect(httpEventV1(form, SWITCHES)).to.include({ body: 'YT0x', isBase64Encoded: true });
  });
});
