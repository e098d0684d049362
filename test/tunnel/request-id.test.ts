import { expect } from 'chai';
import fc from 'fast-check';
import { hashes } from '../../src/adapters/system.ts';
import { createRequestIds, sessionOfConnection } from '../../src/tunnel/request-id.ts';
import { seededRandom } from '../support/seeded-random.ts';

const KEY = new Uint8Array(32).fill(1);
const ids = createRequestIds(KEY, hashes, seededRandom('ids'));

describe('a request id', () => {
  it('is a UUID of version 4, as version 1 agents expect', () => {
    fc.assert(
      fc.property(fc.string(), (session) => {
        expect(ids.issue(session)).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it('belongs to its session and to no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const id = ids.issue(one);
        expect(ids.belongs(id, one)).to.equal(true);
        expect(ids.belongs(id, other)).to.equal(one === other);
      }),
    );
  });

  it('belongs to nobody once a single digit is another', () => {
    const id = ids.issue('session');
    for (const [at, digit] of [...id].entries()) {
      if (digit === '-') continue;
      const other = digit === '0' ? '1' : '0';
      expect(ids.belongs(id.slice(0, at) + other + id.slice(at + 1), 'session'), `digit ${at}`).to.equal(false);
    }
  });

  it('belongs to its session for whoever has the same key, and for nobody else', () => {
    const id = ids.issue('session');
    const same = createRequestIds(KEY, hashes, seededRandom('elsewhere'));
    const other = createRequestIds(new Uint8Array(32).fill(2), hashes, seededRandom('ids'));
    expect(same.belongs(id, 'session')).to.equal(true);
    expect(other.belongs(id, 'session')).to.equal(false);
  });

  it('is another one each time', () => {
    expect(new Set(Array.from({ length: 100 }, () => ids.issue('session'))).size).to.equal(100);
  });

  it('is nothing else', () => {
    const id = ids.issue('session');
    for (const other of ['', 'x', id.toUpperCase(), ` ${id}`, `${id}\n`, id.replaceAll('-', ''), `{${id}}`]) {
      expect(ids.belongs(other, 'session'), JSON.stringify(other)).to.equal(other === id);
    }
  });
});

describe('sessionOfConnection', () => {
  it('is a name that no version 2 agent can give itself', () => {
    expect(sessionOfConnection('PJqB0fHsqRcCHlw=')).to.not.match(/^[A-Za-z0-9_-]{22}$/);
  });
});
