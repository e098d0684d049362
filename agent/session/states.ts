import { HANDSHAKE_MS, HEARTBEAT_SECONDS } from '../../src/protocol/limits.ts';
import type { ConnectionEstablished, RefusalCode } from '../../src/protocol/messages.ts';
import { backoffMs, FIRST_SLOW_ATTEMPT } from './backoff.ts';
import { type AgentEvent, STOPPED } from './events.ts';

/*
 * The session's life, without sockets and timers.
 *
 *   idle ─start─► connecting ─opened─► greeting ─established─► online ─stop─► leaving ─left─► draining ─drained─► closing ─► ended
 *                   ▲   │ lost            │ lost, silent       │ ▲ │ lost, silent
 *                   │   ▼                 ▼                    │ │ ▼
 *                   └─ waiting ◄──────────┴────────────────────┼─┼─┘   refused, given up, stopped ─► ended
 *                                                        renew │ │ established
 *                                                              ▼ │
 *                                        the next connection, beside the present one
 *
 * A connection goes by its epoch, its number in the session. Beside the present one there may be the next, on its way, and older
 * ones that still end what they have; of those nothing is heard here.
 */

/**
 * A connection of which nothing was heard for so long is asked for a sign of life, and is dead when none comes in time, in
 * milliseconds: so a dead one is noticed within twice the first and once the second, 32 s.
 */
export const PROBE_MS = 11_000;
export const PONG_MS = 10_000;

/** A timer so late, in milliseconds, means that the machine was asleep: then the connection is asked at once. */
const OVERSLEPT_MS = 5_000;

/** A connection that lived this long was a good one: what follows its loss is a first attempt again. */
export const STEADY_MS = 5_000;

/** How long the edge may take to let go of a session that leaves, in milliseconds. */
export const LEAVE_MS = 1_000;

/** Requests that were on their way when the edge let go arrive within this, in milliseconds. */
export const STRAGGLER_MS = 200;

/** How long requests in flight may still take when the session is stopped, in milliseconds. */
export const DRAIN_MS = 5_000;

/**
 * How long a connection that has been replaced stays open, in milliseconds: longer than the longest request, and than any edge that
 * still knows it.
 */
export const RETIRE_MS = 35_000;

/** The connection is renewed after this share of the time that the edge names, at least; by chance, so that agents part. */
const EARLIEST_RENEWAL = 0.96;

/** The pause after a renewal that failed, in milliseconds, at least: the present connection has minutes left. */
const RENEW_AGAIN_MS = 10_000;

/**
 * The same where the edge may have handled `ready`, and now knows the failed connection alone; doubled each time it happens again,
 * up to the other.
 */
const GREET_AGAIN_MS = 300;

/** Attempts in a row before the session gives up: with the backoff's minute between them, most of an hour awake. */
export const GIVE_UP_ATTEMPTS = 60;

/** What all states between start and end know. */
interface Progress {
  /** Number of the present or latest connection, from 1. */
  readonly epoch: number;
  /** The highest number so far: each attempt gets its own, so that the edge knows what is older. */
  readonly lastEpoch: number;
  /** Attempts to connect in a row since the last good connection, from 0 for the very first. */
  readonly attempt: number;
  /** What `ready` asks for: the person's choice at first, what the edge gave from then on. */
  readonly tunnelId: string | undefined;
  /** Epoch ms by which the first connection must be online; undefined when that is behind us. */
  readonly deadline: number | undefined;
}

interface Online extends Progress {
  readonly since: number;
  readonly heartbeatMs: number;
  /** Whether this edge speaks version 2: pongs, renewal, leave. */
  readonly protocol: 1 | 2;
  /** Something came since the last look. */
  readonly heard: boolean;
  /** A sign of life has been asked for, and is overdue at the timer `pong`. */
  readonly asked: boolean;
  /** The gateway has answered a ping of the WebSocket protocol, which costs nothing (WS-48: nobody knows whether AWS does). */
  readonly answersPings: boolean;
  /** Epoch ms at which the timer `probe` is due. */
  readonly probeAt: number;
  /** Renewals in a row that failed. */
  readonly failedRenewals: number;
  /** The connection that shall replace this one. */
  readonly next?: { readonly epoch: number; readonly phase: 'connecting' | 'greeting' };
}

