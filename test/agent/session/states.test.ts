import { expect } from 'chai';
import fc from 'fast-check';
import {
  DRAIN_MS,
  type Effect,
  GIVE_UP_ATTEMPTS,
  LEAVE_MS,
  type Outcome,
  PONG_MS,
  PROBE_MS,
  type SessionInput,
  type SessionState,
  STEADY_MS,
  STRAGGLER_MS,
  type Step,
  step,
} from '../../../agent/session/states.ts';
import { ESTABLISHED } from '../support/scripted-edge.ts';

const V1 = { ...ESTABLISHED, hello: undefined };
const START: SessionInput = { type: 'start', tunnelId: 'mine', connectTimeoutMs: 10_000 };
const opened = (epoch: number): SessionInput => ({ type: 'opened', epoch });
const established = (epoch: number): SessionInput => ({ type: 'established', epoch, message: ESTABLISHED });
const heard = (epoch: number, ping = false): SessionInput => ({ type: 'heard', epoch, ping });
type Loss = Extract<SessionInput, { type: 'lost' }>;
const lost = (epoch: number, retry: Loss['retry'] = 'worthwhile', why = 'cut'): Loss => ({
  type: 'lost',
  epoch,
  why,
  retry,
});
const refused = (epoch: number): SessionInput => ({ type: 'refused', epoch, code: 'tunnel_id_taken', why: 'no' });
const OPENED = opened(1);
const ONLINE = established(1);
const ONLINE_V1: SessionInput = { type: 'established', epoch: 1, message: V1 };
const LOST = lost(1);
const STOP: SessionInput = { type: 'stop' };
const LEFT: SessionInput = { type: 'left' };
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

interface Life {
  /** Signs of life, each with its milliseconds after the one before. */
  readonly came: readonly { readonly gap: number; readonly ping: boolean }[];
  /** How late the machine's timers are. */
  readonly lateMs: number;
  /** After so long the other side answers; without it, never. */
  readonly answerMs?: number;
  readonly untilMs: number;
}

