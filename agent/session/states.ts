import { HANDSHAKE_MS, HEARTBEAT_SECONDS } from '../../src/protocol/limits.ts';
import type { ConnectionEstablished, RefusalCode } from '../../src/protocol/messages.ts';
import { backoffMs } from './backoff.ts';
import { type AgentEvent, STOPPED } from './events.ts';

/*
 * The session's life, without sockets and timers.
 *
 *   idle ─start─► connecting ─opened─► greeting ─established─► online ─stop─► draining ─drained─► closing ─► ended
 *                   ▲   │ lost            │ lost, silent          │ lost, no pong
 *                   │   ▼                 ▼                       ▼
 *                   └─ waiting ◄──────────┴───────────────────────┘      refused, given up, stopped ─► ended
 */

/** How long the edge's `pong` may take before the connection counts as dead, in milliseconds. */
export const PONG_MS = 20_000;

/** A connection that lived this long was a good one: what follows its loss is a first attempt again. */
export const STEADY_MS = 30_000;

/** How long requests in flight may still take when the session is stopped, in milliseconds. */
export const DRAIN_MS = 5_000;

/** Attempts in a row before the session gives up: with the backoff's minute between them, most of an hour awake. */
export const GIVE_UP_ATTEMPTS = 60;

/** What all states between start and end know. */
interface Progress {
  /** Number of the current or latest connection, from 1. */
  readonly epoch: number;
  /** Attempts to connect in a row since the last good connection, from 0 for the very first. */
  readonly attempt: number;
  /** What `ready` asks for: the person's choice at first, what the edge gave from then on. */
  readonly tunnelId: string | undefined;
  /** Epoch ms by which the first connection must be online; undefined when that is behind us. */
  readonly deadline: number | undefined;
}

export type SessionState =
  | { readonly name: 'idle' }
  | ({ readonly name: 'connecting' } & Progress)
  | ({ readonly name: 'greeting' } & Progress)
  | ({ readonly name: 'waiting'; readonly why: string } & Progress)
  | ({
      readonly name: 'online';
      readonly since: number;
      readonly heartbeatMs: number;
      /** `unanswered` is a version 1 edge's: it never sends one. */
      readonly pong: 'due' | 'received' | 'unanswered';
    } & Progress)
  | { readonly name: 'draining' }
  | { readonly name: 'closing' }
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

export type TimerName = 'deadline' | 'greeting' | 'heartbeat' | 'pong' | 'reconnect' | 'drain';

/** Whether another attempt may help: `futile` only counts before the first success, since stacks are redeployed. */
export type Retry = 'worthwhile' | 'futile' | 'forbidden';

export type SessionInput =
  | { readonly type: 'start'; readonly tunnelId: string | undefined; readonly connectTimeoutMs: number }
  | { readonly type: 'opened' }
  | { readonly type: 'established'; readonly message: ConnectionEstablished }
  | { readonly type: 'refused'; readonly code: RefusalCode; readonly why: string }
  /** The gateway says that a message of ours was not handled (WS-34); which one it does not say. */
  | { readonly type: 'mishandled'; readonly why: string }
  | { readonly type: 'pong' }
  /** The connection failed or ended; nothing more comes from it. */
  | { readonly type: 'lost'; readonly why: string; readonly retry: Retry }
  | { readonly type: 'elapsed'; readonly timer: TimerName }
  /** The first finishes what is in flight, the second ends at once. */
  | { readonly type: 'stop' }
  | { readonly type: 'drained' };

export type Effect =
  | { readonly type: 'connect'; readonly epoch: number }
  /** Send `ready`. */
  | { readonly type: 'greet'; readonly epoch: number; readonly tunnelId: string | undefined }
  | { readonly type: 'ping' }
  /** Replaces a running timer of that name; a late one does no harm, the state knows whether it still matters. */
  | { readonly type: 'arm'; readonly timer: TimerName; readonly ms: number }
  | { readonly type: 'online'; readonly message: ConnectionEstablished }
  | { readonly type: 'report'; readonly event: AgentEvent }
  /** Take no more requests, wait for those in flight, then say `drained`. */
  | { readonly type: 'drain' }
  /** Close the connection politely; `lost` follows. */
  | { readonly type: 'close' }
  /** Forget the connection without a word; nothing follows from it. */
  | { readonly type: 'drop' }
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

/** An input that means nothing in the present state (a late timer, a message said twice) changes nothing. */
export function step(state: SessionState, input: SessionInput, moment: Moment): Step {
  switch (input.type) {
    case 'start':
      return state.name === 'idle' ? start(input, moment) : stay(state);
    case 'opened':
      return state.name === 'connecting' ? greet(state) : stay(state);
    case 'established':
      return state.name === 'greeting' ? goOnline(state, input.message, moment) : stay(state);
    case 'refused':
      if (state.name !== 'greeting') return stay(state);
      return end(state, { kind: 'tunnel-id-refused', code: input.code, why: input.why });
    case 'mishandled':
      return state.name === 'greeting' ? retryLater(state, input.why, moment) : stay(state);
    case 'pong':
      return state.name === 'online' && state.pong === 'due' ? stay({ ...state, pong: 'received' }) : stay(state);
    case 'lost':
      return lose(state, input, moment);
    case 'elapsed':
      return elapsed(state, input.timer, moment);
    case 'stop':
      return stop(state);
    case 'drained':
      return drained(state);
  }
}