export type SessionState =
  | { readonly name: 'idle' }
  | ({ readonly name: 'connecting' } & Progress)
  | ({ readonly name: 'greeting' } & Progress)
  | ({ readonly name: 'waiting'; readonly why: string } & Progress)
  | ({ readonly name: 'online' } & Online)
  | { readonly name: 'leaving'; readonly epoch: number }
  | { readonly name: 'draining'; readonly epoch: number }
  | { readonly name: 'closing'; readonly epoch: number }
  | { readonly name: 'ended'; readonly outcome: Outcome };

/** How a session ends. */
export type Outcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'credentials-refused'; readonly why: string }
  | { readonly kind: 'tunnel-id-refused'; readonly code: RefusalCode; readonly why: string }
  /** Never online. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** Online once, and no more. */
  | { readonly kind: 'lost'; readonly why: string };

export type TimerName =
  | 'deadline'
  | 'greeting'
  | 'heartbeat'
  | 'probe'
  | 'pong'
  | 'renew'
  | 'reconnect'
  | 'leave'
  | 'straggler'
  | 'drain';

/**
 * Whether another attempt may help, and when: `later` is a gateway's that has too much to do; `futile` only counts before the first
 * success, since stacks are redeployed.
 */
export type Retry = 'worthwhile' | 'later' | 'futile' | 'forbidden';

export type SessionInput =
  | { readonly type: 'start'; readonly tunnelId: string | undefined; readonly connectTimeoutMs: number }
  | { readonly type: 'opened'; readonly epoch: number }
  | { readonly type: 'established'; readonly epoch: number; readonly message: ConnectionEstablished }
  | { readonly type: 'refused'; readonly epoch: number; readonly code: RefusalCode; readonly why: string }
  /** The gateway says that a message of ours was not handled (WS-34); which one it does not say. */
  | { readonly type: 'mishandled'; readonly epoch: number; readonly why: string }
  /** Something has come; `ping` says that it is the answer to a ping of the WebSocket protocol. */
  | { readonly type: 'heard'; readonly epoch: number; readonly ping: boolean }
  /** The connection failed or ended; nothing more comes from it. */
  | { readonly type: 'lost'; readonly epoch: number; readonly why: string; readonly retry: Retry }
  | { readonly type: 'elapsed'; readonly timer: TimerName }
  /** The first finishes what is in flight, the second ends at once. */
  | { readonly type: 'stop' }
  | { readonly type: 'left' }
  | { readonly type: 'drained' };

export type Effect =
  | { readonly type: 'connect'; readonly epoch: number }
  /** Send `ready`. */
  | { readonly type: 'greet'; readonly epoch: number; readonly tunnelId: string | undefined }
  /** Send `ping`. */
  | { readonly type: 'ping'; readonly epoch: number }
  /** Send a ping of the WebSocket protocol. */
  | { readonly type: 'probe'; readonly epoch: number }
  /** Send `leave`. */
  | { readonly type: 'leave'; readonly epoch: number }
  /** Replaces a running timer of that name; a late one does no harm, the state knows whether it still matters. */
  | { readonly type: 'arm'; readonly timer: TimerName; readonly ms: number }
  /** From now on answers leave by this connection. */
  | {
      readonly type: 'online';
      readonly epoch: number;
      readonly message: ConnectionEstablished;
      readonly renewed: boolean;
    }
  | { readonly type: 'report'; readonly event: AgentEvent }
  /** Take no more requests, wait for those in flight, then say `drained`. */
  | { readonly type: 'drain' }
  /** Close the connection politely; `lost` follows. */
  | { readonly type: 'close'; readonly epoch: number }
  /** Close the connection politely after a while; nothing follows from it. */
  | { readonly type: 'retire'; readonly epoch: number; readonly ms: number }
  /** Forget the connection without a word; nothing follows from it. */
  | { readonly type: 'drop'; readonly epoch: number }
  /** Forget all connections. */
  | { readonly type: 'end'; readonly outcome: Outcome };

/** What a step may know of the world. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly now: number;
  /** From 0 to 1. */
  readonly random: number;
}

export interface Step {
  readonly state: SessionState;
  readonly effects: readonly Effect[];
}

type OnlineState = SessionState & { name: 'online' };

