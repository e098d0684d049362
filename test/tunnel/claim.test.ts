import { expect } from 'chai';
import type { Claim } from '../../src/tunnel/claim.ts';
import { claim, HOLD_SECONDS, leave, livingSessions } from '../../src/tunnel/claim.ts';
import type { Tunnel, TunnelSession } from '../../src/tunnel/ports.ts';

const NOW = 1_761_400_000;

function session(connectionId: string, more: Partial<TunnelSession> = {}): TunnelSession {
  return { connectionId, epoch: 1, protocol: 2, until: NOW + 7_200, ...more };
}

function tunnel(sessions: Record<string, TunnelSession>, more: Partial<Tunnel> = {}): Tunnel {
  return { tunnelId: 'blue-harbour', owner: 'ada', sessions, version: 4, expiresAt: NOW + HOLD_SECONDS, ...more };
}

function claimed(current: Tunnel | undefined, more: Partial<Claim> = {}): Tunnel {
  const result = claimOf(current, more);
  if (result.kind !== 'claimed') throw new Error(`expected to be claimed, was ${result.kind}`);
  return result.tunnel;
}

function claimOf(current: Tunnel | undefined, more: Partial<Claim> = {}) {
  return claim(current, {
    tunnelId: 'blue-harbour',
    owner: 'ada',
    sessionId: 'laptop',
    session: session('new'),
    now: NOW,
    ...more,
  });
}

describe('claim', () => {
  it('gives a free id', () => {
    expect(claimed(undefined)).to.deep.equal({
      tunnelId: 'blue-harbour',
      owner: 'ada',
      sessions: { laptop: session('new') },
      version: 1,
      expiresAt: NOW + 7_200 + HOLD_SECONDS,
    });
  });

  it("refuses somebody else's, also when no agent of theirs is there", () => {
    expect(claimOf(tunnel({ desk: session('old') }), { owner: 'eve' })).to.deep.equal({ kind: 'taken' });
    expect(claimOf(tunnel({}), { owner: 'eve' })).to.deep.equal({ kind: 'taken' });
  });

  it("gives somebody else's once it has expired, and nothing of theirs with it", () => {
    const expired = tunnel({ desk: session('old') }, { expiresAt: NOW });
    expect(claimed(expired, { owner: 'eve' })).to.include({ owner: 'eve', version: 5 });
    expect(claimed(expired, { owner: 'eve' }).sessions).to.have.all.keys('laptop');
  });

  it("replaces the session's older connection, half-open or not, and no other session's", () => {
    const current = tunnel({ laptop: session('old'), desk: session('desk') });
    const { sessions, version } = claimed(current, { session: session('new', { epoch: 2 }) });
    expect(sessions).to.deep.equal({ laptop: session('new', { epoch: 2 }), desk: session('desk') });
    expect(version).to.equal(5);
  });

  it('does not let an older connection replace a newer one', () => {
    const current = tunnel({ laptop: session('newer', { epoch: 3 }) });
    expect(claimOf(current, { session: session('older', { epoch: 2 }) })).to.deep.equal({ kind: 'stale' });
  });

  it('gives a connection its place again, where its ready was heard twice', () => {
    expect(claimed(tunnel({ laptop: session('new') })).sessions).to.deep.equal({ laptop: session('new') });
  });

  it('forgets a newer connection that cannot live any more (WS-47)', () => {
    const current = tunnel({ laptop: session('newer', { epoch: 3, until: NOW }) });
    expect(claimed(current, { session: session('after', { epoch: 1 }) }).sessions.laptop?.connectionId).to.equal(
      'after',
    );
  });

  it('drops the sessions whose connections cannot live any more (WS-47)', () => {
    expect(claimed(tunnel({ desk: session('dead', { until: NOW }) })).sessions).to.have.all.keys('laptop');
  });

  it('holds the id as long as any session can live, and a day', () => {
    const current = tunnel({ desk: session('desk', { until: NOW + 9_000 }) });
    expect(claimed(current).expiresAt).to.equal(NOW + 9_000 + HOLD_SECONDS);
  });

  it('keeps fifty sessions, the longest-lived, so that the item stays small', () => {
    const fifty = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`agent-${at}`, session(`c${at}`, { until: NOW + 100 + at })]),
    );
    const { sessions } = claimed(tunnel(fifty), { session: session('new', { until: NOW + 1 }) });
    expect(Object.keys(sessions)).to.have.lengthOf(50);
    expect(sessions).to.have.property('laptop');
    expect(sessions).to.not.have.property('agent-0');
  });
});

describe('leave', () => {
  it('takes the connection out, and holds the id for a day', () => {
    expect(leave(tunnel({ laptop: session('old') }), 'old', NOW)).to.deep.equal(
      tunnel({}, { version: 5, expiresAt: NOW + HOLD_SECONDS }),
    );
  });

  it('leaves the others, and the id as long as they can live', () => {
    const left = leave(tunnel({ laptop: session('old'), desk: session('desk') }), 'old', NOW);
    expect(left?.sessions).to.deep.equal({ desk: session('desk') });
    expect(left?.expiresAt).to.equal(NOW + 7_200 + HOLD_SECONDS);
  });

  it('changes nothing where a newer connection of the session is there already', () => {
    expect(leave(tunnel({ laptop: session('new') }), 'old', NOW)).to.equal(undefined);
  });
});

describe('livingSessions', () => {
  it('are those whose two hours are not over', () => {
    const current = tunnel({ over: session('a', { until: NOW }), living: session('b', { until: NOW + 1 }) });
    expect(livingSessions(current, NOW)).to.have.all.keys('living');
  });
});
