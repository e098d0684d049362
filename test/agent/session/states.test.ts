import { expect } from 'chai';
import fc from 'fast-check';
import {
  DRAIN_MS,
  type Effect,
  GIVE_UP_ATTEMPTS,
  type Outcome,
  PONG_MS,
  type SessionInput,
  type SessionState,
  STEADY_MS,
  type Step,
  step,
} from '../../../agent/session/states.ts';
import { ESTABLISHED } from '../support/scripted-edge.ts';

const START: SessionInput = { type: 'start', tunnelId: 'mine', connectTimeoutMs: 10_000 };
const OPENED: SessionInput = { type: 'opened' };
const ONLINE: SessionInput = { type: 'established', message: ESTABLISHED };
const ONLINE_V1: SessionInput = { type: 'established', message: { ...ESTABLISHED, hello: undefined } };
const LOST: SessionInput = { type: 'lost', why: 'cut', retry: 'worthwhile' };
const STOP: SessionInput = { type: 'stop' };
const DRAINED: SessionInput = { type: 'drained' };
const elapsed = (timer: Extract<SessionInput, { type: 'elapsed' }>['timer']): SessionInput => ({
  type: 'elapsed',
  timer,
});

/** Steps through inputs, a number letting so many milliseconds pass; gives the last step. */
function play(...script: (SessionInput | number)[]): Step {
  let last: Step = { state: { name: 'idle' }, effects: [] };
  let now = 0;
  for (const entry of script) {
    if (typeof entry === 'number') now += entry;
    else last = step(last.state, entry, { now, random: 0 });
  }
  return last;
}

function outcomeOf({ state }: Step): Outcome | undefined {
  return state.name === 'ended' ? state.outcome : undefined;
}

function types(effects: readonly Effect[]): string[] {
  return effects.map((effect) =>
    effect.type === 'arm' ? `arm ${effect.timer}` : effect.type === 'report' ? effect.event.event : effect.type,
  );
}