/** An input that means nothing in the present state (a late timer, a message said twice, an older connection's) changes nothing. */
export function step(state: SessionState, input: SessionInput, moment: Moment): Step {
  switch (input.type) {
    case 'start':
      return state.name === 'idle' ? start(input, moment) : stay(state);
    case 'opened':
      return opened(state, input.epoch);
    case 'established':
      return established(state, input, moment);
    case 'refused':
      // It answers, and keeps to the connection it knew.
      if (isNext(state, input.epoch)) return renewLater(state, input.why, moment, RENEW_AGAIN_MS);
      if (state.name !== 'greeting' || state.epoch !== input.epoch) return stay(state);
      return end(state, { kind: 'tunnel-id-refused', code: input.code, why: input.why });
    case 'mishandled':
      if (isNext(state, input.epoch)) return renewLater(state, input.why, moment);
      return state.name === 'greeting' && state.epoch === input.epoch
        ? retryLater(state, input.why, moment)
        : stay(state);
    case 'heard':
      return heard(state, input);
    case 'lost':
      return lose(state, input, moment);
    case 'elapsed':
      return elapsed(state, input.timer, moment);
    case 'stop':
      return stop(state);
    case 'left':
      return state.name === 'leaving'
        ? { state, effects: [{ type: 'arm', timer: 'straggler', ms: STRAGGLER_MS }] }
        : stay(state);
    case 'drained':
      return drained(state);
  }
}

function start({ tunnelId, connectTimeoutMs }: SessionInput & { type: 'start' }, { now }: Moment): Step {
  return {
    state: { name: 'connecting', epoch: 1, lastEpoch: 1, attempt: 0, tunnelId, deadline: now + connectTimeoutMs },
    effects: [
      { type: 'arm', timer: 'deadline', ms: connectTimeoutMs },
      { type: 'connect', epoch: 1 },
    ],
  };
}

function isNext(state: SessionState, epoch: number): state is OnlineState & Required<Pick<Online, 'next'>> {
  return state.name === 'online' && state.next?.epoch === epoch;
}

function opened(state: SessionState, epoch: number): Step {
  const effects: Effect[] = [{ type: 'arm', timer: 'greeting', ms: HANDSHAKE_MS }];
  if (isNext(state, epoch)) {
    const { tunnelId } = state;
    return {
      state: { ...state, next: { epoch, phase: 'greeting' } },
      effects: [{ type: 'greet', epoch, tunnelId }, ...effects],
    };
  }
  if (state.name !== 'connecting' || state.epoch !== epoch) return stay(state);
  const { tunnelId } = state;
  return {
    state: { name: 'greeting', ...progressOf(state) },
    effects: [{ type: 'greet', epoch, tunnelId }, ...effects],
  };
}

function established(state: SessionState, input: SessionInput & { type: 'established' }, moment: Moment): Step {
  const { epoch, message } = input;
  if (isNext(state, epoch)) {
    const { state: renewed, effects } = goOnline(state, epoch, message, true, moment);
    return { state: renewed, effects: [...effects, { type: 'retire', epoch: state.epoch, ms: RETIRE_MS }] };
  }
  if (state.name !== 'greeting' || state.epoch !== epoch) return stay(state);
  return goOnline(state, epoch, message, false, moment);
}

function goOnline(
  { attempt, lastEpoch }: Progress,
  epoch: number,
  message: ConnectionEstablished,
  renewed: boolean,
  { now, random }: Moment,
): Step {
  const { tunnelId, hello } = message;
  const heartbeatMs = (hello?.heartbeatSeconds ?? HEARTBEAT_SECONDS) * 1_000;
  const renewMs = (hello?.renewAfterSeconds ?? 0) * 1_000 * (EARLIEST_RENEWAL + (1 - EARLIEST_RENEWAL) * random);
  return {
    state: {
      name: 'online',
      epoch,
      lastEpoch,
      attempt,
      tunnelId,
      deadline: undefined,
      since: now,
      heartbeatMs,
      protocol: hello ? 2 : 1,
      heard: true,
      asked: false,
      answersPings: false,
      probeAt: now + PROBE_MS,
      failedRenewals: 0,
    },
    effects: [
      { type: 'online', epoch, message, renewed },
      { type: 'ping', epoch },
      { type: 'probe', epoch },
      { type: 'arm', timer: 'heartbeat', ms: heartbeatMs },
      { type: 'arm', timer: 'probe', ms: PROBE_MS },
      ...(hello ? [{ type: 'arm', timer: 'renew', ms: Math.round(renewMs) } as const] : []),
    ],
  };
}

