import { expect } from 'chai';
import { isRecorded, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { type Exchange, exchange, type HeaderLine } from '../exchange.ts';

const ALLOWED: HeaderLine = ['Origin', 'https://allowed.example'];
const FOREIGN: HeaderLine = ['Origin', 'https://foreign.example'];
const PREFLIGHT: readonly HeaderLine[] = [
  ['Access-Control-Request-Method', 'POST'],
  ['Access-Control-Request-Headers', 'x-allowed'],
];
const OWN = {
  'access-control-allow-origin': 'https://function.example',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'x-of-function',
};

/** The CORS headers of an answer; lists sorted, since their order says nothing. */
function cors(answer: Exchange): Record<string, string> {
  const lines = answer.headers.filter(([name]) => /^access-control-/i.test(name));
  const sorted = lines.map(([name, value]) => [name.toLowerCase(), value.split(/, ?/).sort().join(',')]);
  expect(new Set(sorted.map(([name]) => name)).size, 'each once').to.equal(sorted.length);
  return Object.fromEntries(sorted);
}

inSetting('cors', (behaviour) => {
  behaviour('HR-13', async (target) => {
    // /items/7 has no route for OPTIONS of its own, /single not even one for any method.
    for (const path of ['/items/7', '/single', '/']) {
      const wanted = tag();
      const headers = [ALLOWED, ...PREFLIGHT];
      const answer = await exchange(target, path, { method: 'OPTIONS', headers, instruction: { tag: wanted } });
      expect(answer.status, path).to.equal(204);
      expect(answer.body).to.have.length(0);
      // Nobody tells whether it says here what is exposed; browsers do not look.
      const { 'access-control-expose-headers': _, ...told } = cors(answer);
      expect(told).to.deep.equal({
        'access-control-allow-origin': 'https://allowed.example',
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers': 'x-allowed',
        'access-control-max-age': '600',
      });
      expect(await isRecorded(target, (record) => record.tag === wanted, 200), 'was invoked').to.equal(false);
    }
  });

  behaviour('HR-13', async (target) => {
    const instruction = { answer: { statusCode: 200, headers: OWN, body: 'x' } };
    const allowed = await exchange(target, '/', { headers: [ALLOWED], instruction });
    expect(allowed.status).to.equal(200);
    expect(cors(allowed)).to.deep.equal({
      'access-control-allow-origin': 'https://allowed.example',
      'access-control-expose-headers': 'x-exposed',
    });

    const foreign = await exchange(target, '/', { headers: [FOREIGN], instruction });
    expect(String(foreign.body)).to.equal('x');
    expect(cors(foreign)).to.deep.equal({});
    const preflight = await exchange(target, '/', { method: 'OPTIONS', headers: [FOREIGN, ...PREFLIGHT] });
    expect(preflight.status).to.equal(204);
    expect(cors(preflight)).to.deep.equal({});
  });
});

inSetting('default', (behaviour) => {
  behaviour('HR-13', async (target) => {
    const plain = await exchange(target, '/', { headers: [ALLOWED] });
    expect(cors(plain)).to.deep.equal({});
    expect(plain.values('vary')).to.deep.equal([]);

    const instruction = { answer: { statusCode: 207, headers: OWN, body: 'x' } };
    const preflight = await exchange(target, '/', { method: 'OPTIONS', headers: [ALLOWED, ...PREFLIGHT], instruction });
    expect(preflight.status).to.equal(207);
    expect(cors(preflight)).to.deep.equal(OWN);
    expect((await preflight.event()).requestContext.http).to.include({ method: 'OPTIONS' });
  });
});
