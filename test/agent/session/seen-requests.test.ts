import { expect } from 'chai';
import { createSeenRequests } from '../../../agent/session/seen-requests.ts';

describe('seen requests', () => {
  it('remembers an id, and forgets the oldest beyond its capacity', () => {
    const seen = createSeenRequests(2);
    expect(seen.has('a')).to.equal(false);
    for (const id of ['a', 'b', 'b', 'c']) seen.add(id);
    expect(['a', 'b', 'c'].map((id) => seen.has(id))).to.deep.equal([false, true, true]);
  });
});