function heard(state: SessionState, { epoch, ping }: SessionInput & { type: 'heard' }): Step {
  if (state.name !== 'online' || state.epoch !== epoch) return stay(state);
  const answersPings = state.answersPings || ping;
  if (state.heard && !state.asked && state.answersPings === answersPings) return stay(state);
  return stay({ ...state, heard: true, asked: false, answersPings });
}

/** A sign of life is asked for only where none came by itself. Of a version 1 edge only the gateway can give one. */
function probe(state: OnlineState, { now }: Moment): Step {
  const overslept = now - state.probeAt > OVERSLEPT_MS;
  const next: OnlineState = { ...state, heard: false, probeAt: now + PROBE_MS };
  const again: Effect = { type: 'arm', timer: 'probe', ms: PROBE_MS };
  if (state.asked || (state.heard && !overslept)) return { state: next, effects: [again] };
  if (!state.answersPings && state.protocol === 1) return { state: next, effects: [again] };
  const { epoch } = state;
  return {
    state: { ...next, asked: true },
    effects: [
      { type: state.answersPings ? 'probe' : 'ping', epoch },
      { type: 'arm', timer: 'pong', ms: PONG_MS },
      again,
    ],
  };
}

function renew(state: OnlineState): Step {
  // The timer may be of a connection to another edge than this.
  if (state.next || state.protocol === 1) return stay(state);
  const epoch = state.lastEpoch + 1;
  return {
    state: { ...state, lastEpoch: epoch, next: { epoch, phase: 'connecting' } },
    effects: [{ type: 'connect', epoch }],
  };
}

/** The present connection is as good as before. */
function renewLater(state: OnlineState, why: string, { random }: Moment, leastMs = GREET_AGAIN_MS): Step {
  const { next, ...present } = state;
  if (!next) return stay(state);
  const soon = Math.max(leastMs, GREET_AGAIN_MS * 2 ** state.failedRenewals);
  const pause = next.phase === 'greeting' ? Math.min(soon, RENEW_AGAIN_MS) : RENEW_AGAIN_MS;
  return {
    state: { ...present, failedRenewals: state.failedRenewals + 1 },
    effects: [
      { type: 'drop', epoch: next.epoch },
      { type: 'report', event: { event: 'note', message: `the connection could not be renewed yet: ${why}` } },
      { type: 'arm', timer: 'renew', ms: Math.round(pause * (1 + random)) },
    ],
  };
}

function lose(state: SessionState, input: SessionInput & { type: 'lost' }, moment: Moment): Step {
  if (isNext(state, input.epoch)) return renewLater(state, input.why, moment);
  if (!('epoch' in state) || state.epoch !== input.epoch) return stay(state);
  switch (state.name) {
    case 'waiting':
      return stay(state);
    case 'leaving':
    case 'draining':
    case 'closing':
      return end(state, { kind: 'stopped' });
    case 'connecting':
    case 'greeting':
    case 'online':
      if (input.retry === 'forbidden') return end(state, { kind: 'credentials-refused', why: input.why });
      if (input.retry === 'futile' && state.deadline !== undefined)
        return end(state, { kind: 'unreachable', why: input.why });
      return retryLater(state, input.why, moment, input.retry === 'later' ? FIRST_SLOW_ATTEMPT : 1);
  }
}

function retryLater(state: SessionState & Progress, why: string, { now, random }: Moment, least = 1): Step {
  const wasOnline = state.name === 'online';
  const gone: Effect[] = [...(wasOnline ? [offline(why)] : []), { type: 'drop', epoch: state.epoch }];
  if (wasOnline && state.next) {
    // Its successor is on its way already.
    const { epoch, phase } = state.next;
    return { state: { name: phase, ...progressOf(state), epoch, attempt: 0 }, effects: gone };
  }
  const attempt = Math.max(least, wasOnline && now - state.since >= STEADY_MS ? 1 : state.attempt + 1);
  const inMs = backoffMs(attempt, random);
  if (state.deadline !== undefined && now + inMs >= state.deadline) return end(state, { kind: 'unreachable', why });
  if (attempt > GIVE_UP_ATTEMPTS) return end(state, { kind: 'lost', why });
  return {
    state: { name: 'waiting', ...progressOf(state), attempt, why },
    effects: [
      ...gone,
      { type: 'report', event: { event: 'reconnecting', attempt, inMs, why } },
      { type: 'arm', timer: 'reconnect', ms: inMs },
    ],
  };
}