/** Lives through a connection that is online from 0 on: when it was given up, and by what it was asked for signs of life. */
function live({ came, lateMs, answerMs, untilMs }: Life) {
  let { state } = play(START, OPENED, ONLINE);
  const timers = new Map<'probe' | 'pong', number>([['probe', PROBE_MS + lateMs]]);
  const signs: { readonly at: number; readonly ping: boolean }[] = [];
  for (const { gap, ping } of came) signs.push({ at: (signs.at(-1)?.at ?? 0) + gap, ping });
  const asked: string[] = [];
  const take = (input: SessionInput, now: number) => {
    const next = step(state, input, { now, random: 0 });
    state = next.state;
    for (const effect of next.effects) {
      if (effect.type === 'arm' && (effect.timer === 'probe' || effect.timer === 'pong')) {
        timers.set(effect.timer, now + effect.ms + lateMs);
      } else if (effect.type === 'probe' || effect.type === 'ping') {
        asked.push(effect.type);
        if (answerMs !== undefined) signs.push({ at: now + answerMs, ping: effect.type === 'probe' });
      }
    }
  };
  for (;;) {
    const [timer, due] = [...timers].sort(([, one], [, other]) => one - other)[0] ?? (['probe', untilMs] as const);
    const sign = signs[0];
    const now = Math.min(due, sign?.at ?? untilMs);
    if (now >= untilMs) return { diedAt: undefined, asked };
    if (sign && sign.at === now) {
      signs.shift();
      take(heard(1, sign.ping), now);
    } else {
      timers.delete(timer);
      take(elapsed(timer), now);
      if (state.name !== 'online') return { diedAt: now, asked };
    }
  }
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
        { type: 'online', epoch: 1, message: ESTABLISHED, renewed: false },
        { type: 'ping', epoch: 1 },
        { type: 'probe', epoch: 1 },
        { type: 'arm', timer: 'heartbeat', ms: 300_000 },
        { type: 'arm', timer: 'probe', ms: PROBE_MS },
        { type: 'arm', timer: 'renew', ms: 6_336_000 },
      ]);
    });

    it('tries again while the deadline allows it', () => {
      const waiting = play(START, LOST);
      expect(waiting.state.name).to.equal('waiting');
      expect(waiting.effects).to.deep.equal([
        { type: 'drop', epoch: 1 },
        { type: 'report', event: { event: 'reconnecting', attempt: 1, inMs: 0, why: 'cut' } },
        { type: 'arm', timer: 'reconnect', ms: 0 },
      ]);
      expect(play(START, LOST, 1_000, elapsed('reconnect')).effects).to.deep.equal([{ type: 'connect', epoch: 2 }]);
    });

    it('ends as unreachable when the next attempt would come too late', () => {
      const last = play(START, LOST, 9_900, elapsed('reconnect'), lost(2));
      expect(outcomeOf(last)).to.deep.equal({ kind: 'unreachable', why: 'cut' });
      expect(types(last.effects)).to.deep.equal(['end']);
    });

    it('ends as unreachable at the deadline, with the latest reason', () => {
      const silent = { kind: 'unreachable', why: 'the edge does not answer' };
      expect(outcomeOf(play(START, 10_000, elapsed('deadline')))).to.deep.equal(silent);
      expect(outcomeOf(play(START, OPENED, 10_000, elapsed('deadline')))).to.deep.equal(silent);
      expect(outcomeOf(play(START, LOST, elapsed('deadline')))).to.deep.equal({ kind: 'unreachable', why: 'cut' });
    });

    it('ends at once where another attempt is futile', () => {
      expect(outcomeOf(play(START, lost(1, 'futile', '404')))).to.deep.equal({ kind: 'unreachable', why: '404' });
    });

    it('ends at once when the credentials are refused', () => {
      expect(outcomeOf(play(START, lost(1, 'forbidden', '401')))).to.deep.equal({
        kind: 'credentials-refused',
        why: '401',
      });
    });

    it('ends when the tunnel id is refused', () => {
      expect(outcomeOf(play(START, OPENED, refused(1)))).to.deep.equal({
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
      const mishandled: SessionInput = { type: 'mishandled', epoch: 1, why: 'Internal server error' };
      expect(play(START, OPENED, mishandled).state.name).to.equal('waiting');
    });

    it('ends without a word when stopped', () => {
      for (const script of [[START], [START, OPENED], [START, LOST]]) {
        expect(types(play(...script, STOP).effects)).to.deep.equal(['end']);
      }
    });
  });

  describe('online', () => {
    const TO_ONLINE = [START, OPENED, ONLINE] as const;

    it('pings at the rhythm the edge asks for', () => {
      const hello = { protocol: 2, renewAfterSeconds: 9, heartbeatSeconds: 4 } as const;
      const short: SessionInput = { type: 'established', epoch: 1, message: { ...ESTABLISHED, hello } };
      expect(play(START, OPENED, short).effects).to.deep.include({ type: 'arm', timer: 'heartbeat', ms: 4_000 });
      expect(types(play(START, OPENED, short, 4_000, elapsed('heartbeat')).effects)).to.deep.equal([
        'ping',
        'arm heartbeat',
      ]);
    });

    it('asks for a sign of life where none came by itself, by what the gateway answers', () => {
      const quiet = [PROBE_MS, elapsed('probe'), PROBE_MS, elapsed('probe')];
      expect(types(play(...TO_ONLINE, PROBE_MS, elapsed('probe')).effects)).to.deep.equal(['arm probe']);
      expect(types(play(...TO_ONLINE, ...quiet).effects)).to.deep.equal(['ping', 'arm pong', 'arm probe']);
      expect(types(play(...TO_ONLINE, heard(1, true), ...quiet).effects)).to.deep.equal([
        'probe',
        'arm pong',
        'arm probe',
      ]);
      expect(types(play(...TO_ONLINE, PROBE_MS, elapsed('probe'), heard(1), elapsed('probe')).effects)).to.deep.equal([
        'arm probe',
      ]);
    });

    it('replaces a connection that gives none', () => {
      const asked = [...TO_ONLINE, PROBE_MS, elapsed('probe'), PROBE_MS, elapsed('probe')];
      expect(types(play(...asked, PONG_MS, elapsed('pong')).effects)).to.deep.equal([
        'offline',
        'drop',
        'reconnecting',
        'arm reconnect',
      ]);
      expect(play(...asked, heard(1), elapsed('pong')).state.name).to.equal('online');
      expect(play(...asked, heard(7), elapsed('pong')).state.name).to.equal('waiting');
    });

    it('asks at once when the machine has slept', () => {
      const woken = play(...TO_ONLINE, heard(1), 3_600_000, elapsed('probe'));
      expect(types(woken.effects)).to.deep.equal(['ping', 'arm pong', 'arm probe']);
      const late = play(...TO_ONLINE, heard(1), PROBE_MS + 5_000, elapsed('probe'));
      expect(types(late.effects), 'a busy machine').to.deep.equal(['arm probe']);
    });

    it('looks for signs of life anew on each connection', () => {
      const asked = [...TO_ONLINE, PROBE_MS, elapsed('probe'), PROBE_MS, elapsed('probe')];
      const again = [...asked, LOST, elapsed('reconnect'), opened(2), established(2)];
      expect(play(...again, PONG_MS, elapsed('pong')).state).to.deep.include({ name: 'online', epoch: 2 });
      expect(play(...again, heard(1, true)).state).to.deep.include({ answersPings: false });
    });

    it('never takes a version 1 edge for dead whose gateway answers no pings: it has nothing to answer with', () => {
      const round = [PROBE_MS, elapsed('probe')];
      const quiet = [...round, ...round, ...round];
      expect(types(play(START, OPENED, ONLINE_V1).effects), 'asked once whether it answers').to.include('probe');
      expect(types(play(START, OPENED, ONLINE_V1, ...quiet).effects)).to.deep.equal(['arm probe']);
      const woken = play(START, OPENED, ONLINE_V1, 3_600_000, elapsed('probe'));
      expect(types(woken.effects), 'after a sleep').to.deep.equal(['arm probe']);
      const patient = play(START, OPENED, ONLINE_V1, ...quiet, elapsed('pong'));
      expect(patient.state.name).to.equal('online');
      const answering = [START, OPENED, ONLINE_V1, heard(1, true), ...round, ...round] as const;
      expect(types(play(...answering).effects)).to.deep.equal(['probe', 'arm pong', 'arm probe']);
      expect(play(...answering, PONG_MS, elapsed('pong')).state.name).to.equal('waiting');
    });

    it('notices within 35 s that nothing comes any more, whenever that begins', () => {
      // Further apart than these are signs only where nobody answers.
      const sign = fc.record({ gap: fc.nat(20_000), ping: fc.boolean() });
      const signs = fc.array(sign, { maxLength: 9 });
      fc.assert(
        fc.property(signs, fc.boolean(), fc.nat(200), (later, answeredOnce, lateMs) => {
          const came = [{ gap: 0, ping: answeredOnce }, ...later];
          const lastAt = came.reduce((at, { gap }) => at + gap, 0);
          const { diedAt } = live({ came, lateMs, untilMs: lastAt + 100_000 });
          expect(diedAt).to.be.within(lastAt + PONG_MS, lastAt + 35_000);
        }),
        { seed: 7, numRuns: 500 },
      );
    });

    it('never gives up a connection that answers, however idle, and asks it every 22 s', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: PONG_MS - 201 }),
          fc.nat(200),
          fc.boolean(),
          (answerMs, lateMs, control) => {
            const came = [{ gap: 0, ping: control }];
            const { diedAt, asked } = live({ came, lateMs, answerMs, untilMs: 600_000 });
            expect(diedAt).to.equal(undefined);
            expect(new Set(asked)).to.deep.equal(new Set([control ? 'probe' : 'ping']));
            expect(asked.length).to.be.within(25, 28);
          },
        ),
        { seed: 7, numRuns: 50 },
      );
    });

    it('asks for the id it got when it reconnects, in a later epoch', () => {
      const again = play(START, OPENED, ONLINE, LOST, elapsed('reconnect'), opened(2));
      expect(again.effects[0]).to.deep.equal({ type: 'greet', epoch: 2, tunnelId: ESTABLISHED.tunnelId });
    });

    it('takes nothing for futile that may come back with the next deployment', () => {
      expect(play(...TO_ONLINE, LOST, elapsed('reconnect'), lost(2, 'futile')).state.name).to.equal('waiting');
    });

    it('is ended by refused credentials also later', () => {
      const forbidden = lost(2, 'forbidden', '403');
      expect(outcomeOf(play(...TO_ONLINE, LOST, elapsed('reconnect'), forbidden))?.kind).to.equal(
        'credentials-refused',
      );
    });

    it('counts attempts on when a connection was short, and afresh when it was good', () => {
      const again = [...TO_ONLINE, LOST, elapsed('reconnect'), opened(2), established(2)];
      expect(play(...again, lost(2)).effects).to.deep.include({
        type: 'report',
        event: { event: 'reconnecting', attempt: 2, inMs: 175, why: 'cut' },
      });
      expect(play(...again, STEADY_MS, lost(2)).effects).to.deep.include({
        type: 'report',
        event: { event: 'reconnecting', attempt: 1, inMs: 0, why: 'cut' },
      });
    });

    it('tries later where the gateway has too much to do (429)', () => {
      const last = play(...TO_ONLINE, LOST, elapsed('reconnect'), lost(2, 'later'));
      expect(last.effects).to.deep.include({ type: 'arm', timer: 'reconnect', ms: 500 });
      const first = play(...TO_ONLINE, LOST, elapsed('reconnect'), lost(2, 'later'), elapsed('reconnect'));
      const second = step(first.state, lost(3, 'later'), { now: 0, random: 0 });
      expect(second.effects, 'and later still').to.deep.include({ type: 'arm', timer: 'reconnect', ms: 1_000 });
    });

    it('gives up after so many attempts in a row', () => {
      const attempts = Array.from({ length: GIVE_UP_ATTEMPTS }, (_, at) => at + 1);
      const failures = attempts.flatMap((epoch) => [lost(epoch), elapsed('reconnect')]);
      expect(play(...TO_ONLINE, ...failures).state.name).to.equal('connecting');
      expect(outcomeOf(play(...TO_ONLINE, ...failures, lost(GIVE_UP_ATTEMPTS + 1)))).to.deep.equal({
        kind: 'lost',
        why: 'cut',
      });
    });

    it('ignores a late deadline and a greeting said twice', () => {
      expect(play(...TO_ONLINE, elapsed('deadline')).state.name).to.equal('online');
      expect(play(...TO_ONLINE, elapsed('greeting')).state.name).to.equal('online');
      expect(play(...TO_ONLINE, ONLINE).effects).to.deep.equal([]);
    });

    it('leaves, drains, closes and ends when stopped', () => {
      expect(play(...TO_ONLINE, STOP).effects).to.deep.equal([
        { type: 'leave', epoch: 1 },
        { type: 'arm', timer: 'leave', ms: LEAVE_MS },
      ]);
      expect(play(...TO_ONLINE, STOP, LEFT).effects).to.deep.equal([
        { type: 'arm', timer: 'straggler', ms: STRAGGLER_MS },
      ]);
      const draining = [{ type: 'drain' }, { type: 'arm', timer: 'drain', ms: DRAIN_MS }];
      expect(play(...TO_ONLINE, STOP, LEFT, elapsed('straggler')).effects).to.deep.equal(draining);
      expect(play(...TO_ONLINE, STOP, elapsed('leave')).effects, 'no answer').to.deep.equal(draining);
      const toDrain = [...TO_ONLINE, STOP, LEFT, elapsed('straggler')];
      expect(play(...toDrain, DRAINED).effects).to.deep.equal([{ type: 'close', epoch: 1 }]);
      expect(types(play(...toDrain, elapsed('drain')).effects)).to.deep.equal(['close']);
      const last = play(...toDrain, DRAINED, LOST);
      expect(outcomeOf(last)).to.deep.equal({ kind: 'stopped' });
      expect(types(last.effects)).to.deep.equal(['offline', 'end']);
    });

    it('minds nothing but its end once it is leaving', () => {
      const leaving = play(...TO_ONLINE, STOP).state;
      const draining = play(...TO_ONLINE, STOP, elapsed('leave')).state;
      const closing = play(...TO_ONLINE, STOP, elapsed('leave'), DRAINED).state;
      for (const state of [leaving, draining, closing]) {
        for (const timer of ['heartbeat', 'probe', 'pong', 'renew', 'reconnect', 'greeting', 'deadline'] as const) {
          expect(step(state, elapsed(timer), { now: 1, random: 0 })).to.deep.equal({ state, effects: [] });
        }
        for (const input of [opened(2), established(2), refused(1), lost(2), heard(1)]) {
          expect(step(state, input, { now: 1, random: 0 })).to.deep.equal({ state, effects: [] });
        }
      }
      for (const state of [draining, closing]) {
        for (const input of [LEFT, elapsed('leave'), elapsed('straggler')]) {
          expect(step(state, input, { now: 1, random: 0 })).to.deep.equal({ state, effects: [] });
        }
      }
      expect(step(closing, elapsed('drain'), { now: 1, random: 0 }).effects, 'closes once').to.deep.equal([]);
    });

    it('does not take leave of a version 1 edge', () => {
      expect(types(play(START, OPENED, ONLINE_V1, STOP).effects)).to.deep.equal(['drain', 'arm drain']);
    });

    it('ends at once when stopped a second time or cut while it leaves', () => {
      expect(outcomeOf(play(...TO_ONLINE, STOP, STOP))).to.deep.equal({ kind: 'stopped' });
      expect(outcomeOf(play(...TO_ONLINE, STOP, LOST))).to.deep.equal({ kind: 'stopped' });
    });
  });

  describe('renewing its connection', () => {
    const TO_RENEWAL = [START, OPENED, ONLINE, elapsed('renew')] as const;

    it('opens the next beside the present one, and then lets the present one go', () => {
      expect(play(...TO_RENEWAL).effects).to.deep.equal([{ type: 'connect', epoch: 2 }]);
      expect(play(...TO_RENEWAL, opened(2)).effects[0]).to.deep.equal({
        type: 'greet',
        epoch: 2,
        tunnelId: ESTABLISHED.tunnelId,
      });
      const renewed = play(...TO_RENEWAL, opened(2), established(2));
      expect(renewed.state).to.deep.include({ name: 'online', epoch: 2 });
      expect(renewed.effects).to.deep.include({ type: 'online', epoch: 2, message: ESTABLISHED, renewed: true });
      expect(renewed.effects).to.deep.include({ type: 'retire', epoch: 1, ms: 35_000 });
      expect(types(renewed.effects)).to.include('arm renew').and.not.include('offline');
    });

    it('hears nothing of the old one any more', () => {
      const renewed = [...TO_RENEWAL, opened(2), established(2)];
      expect(play(...renewed, LOST).effects).to.deep.equal([]);
      expect(play(...renewed, refused(1)).state.name).to.equal('online');
    });

    it('comes between 96 and 100 % of the time that the edge names', () => {
      for (const [random, ms] of [
        [0, 6_336_000],
        [0.5, 6_468_000],
        [1, 6_600_000],
      ] as const) {
        const { state } = play(START, OPENED);
        expect(step(state, ONLINE, { now: 0, random }).effects).to.deep.include({ type: 'arm', timer: 'renew', ms });
      }
    });

    for (const [how, inputs, ms] of [
      ['could not be opened', [lost(2)], 10_000],
      ['is refused', [opened(2), refused(2)], 10_000],
      ['is lost after it was greeted', [opened(2), lost(2)], 300],
      ['has to wait (429)', [lost(2, 'later')], 10_000],
      ['is refused the credentials', [lost(2, 'forbidden')], 10_000],
      ['gets no answer', [opened(2), elapsed('greeting')], 300],
      ['fails to be greeted', [opened(2), { type: 'mishandled', epoch: 2, why: 'x' } as const], 300],
    ] as const) {
      it(`stays with the present one where the next ${how}, and tries again with another number`, () => {
        const failed = play(...TO_RENEWAL, ...inputs);
        expect(failed.state).to.deep.include({ name: 'online', epoch: 1 });
        expect(failed.effects).to.deep.include({ type: 'drop', epoch: 2 });
        expect(failed.effects).to.deep.include({ type: 'arm', timer: 'renew', ms });
        expect(play(...TO_RENEWAL, ...inputs, elapsed('renew')).effects).to.deep.equal([{ type: 'connect', epoch: 3 }]);
      });
    }

    it('tries less often where the next fails again and again, and afresh with another connection', () => {
      const script: SessionInput[] = [...TO_RENEWAL];
      const pauses: number[] = [];
      for (let epoch = 2; epoch <= 9; epoch += 1) {
        const { effects } = play(...script, opened(epoch), lost(epoch));
        pauses.push(...effects.flatMap((effect) => (effect.type === 'arm' ? [effect.ms] : [])));
        script.push(opened(epoch), lost(epoch), elapsed('renew'));
      }
      expect(pauses).to.deep.equal([300, 600, 1_200, 2_400, 4_800, 9_600, 10_000, 10_000]);
      const renewed = [...script, opened(10), established(10), elapsed('renew')];
      expect(play(...renewed, opened(11), lost(11)).effects).to.deep.include({ type: 'arm', timer: 'renew', ms: 300 });
    });

    it('parts agents that failed together', () => {
      const { state } = play(...TO_RENEWAL);
      const failed = step(state, lost(2), { now: 0, random: 1 });
      expect(failed.effects).to.deep.include({ type: 'arm', timer: 'renew', ms: 20_000 });
    });

    it('has one next connection at a time, and none to a version 1 edge', () => {
      expect(play(...TO_RENEWAL, elapsed('renew')).effects).to.deep.equal([]);
      const downgraded: SessionInput = { type: 'established', epoch: 2, message: V1 };
      const v1 = play(START, OPENED, ONLINE, LOST, elapsed('reconnect'), opened(2), downgraded);
      expect(types(v1.effects)).to.not.include('arm renew');
      expect(step(v1.state, elapsed('renew'), { now: 0, random: 0 }).effects, 'the timer of before').to.deep.equal([]);
    });

    it('goes on with the next where the present one gives no sign of life', () => {
      const asked = [PROBE_MS, elapsed('probe'), PROBE_MS, elapsed('probe'), PONG_MS];
      const last = play(START, OPENED, ONLINE, ...asked, elapsed('renew'), elapsed('pong'));
      expect(types(last.effects)).to.deep.equal(['offline', 'drop']);
      expect(last.state).to.deep.include({ name: 'connecting', epoch: 2 });
      const failed = step(last.state, lost(2), { now: 0, random: 0 });
      expect(failed.state).to.deep.include({ name: 'waiting', attempt: 1 });
      expect(step(failed.state, elapsed('reconnect'), { now: 0, random: 0 }).effects).to.deep.equal([
        { type: 'connect', epoch: 3 },
      ]);
    });

    it('goes on with the next where the present one is lost meanwhile', () => {
      const last = play(...TO_RENEWAL, opened(2), LOST);
      expect(types(last.effects)).to.deep.equal(['offline', 'drop']);
      expect(last.state).to.deep.include({ name: 'greeting', epoch: 2 });
      expect(play(...TO_RENEWAL, LOST, opened(2), established(2)).effects).to.deep.include({
        type: 'online',
        epoch: 2,
        message: ESTABLISHED,
        renewed: false,
      });
    });

    it('was a success: what follows its loss is a first attempt', () => {
      const again = [START, OPENED, ONLINE, LOST, elapsed('reconnect'), lost(2), elapsed('reconnect')] as const;
      const last = play(...again, opened(3), established(3), elapsed('renew'), lost(3), lost(4));
      expect(last.state).to.deep.include({ name: 'waiting', attempt: 1 });
    });

    it('is broken off when the session is stopped', () => {
      expect(play(...TO_RENEWAL, STOP).effects[0]).to.deep.equal({ type: 'drop', epoch: 2 });
      const stopped = play(...TO_RENEWAL, opened(2), STOP);
      expect(stopped.effects.slice(0, 2), 'the edge may know either').to.deep.equal([
        { type: 'leave', epoch: 2 },
        { type: 'leave', epoch: 1 },
      ]);
      expect(step(stopped.state, lost(2), { now: 0, random: 0 }).state.name).to.equal('leaving');
    });
  });

  it('keeps its promises in any order of events', () => {
    const epoch = fc.integer({ min: 1, max: 4 });
    const input: fc.Arbitrary<SessionInput> = fc.oneof(
      fc.constantFrom<SessionInput>(START, STOP, LEFT, DRAINED),
      epoch.chain((of) =>
        fc.constantFrom<SessionInput>(
          opened(of),
          opened(of),
          established(of),
          established(of),
          { type: 'established', epoch: of, message: V1 },
          lost(of),
          lost(of, 'futile'),
          lost(of, 'later'),
          refused(of),
          { type: 'mishandled', epoch: of, why: '' },
          heard(of),
          heard(of, true),
        ),
      ),
      fc.constantFrom(...(['deadline', 'greeting', 'heartbeat', 'probe', 'pong'] as const).map(elapsed)),
      fc.constantFrom(...(['renew', 'reconnect', 'leave', 'straggler', 'drain'] as const).map(elapsed)),
    );
    const script = fc.array(
      fc.record({ input, passes: fc.nat(20_000), random: fc.double({ min: 0, max: 1, noNaN: true }) }),
    );
    fc.assert(
      fc.property(script, (entries) => {
        let state: SessionState = { name: 'idle' };
        let now = 0;
        let latest = 0;
        let online = false;
        let ends = 0;
        for (const entry of entries) {
          now += entry.passes;
          const next: Step = step(state, entry.input, { now, random: entry.random });
          if (state.name === 'ended') expect(next).to.deep.equal({ state, effects: [] });
          state = next.state;
          for (const effect of next.effects) {
            if (effect.type === 'connect') {
              expect(effect.epoch).to.equal(latest + 1);
              latest += 1;
            } else if (effect.type === 'online') {
              expect(online).to.equal(effect.renewed);
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