describe('session states', () => {
  describe('before the tunnel is online', () => {
    it('connects, greets with the wanted id, and is online with a ping at once', () => {
      expect(play(START).effects).to.deep.equal([
        { type: 'arm', timer: 'deadline', ms: 10_000 },
        { type: 'connect', epoch: 1 },
      ]);
      expect(play(START, OPENED).effects).to.deep.equal([
        { type: 'greet', epoch: 1, tunnelId: 'mine' },
        { type: 'arm', timer: 'greeting', ms: 10_000 },
      ]);
      expect(play(START, OPENED, ONLINE).effects).to.deep.equal([
        { type: 'online', message: ESTABLISHED },
        { type: 'ping' },
        { type: 'arm', timer: 'heartbeat', ms: 300_000 },
        { type: 'arm', timer: 'pong', ms: PONG_MS },
      ]);
    });

    it('tries again while the deadline allows it', () => {
      const waiting = play(START, LOST);
      expect(waiting.state.name).to.equal('waiting');
      expect(waiting.effects).to.deep.equal([
        { type: 'drop' },
        { type: 'report', event: { event: 'reconnecting', attempt: 1, inMs: 1_000, why: 'cut' } },
        { type: 'arm', timer: 'reconnect', ms: 1_000 },
      ]);
      expect(play(START, LOST, 1_000, elapsed('reconnect')).effects).to.deep.equal([{ type: 'connect', epoch: 2 }]);
    });

    it('ends as unreachable when the next attempt would come too late', () => {
      const last = play(START, 9_500, LOST);
      expect(outcomeOf(last)).to.deep.equal({ kind: 'unreachable', why: 'cut' });
      expect(types(last.effects)).to.deep.equal(['drop', 'end']);
    });

    it('ends as unreachable at the deadline, with the latest reason', () => {
      const silent = { kind: 'unreachable', why: 'the edge does not answer' };
      expect(outcomeOf(play(START, 10_000, elapsed('deadline')))).to.deep.equal(silent);
      expect(outcomeOf(play(START, OPENED, 10_000, elapsed('deadline')))).to.deep.equal(silent);
      expect(outcomeOf(play(START, LOST, elapsed('deadline')))).to.deep.equal({ kind: 'unreachable', why: 'cut' });
    });

    it('ends at once where another attempt is futile', () => {
      const futile: SessionInput = { type: 'lost', why: '404', retry: 'futile' };
      expect(outcomeOf(play(START, futile))).to.deep.equal({ kind: 'unreachable', why: '404' });
    });

    it('ends at once when the credentials are refused', () => {
      const forbidden: SessionInput = { type: 'lost', why: '401', retry: 'forbidden' };
      expect(outcomeOf(play(START, forbidden))).to.deep.equal({ kind: 'credentials-refused', why: '401' });
    });

    it('ends when the tunnel id is refused', () => {
      const refused: SessionInput = { type: 'refused', code: 'tunnel_id_taken', why: 'no' };
      expect(outcomeOf(play(START, OPENED, refused))).to.deep.equal({
        kind: 'tunnel-id-refused',
        code: 'tunnel_id_taken',
        why: 'no',
      });
    });

    it('replaces a connection on which the greeting stays unanswered or fails (WS-34)', () => {
      const patient: SessionInput = { ...START, connectTimeoutMs: 60_000 };
      expect(types(play(patient, OPENED, 10_000, elapsed('greeting')).effects)).to.deep.equal([
        'drop',
        'reconnecting',
        'arm reconnect',
      ]);
      const mishandled: SessionInput = { type: 'mishandled', why: 'Internal server error' };
      expect(play(START, OPENED, mishandled).state.name).to.equal('waiting');
    });

    it('ends without a word when stopped', () => {
      for (const script of [[START], [START, OPENED], [START, LOST]]) {
        expect(types(play(...script, STOP).effects)).to.deep.equal(['drop', 'end']);
      }
    });
  });

  describe('online', () => {
    const TO_ONLINE = [START, OPENED, ONLINE] as const;
    const PONG: SessionInput = { type: 'pong' };

    it('pings at the rhythm the edge asks for', () => {
      const short: SessionInput = {
        type: 'established',
        message: { ...ESTABLISHED, hello: { protocol: 2, renewAfterSeconds: 9, heartbeatSeconds: 4 } },
      };
      expect(play(START, OPENED, short).effects).to.deep.include({ type: 'arm', timer: 'heartbeat', ms: 4_000 });
      expect(types(play(START, OPENED, short, PONG, 4_000, elapsed('heartbeat')).effects)).to.deep.equal([
        'ping',
        'arm heartbeat',
        'arm pong',
      ]);
    });

    it('replaces a connection whose pong does not come, however short the heartbeats', () => {
      const beforePong = play(...TO_ONLINE, elapsed('heartbeat'));
      expect(types(beforePong.effects)).to.deep.equal(['ping', 'arm heartbeat']);
      expect(types(play(...TO_ONLINE, elapsed('pong')).effects)).to.deep.equal([
        'offline',
        'drop',
        'reconnecting',
        'arm reconnect',
      ]);
      expect(play(...TO_ONLINE, PONG, elapsed('pong')).state.name).to.equal('online');
    });

    it('expects no pong from a version 1 edge', () => {
      expect(types(play(START, OPENED, ONLINE_V1).effects)).to.deep.equal(['online', 'ping', 'arm heartbeat']);
      expect(play(START, OPENED, ONLINE_V1, elapsed('pong')).state.name).to.equal('online');
    });

    it('asks for the id it got when it reconnects, in a later epoch', () => {
      const again = play(START, OPENED, ONLINE, LOST, elapsed('reconnect'), OPENED);
      expect(again.effects[0]).to.deep.equal({ type: 'greet', epoch: 2, tunnelId: ESTABLISHED.tunnelId });
    });

    it('takes nothing for futile that may come back with the next deployment', () => {
      const futile: SessionInput = { type: 'lost', why: '404', retry: 'futile' };
      expect(play(...TO_ONLINE, LOST, elapsed('reconnect'), futile).state.name).to.equal('waiting');
    });

    it('is ended by refused credentials also later', () => {
      const forbidden: SessionInput = { type: 'lost', why: '403', retry: 'forbidden' };
      expect(outcomeOf(play(...TO_ONLINE, LOST, elapsed('reconnect'), forbidden))?.kind).to.equal(
        'credentials-refused',
      );
    });

    it('counts attempts on when a connection was short, and afresh when it was good', () => {
      const flapping = play(...TO_ONLINE, LOST, elapsed('reconnect'), OPENED, ONLINE, LOST);
      expect(flapping.effects).to.deep.include({
        type: 'report',
        event: { event: 'reconnecting', attempt: 2, inMs: 2_000, why: 'cut' },
      });
      const steady = play(...TO_ONLINE, LOST, elapsed('reconnect'), OPENED, ONLINE, STEADY_MS, LOST);
      expect(steady.effects).to.deep.include({
        type: 'report',
        event: { event: 'reconnecting', attempt: 1, inMs: 1_000, why: 'cut' },
      });
    });

    it('gives up after so many attempts in a row', () => {
      const failures = Array.from({ length: GIVE_UP_ATTEMPTS }, () => [LOST, elapsed('reconnect')]).flat();
      expect(play(...TO_ONLINE, ...failures).state.name).to.equal('connecting');
      expect(outcomeOf(play(...TO_ONLINE, ...failures, LOST))).to.deep.equal({ kind: 'lost', why: 'cut' });
    });

    it('ignores a late deadline and a greeting said twice', () => {
      expect(play(...TO_ONLINE, elapsed('deadline')).state.name).to.equal('online');
      expect(play(...TO_ONLINE, elapsed('greeting')).state.name).to.equal('online');
      expect(play(...TO_ONLINE, ONLINE).effects).to.deep.equal([]);
    });

    it('drains, closes and ends when stopped', () => {
      expect(play(...TO_ONLINE, STOP).effects).to.deep.equal([
        { type: 'drain' },
        { type: 'arm', timer: 'drain', ms: DRAIN_MS },
      ]);
      expect(types(play(...TO_ONLINE, STOP, DRAINED).effects)).to.deep.equal(['close']);
      expect(types(play(...TO_ONLINE, STOP, elapsed('drain')).effects)).to.deep.equal(['close']);
      const last = play(...TO_ONLINE, STOP, DRAINED, LOST);
      expect(outcomeOf(last)).to.deep.equal({ kind: 'stopped' });
      expect(types(last.effects)).to.deep.equal(['offline', 'drop', 'end']);
    });

    it('ends at once when stopped a second time or cut while draining', () => {
      expect(outcomeOf(play(...TO_ONLINE, STOP, STOP))).to.deep.equal({ kind: 'stopped' });
      expect(outcomeOf(play(...TO_ONLINE, STOP, LOST))).to.deep.equal({ kind: 'stopped' });
    });
  });

  it('keeps its promises in any order of events', () => {
    const input: fc.Arbitrary<SessionInput> = fc.constantFrom<SessionInput>(
      START,
      OPENED,
      ONLINE,
      ONLINE_V1,
      LOST,
      { type: 'lost', why: '', retry: 'futile' },
      { type: 'lost', why: '', retry: 'forbidden' },
      { type: 'refused', code: 'tunnel_id_taken', why: '' },
      { type: 'mishandled', why: '' },
      { type: 'pong' },
      STOP,
      DRAINED,
      ...(['deadline', 'greeting', 'heartbeat', 'pong', 'reconnect', 'drain'] as const).map(elapsed),
    );
    const script = fc.array(
      fc.record({ input, passes: fc.nat(20_000), random: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(script, (entries) => {
        let state: SessionState = { name: 'idle' };
        let now = 0;
        let epoch = 0;
        let online = false;
        let ends = 0;
        for (const entry of entries) {
          now += entry.passes;
          const next: Step = step(state, entry.input, { now, random: entry.random });
          if (state.name === 'ended') expect(next).to.deep.equal({ state, effects: [] });
          state = next.state;
          for (const effect of next.effects) {
            if (effect.type === 'connect') {
              expect(effect.epoch).to.equal(epoch + 1);
              epoch += 1;
            } else if (effect.type === 'online') {
              expect(online).to.equal(false);
              online = true;
            } else if (effect.type === 'report' && effect.event.event === 'offline') {
              expect(online).to.equal(true);
              online = false;
            } else if (effect.type === 'end') {
              ends += 1;
              expect(online).to.equal(false);
            }
          }
        }
        expect(ends).to.equal(state.name === 'ended' ? 1 : 0);
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });
});
