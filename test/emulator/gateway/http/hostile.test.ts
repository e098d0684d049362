import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import {
  createStack,
  httpApi,
  rawRequest,
  startTestGateway,
  stopAll,
  type TestFunction,
  type TestGateway,
} from '../fixture.ts';

const OK: TestFunction = () => ({ statusCode: 200, body: 'ok' });

function start(options: Parameters<typeof startTestGateway>[2] = {}): Promise<TestGateway> {
  const api = httpApi({ 'ANY /items/{id}': 'f', $default: 'f' }, '2.0');
  return startTestGateway(createStack({ httpApi: api }), { f: OK }, options);
}

/** Lines and headers as they are, with nothing that a client would add. */
function bytes(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

const HOST = 'Host: x';
const CLOSE = 'Connection: close';

describe('HTTP API: hostile input', () => {
  afterEach(stopAll);

  const refused: Readonly<Record<string, string>> = {
    'no request line at all': bytes('', '', 'x'),
    'a method of its own': bytes('HACK / HTTP/1.1', HOST),
    'a method in lower case': bytes('get / HTTP/1.1', HOST),
    'no target': bytes('GET  HTTP/1.1', HOST),
    'a space in the target': bytes('GET /a b HTTP/1.1', HOST),
    'NUL in the target': bytes('GET /a\0b HTTP/1.1', HOST),
    'escape sequences in the target': bytes('GET /\x1b[31m HTTP/1.1', HOST),
    'UTF-8 in the target, not encoded': bytes('GET /gr\xc3\xbc\xc3\x9fe HTTP/1.1', HOST, CLOSE),
    'another protocol': bytes('GET / SPDY/3', HOST),
    'TLS where none is spoken': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'no Host': bytes('GET / HTTP/1.1', CLOSE),
    'two Hosts': bytes('GET / HTTP/1.1', HOST, 'Host: y', CLOSE),
    'a header without a colon': bytes('GET / HTTP/1.1', HOST, 'what'),
    'a header with a space in its name': bytes('GET / HTTP/1.1', HOST, 'a b: c'),
    'a header with NUL': bytes('GET / HTTP/1.1', HOST, 'a: b\0c'),
    'a folded header': bytes('GET / HTTP/1.1', HOST, ' folded: yes'),
    'a length that is none': bytes('POST / HTTP/1.1', HOST, 'Content-Length: many'),
    'a negative length': bytes('POST / HTTP/1.1', HOST, 'Content-Length: -1'),
    'two lengths': bytes('POST / HTTP/1.1', HOST, 'Content-Length: 1', 'Content-Length: 2'),
    'a length and chunks': bytes('POST / HTTP/1.1', HOST, 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    'an encoding nobody knows': bytes('POST / HTTP/1.1', HOST, 'Transfer-Encoding: identity, smuggled'),
    'a chunk whose size is none': `${bytes('POST / HTTP/1.1', HOST, 'Transfer-Encoding: chunked')}zz\r\n`,
    'a header of 200 KB': bytes('GET / HTTP/1.1', HOST, CLOSE, `X: ${'x'.repeat(200_000)}`),
    'ten thousand headers': bytes('GET / HTTP/1.1', HOST, CLOSE, ...Array.from({ length: 10_000 }, () => 'a: b')),
    'a target of 200 KB': bytes(`GET /${'x'.repeat(200_000)} HTTP/1.1`, HOST, CLOSE),
    'a target of 20 KB (HA-22)': bytes(`GET /${'x'.repeat(20_000)} HTTP/1.1`, HOST, CLOSE),
  };
  for (const [what, text] of Object.entries(refused)) {
    it(`refuses ${what} with a 4xx, and goes on`, async () => {
      const { http, invoker, log } = await start();
      expect(await rawRequest(http, text)).to.match(/^HTTP\/1\.1 4\d\d /);
      expect(invoker.events).to.deep.equal([]);
      for (const { level, message } of log) {
        expect(level).to.not.equal('error');
        expect(message).to.match(/^[\x20-\x7e]{1,600}$/);
      }
      expect((await fetch(http)).status).to.equal(200);
    });
  }

  const taken: readonly (readonly [target: string, rawPath: string, routeKey: string])[] = [
    ['/items/%00', '/items/\0', 'ANY /items/{id}'],
    ['/items/%ff', '/items/\ufffd', 'ANY /items/{id}'],
    ['/items/%f0%9f%90%9f', '/items/🐟', 'ANY /items/{id}'],
    ['/items/..', '/items/..', 'ANY /items/{id}'],
    ['/items/%2e%2e%2fetc', '/items/../etc', 'ANY /items/{id}'],
    ['//items/1', '//items/1', '$default'],
    ['/items//', '/items//', '$default'],
    ['/items/', '/items/', '$default'],
    ['/items/__proto__', '/items/__proto__', 'ANY /items/{id}'],
  ];
  for (const [target, rawPath, routeKey] of taken) {
    it(`takes ${target} as ${JSON.stringify(rawPath)} (HA-05, HA-08)`, async () => {
      const { http, invoker } = await start();
      const query = '?__proto__=1&constructor=%&=&%00=%zz';
      const text = bytes(`GET ${target}${query} HTTP/1.1`, HOST, CLOSE, '__proto__: 1', 'Cookie: =; ;;__proto__=');
      expect(await rawRequest(http, text)).to.match(/^HTTP\/1\.1 200 /);
      expect(invoker.eventsOf('f')[0]).to.include({ rawPath, routeKey });
    });
  }

  it('refuses a path with a % that begins no escape, and hands it on where paths are decoded once (HA-05)', async () => {
    for (const target of ['/items/%', '/items/%zz', '/items/percent%25done']) {
      const strict = await start();
      expect(await rawRequest(strict.http, bytes(`GET ${target} HTTP/1.1`, HOST, CLOSE))).to.match(/^HTTP\/1\.1 400 /);
      expect(strict.invoker.eventsOf('f')).to.deep.equal([]);
      const once = await start({ switches: { pathDecoding: 'once' } });
      await rawRequest(once.http, bytes(`GET ${target} HTTP/1.1`, HOST, CLOSE));
      expect(once.invoker.eventsOf('f')[0]?.rawPath).to.equal(target.replace('%25', '%'));
    }
  });

  it('tidies paths where switches say so, before routes are looked at (HA-08)', async () => {
    const { http, invoker } = await start({ switches: { doubleSlashes: 'collapsed', dotSegments: 'resolved' } });
    for (const target of ['//items///1', '/a/../items/./1', '/../..//items/%2e/1']) {
      await rawRequest(http, bytes(`GET ${target} HTTP/1.1`, HOST, CLOSE));
      expect(invoker.eventsOf('f').at(-1), target).to.include({ rawPath: '/items/1', routeKey: 'ANY /items/{id}' });
    }
  });

  it('lets nobody send a byte at a time: headers, and bodies (slow loris)', async () => {
    const { http, invoker } = await start({ quotas: { headersMs: 100, requestMs: 200 } });
    for (const begun of [
      'GET / HTTP/1.1\r\nHost: x\r\n',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n',
    ]) {
      const socket = connect(Number(new URL(http).port), '127.0.0.1');
      let answer = '';
      socket.on('data', (slice) => {
        answer += slice.toString('latin1');
      });
      socket.on('error', () => {});
      socket.write(begun);
      const drip = setInterval(() => socket.write('a'), 10);
      await once(socket, 'close');
      clearInterval(drip);
      expect(answer).to.match(/^HTTP\/1\.1 408 /);
    }
    expect(invoker.events).to.deep.equal([]);
  });

  it('answers pipelined requests in their order, and smuggles none', async () => {
    const { http, invoker } = await start();
    const first = bytes('POST /1 HTTP/1.1', HOST, 'Content-Length: 33').concat(
      'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'.slice(0, 33),
    );
    const answers = await rawRequest(http, `${first}${bytes('GET /2 HTTP/1.1', HOST, CLOSE)}`);
    expect(answers.match(/HTTP\/1\.1 200 /g)).to.have.length(2);
    expect(invoker.eventsOf('f').map(({ rawPath }) => rawPath)).to.have.members(['/1', '/2']);
  });
});
