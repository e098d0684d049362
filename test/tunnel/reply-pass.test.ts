import { expect } from 'chai';
import { hashes, randomBytes } from '../../src/adapters/system.ts';
import { openConnection } from '../../src/tunnel/open-connection.ts';
import { checkReplyPass, isReplyPass, issueReplyPass } from '../../src/tunnel/reply-pass.ts';
import { createTestEdge } from '../support/test-edge.ts';

const KEY = new Uint8Array(32).fill(1);
const OTHER = new Uint8Array(32).fill(2);

describe('the pass of a waiting function', () => {
  let now = 1_761_400_000_000;
  const dependencies = { hashes, randomBytes, clock: { now: () => now } };

  it('is good for a minute, for who has the key', () => {
    const pass = issueReplyPass(KEY, dependencies);
    expect(isReplyPass(pass)).to.equal(true);
    expect(checkReplyPass(pass, KEY, dependencies)).to.equal(true);
    expect(checkReplyPass(pass, OTHER, dependencies)).to.equal(false);
    now += 60_000;
    expect(checkReplyPass(pass, KEY, dependencies)).to.equal(true);
    now += 1;
    expect(checkReplyPass(pass, KEY, dependencies)).to.equal(false);
  });

  it('is nothing that can be guessed or changed', () => {
    const pass = issueReplyPass(KEY, dependencies);
    const later = pass.replace(/\d{13}/, (ms) => String(Number(ms) + 1));
    for (const wrong of [later, `${pass}x`, pass.slice(0, -1), 'Reply ', 'Reply ..', 'Reply 1.a.b', '']) {
      expect(checkReplyPass(wrong, KEY, dependencies), wrong).to.equal(false);
    }
  });

  it('is no bearer token', () => {
    expect(isReplyPass('Bearer abc')).to.equal(false);
    expect(isReplyPass(undefined)).to.equal(false);
  });
});

describe('the handshake of a waiting function', () => {
  it('is accepted by its pass on a stage that admits nobody else, and kept in no table', async () => {
    const edge = createTestEdge({ auth: 'tokens' });
    const pass = issueReplyPass(await edge.dependencies.stackKey(), edge.dependencies);
    expect(await openConnection('R=', { authorization: pass }, edge.dependencies)).to.equal('accepted');
    expect(await edge.connections.read('R=')).to.equal(undefined);
  });

  it('is refused without a right one, also on an open stage, and where there is no key yet', async () => {
    const edge = createTestEdge({ auth: 'open' });
    const forged = issueReplyPass(OTHER, edge.dependencies);
    expect(await openConnection('R=', { authorization: forged }, edge.dependencies)).to.equal('refused');
    const pass = issueReplyPass(await edge.dependencies.stackKey(), edge.dependencies);
    const keyless = { ...edge.dependencies, stackKey: async () => undefined };
    expect(await openConnection('R=', { authorization: pass }, keyless)).to.equal('refused');
  });
});