function elapsed(state: SessionState, timer: TimerName, moment: Moment): Step {
  switch (timer) {
    case 'deadline':
      if (!('deadline' in state) || state.deadline === undefined) return stay(state);
      return end(state, {
        kind: 'unreachable',
        why: state.name === 'waiting' ? state.why : 'the edge does not answer',
      });
    case 'greeting': {
      const why = `no connection_established within ${HANDSHAKE_MS / 1_000} s`;
      if (state.name === 'online' && state.next?.phase === 'greeting') return renewLater(state, why, moment);
      return state.name === 'greeting' ? retryLater(state, why, moment) : stay(state);
    }
    case 'heartbeat':
      if (state.name !== 'online') return stay(state);
      return {
        state,
        effects: [
          { type: 'ping', epoch: state.epoch },
          { type: 'arm', timer: 'heartbeat', ms: state.heartbeatMs },
        ],
      };
    case 'probe':
      return state.name === 'online' ? probe(state, moment) : stay(state);
    case 'pong':
      if (state.name !== 'online' || !state.asked) return stay(state);
      return retryLater(state, `no sign of life within ${PONG_MS / 1_000} s`, moment);
    case 'renew':
      return state.name === 'online' ? renew(state) : stay(state);
    case 'reconnect': {
      if (state.name !== 'waiting') return stay(state);
      const epoch = state.lastEpoch + 1;
      return {
        state: { name: 'connecting', ...progressOf(state), epoch, lastEpoch: epoch },
        effects: [{ type: 'connect', epoch }],
      };
    }
    case 'leave':
    case 'straggler':
      return state.name === 'leaving' ? drain(state) : stay(state);
    case 'drain':
      return drained(state);
  }
}

function stop(state: SessionState): Step {
  switch (state.name) {
    case 'ended':
      return stay(state);
    case 'online': {
      const { epoch, next, protocol } = state;
      // Of two that were greeted nobody knows which one the edge knows.
      const greeted = protocol === 2 && next?.phase === 'greeting';
      const before: Effect[] = next ? [{ type: greeted ? 'leave' : 'drop', epoch: next.epoch }] : [];
      if (protocol === 1) {
        const { state: draining, effects } = drain(state);
        return { state: draining, effects: [...before, ...effects] };
      }
      return {
        state: { name: 'leaving', epoch },
        effects: [...before, { type: 'leave', epoch }, { type: 'arm', timer: 'leave', ms: LEAVE_MS }],
      };
    }
    default:
      return end(state, { kind: 'stopped' });
  }
}

function drain({ epoch }: { readonly epoch: number }): Step {
  return {
    state: { name: 'draining', epoch },
    effects: [{ type: 'drain' }, { type: 'arm', timer: 'drain', ms: DRAIN_MS }],
  };
}

function drained(state: SessionState): Step {
  if (state.name !== 'draining') return stay(state);
  const { epoch } = state;
  return { state: { name: 'closing', epoch }, effects: [{ type: 'close', epoch }] };
}

/** A tunnel that was there until now is reported gone. */
function end(state: SessionState, outcome: Outcome): Step {
  const wasThere = THERE.has(state.name);
  const before = wasThere ? [offline('why' in outcome ? outcome.why : STOPPED)] : [];
  return { state: { name: 'ended', outcome }, effects: [...before, { type: 'end', outcome }] };
}

const THERE: ReadonlySet<SessionState['name']> = new Set<SessionState['name']>([
  'online',
  'leaving',
  'draining',
  'closing',
]);

function offline(why: string): Effect {
  return { type: 'report', event: { event: 'offline', why } };
}

function stay(state: SessionState): Step {
  return { state, effects: [] };
}

function progressOf({ epoch, lastEpoch, attempt, tunnelId, deadline }: Progress): Progress {
  return { epoch, lastEpoch, attempt, tunnelId, deadline };
}