function start(input: SessionInput & { type: 'start' }, { now }: Moment): Step {
  const { tunnelId, connectTimeoutMs } = input;
  return {
    state: { name: 'connecting', epoch: 1, attempt: 0, tunnelId, deadline: now + connectTimeoutMs },
    effects: [
      { type: 'arm', timer: 'deadline', ms: connectTimeoutMs },
      { type: 'connect', epoch: 1 },
    ],
  };
}

function greet(state: Progress): Step {
  return {
    state: { name: 'greeting', ...progressOf(state) },
    effects: [
      { type: 'greet', epoch: state.epoch, tunnelId: state.tunnelId },
      { type: 'arm', timer: 'greeting', ms: HANDSHAKE_MS },
    ],
  };
}

function goOnline(state: Progress, message: ConnectionEstablished, { now }: Moment): Step {
  const heartbeatMs = (message.hello?.heartbeatSeconds ?? HEARTBEAT_SECONDS) * 1_000;
  const online: OnlineState = {
    name: 'online',
    ...progressOf(state),
    tunnelId: message.tunnelId,
    deadline: undefined,
    since: now,
    heartbeatMs,
    pong: message.hello ? 'received' : 'unanswered',
  };
  const { state: pinged, effects } = ping(online);
  return { state: pinged, effects: [{ type: 'online', message }, ...effects] };
}

type OnlineState = SessionState & { name: 'online' };

/** The pong's timer starts only when none is due, lest short heartbeats put it off forever. */
function ping(state: OnlineState): Step {
  const effects: Effect[] = [{ type: 'ping' }, { type: 'arm', timer: 'heartbeat', ms: state.heartbeatMs }];
  if (state.pong !== 'received') return { state, effects };
  return { state: { ...state, pong: 'due' }, effects: [...effects, { type: 'arm', timer: 'pong', ms: PONG_MS }] };
}

function lose(state: SessionState, input: SessionInput & { type: 'lost' }, moment: Moment): Step {
  switch (state.name) {
    case 'idle':
    case 'waiting':
    case 'ended':
      return stay(state);
    case 'draining':
    case 'closing':
      return end(state, { kind: 'stopped' });
    case 'connecting':
    case 'greeting':
    case 'online':
      if (input.retry === 'forbidden') return end(state, { kind: 'credentials-refused', why: input.why });
      if (input.retry === 'futile' && state.deadline !== undefined)
        return end(state, { kind: 'unreachable', why: input.why });
      return retryLater(state, input.why, moment);
  }
}

function retryLater(state: SessionState & Progress, why: string, { now, random }: Moment): Step {
  const wasOnline = state.name === 'online';
  const attempt = wasOnline && now - state.since >= STEADY_MS ? 1 : state.attempt + 1;
  const inMs = backoffMs(attempt, random);
  if (state.deadline !== undefined && now + inMs >= state.deadline) return end(state, { kind: 'unreachable', why });
  if (attempt > GIVE_UP_ATTEMPTS) return end(state, { kind: 'lost', why });
  return {
    state: { name: 'waiting', ...progressOf(state), attempt, why },
    effects: [
      ...(wasOnline ? [offline(why)] : []),
      { type: 'drop' },
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
    case 'greeting':
      if (state.name !== 'greeting') return stay(state);
      return retryLater(state, `no connection_established within ${HANDSHAKE_MS / 1_000} s`, moment);
    case 'heartbeat':
      return state.name === 'online' ? ping(state) : stay(state);
    case 'pong':
      if (state.name !== 'online' || state.pong !== 'due') return stay(state);
      return retryLater(state, `no pong within ${PONG_MS / 1_000} s`, moment);
    case 'reconnect': {
      if (state.name !== 'waiting') return stay(state);
      const epoch = state.epoch + 1;
      return {
        state: { name: 'connecting', ...progressOf(state), epoch },
        effects: [{ type: 'connect', epoch }],
      };
    }
    case 'drain':
      return drained(state);
  }
}

function stop(state: SessionState): Step {
  switch (state.name) {
    case 'ended':
      return stay(state);
    case 'online':
      return {
        state: { name: 'draining' },
        effects: [{ type: 'drain' }, { type: 'arm', timer: 'drain', ms: DRAIN_MS }],
      };
    default:
      return end(state, { kind: 'stopped' });
  }
}

function drained(state: SessionState): Step {
  return state.name === 'draining' ? { state: { name: 'closing' }, effects: [{ type: 'close' }] } : stay(state);
}

/** A tunnel that was there until now is reported gone. */
function end(state: SessionState, outcome: Outcome): Step {
  const wasThere = state.name === 'online' || state.name === 'draining' || state.name === 'closing';
  const before = wasThere ? [offline('why' in outcome ? outcome.why : STOPPED)] : [];
  return { state: { name: 'ended', outcome }, effects: [...before, { type: 'drop' }, { type: 'end', outcome }] };
}

function offline(why: string): Effect {
  return { type: 'report', event: { event: 'offline', why } };
}

function stay(state: SessionState): Step {
  return { state, effects: [] };
}

function progressOf({ epoch, attempt, tunnelId, deadline }: Progress): Progress {
  return { epoch, attempt, tunnelId, deadline };
}
