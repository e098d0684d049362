import { expect } from 'chai';
import type { Claim } from '../../src/tunnel/claim.ts';
import {
  claim,
  goAway,
  HOLD_SECONDS,
  leave,
  presentSessions,
  RETURN_SECONDS,
  returningSessions,
} from '../../src/tunnel/claim.ts';
import type { Tunnel, TunnelSession } from '../../src/tunnel/ports.ts';

const NOW = 1_761_400_000;

function session(connectionId: string, more: Partial<TunnelSession> = {}): TunnelSession {
  return { connectionId, epoch: 1, protocol: 2, until: NOW + 7_200, since: NOW, ...more };
}

function tunnel(sessions: Record<string, TunnelSession>, more: Partial<Tunnel> = {}): Tunnel {
  return {
    tunnelId: 'blue-harbour',
    owner: 'ada',
    sessions,
    balance: 'spread',
    version: 4,
    expiresAt: NOW + HOLD_SECONDS,
    ...more,
  };
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
    balance: 'spread',
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
      balance: 'spread',
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

describe('goAway', () => {
  it('keeps the place of a session whose connection has gone, for its next', () => {
    const current = tunnel({ laptop: session('old', { since: NOW - 500 }), desk: session('desk') });
    const away = goAway(current, 'old', NOW);
    expect(away?.sessions.laptop).to.deep.equal(session('old', { since: NOW - 500, awaySince: NOW }));
    expect(away?.version).to.equal(5);
    const back = claimed(away, { session: session('new', { epoch: 2 }), now: NOW + 1 });
    expect(back.sessions.laptop).to.deep.equal(session('new', { epoch: 2, since: NOW - 500 }));
  });

  it('has nothing to note of a connection that was replaced, or of what is known', () => {
    expect(goAway(tunnel({ laptop: session('new') }), 'old', NOW)).to.equal(undefined);
    expect(goAway(tunnel({ laptop: session('old', { awaySince: NOW - 1 }) }), 'old', NOW)).to.equal(undefined);
  });

  it('ends a version 1 session with its connection', () => {
    const current = tunnel({ 'connection:old': session('old', { protocol: 1 }) });
    expect(goAway(current, 'old', NOW)?.sessions).to.deep.equal({});
  });

  it('holds the id from then on, as if nobody were there', () => {
    expect(goAway(tunnel({ laptop: session('old') }), 'old', NOW)?.expiresAt).to.equal(NOW + HOLD_SECONDS);
  });

  it('is forgotten once the session is expected no more', () => {
    const current = tunnel({ desk: session('old', { awaySince: NOW - RETURN_SECONDS }) });
    expect(claimed(current).sessions).to.have.all.keys('laptop');
  });
});

describe('presentSessions and returningSessions', () => {
  const current = tunnel({
    living: session('a', { until: NOW + 1 }),
    dead: session('b', { until: NOW }),
    away: session('c', { awaySince: NOW - RETURN_SECONDS + 1 }),
    lost: session('d', { awaySince: NOW - RETURN_SECONDS }),
  });

  it('are those whose connection can be alive (WS-47)', () => {
    expect(presentSessions(current, NOW)).to.have.all.keys('living');
  });

  it('are those that are between two connections', () => {
    expect(returningSessions(current, NOW)).to.have.all.keys('away');
  });
});
