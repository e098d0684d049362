import { randomBytes } from 'node:crypto';
import { decodeEdgeMessage, encode, type Malformed } from '../../src/protocol/codec.ts';
import type { AgentMessage, Balance, EdgeMessage, UrlUpdated } from '../../src/protocol/messages.ts';
import type { Forward, Upload } from '../forward.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Online, Report } from './events.ts';
import { createExchanges } from './exchanges.ts';
import { readGatewayFrame } from './gateway-frame.ts';
import { createOutbox } from './outbox.ts';
import { type Connect, connectSocket, type Socket } from './socket.ts';
import { judgeEnd } from './socket-end.ts';
import { type Effect, type Outcome, type SessionInput, type SessionState, step, type TimerName } from './states.ts';

export interface SessionOptions {
  /** `ws://` or `wss://`, with the stage. */
  readonly endpoint: string;
  /** Sent with every handshake as `Authorization: Bearer`; never reported. */
  readonly token?: string;
  /** 32 random bytes as base64url: what owns the tunnel id where no token does. */
  readonly agentKey: string;
  /** The tunnel id to ask for at first; a random one without it. */
  readonly tunnelId?: string;
  /** Name and version for the edge's log: `postern/0.1.0`. */
  readonly agent: string;
  /** How long the first connection may take to be online, with all its attempts; later ones each have it for TCP to 101. */
  readonly connectTimeoutMs: number;
  /** How requests are shared out where several agents have the tunnel; `spread` without it. */
  readonly balance?: Balance;
  /** How long the upstream may be silent. */
  readonly requestTimeoutMs: number;
  readonly forward: Forward;
  /** Puts large answers where the edge says; without it they are refused. */
  readonly upload?: Upload;
  readonly report: Report;
  readonly connect?: Connect;
  readonly clock?: Clock;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** The agent's life across connections. */
export interface Session {
  /** Never rejects. */
  readonly ended: Promise<Outcome>;
  /** The first call finishes what is in flight (five seconds at most) and says goodbye, the second ends at once. */
  stop(): void;
}

/** Connects at once and stays connected: `states.ts` decides, this file does what it says. */
export function startSession(options: SessionOptions): Session {
  const { connect = connectSocket, clock = systemClock, random = Math.random, report } = options;
  const sessionId = randomBytes(16).toString('base64url');
  const outbox = createOutbox(clock);
  const exchanges = createExchanges({
    ...options,
    clock,
    sessionId,
    deliver: outbox.deliver,
    protocol: () => protocol,
  });
  const timers = new Map<TimerName, () => void>();
  let state: SessionState = { name: 'idle' };
  /** Every connection that may still say something, by its epoch. */
  const sockets = new Map<number, Socket>();
  const retired = new Set<() => void>();
  /** The epoch of the connection by which answers leave. */
  let wayOut = 0;
  let online: Online | undefined;
  let protocol: 1 | 2 = 1;
  let settle: (outcome: Outcome) => void;
  const ended = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });

  function dispatch(input: SessionInput): void {
    const next = step(state, input, { now: clock.now(), random: random() });
    state = next.state;
    for (const effect of next.effects) perform(effect);
  }

  function perform(effect: Effect): void {
    switch (effect.type) {
      case 'connect':
        open(effect.epoch);
        break;
      case 'greet': {
        const { epoch, tunnelId } = effect;
        const { agentKey, agent, balance } = options;
        const asked = { ...(tunnelId && { tunnelId }), ...(balance && { balance }) };
        sendBy(epoch, { type: 'ready', hello: { protocol: 2, sessionId, epoch, agentKey, agent, ...asked } });
        break;
      }
      case 'ping':
        ping(effect.epoch);
        break;
      case 'probe':
        sockets.get(effect.epoch)?.probe();
        break;
      case 'leave':
        sendBy(effect.epoch, { type: 'leave' });
        break;
      case 'arm':
        arm(effect.timer, effect.ms);
        break;
      case 'online':
        goOnline(effect);
        break;
      case 'report':
        report(effect.event);
        break;
      case 'drain':
        exchanges.drain().then(() => dispatch({ type: 'drained' }));
        break;
      case 'close':
        sockets.get(effect.epoch)?.close();
        break;
      case 'retire':
        retire(effect.epoch, effect.ms);
        break;
      case 'drop':
        drop(effect.epoch);
        break;
      case 'end':
        end(effect.outcome);
        break;
    }
  }

  function open(epoch: number): void {
    const headers: Record<string, string> = options.token ? { authorization: `Bearer ${options.token}` } : {};
    const target = { endpoint: options.endpoint, headers, timeoutMs: options.connectTimeoutMs };
    // A connection that was dropped may still have something to say; it is not listened to.
    const ifKnown = (act: () => void) => {
      if (sockets.get(epoch) === opened) act();
    };
    const opened: Socket = connect(target, {
      opened: () => ifKnown(() => dispatch({ type: 'opened', epoch })),
      message: (text) => ifKnown(() => receive(epoch, text)),
      pong: () => ifKnown(() => dispatch({ type: 'heard', epoch, ping: true })),
      ended: (end) =>
        ifKnown(() => {
          forget(epoch);
          dispatch({ type: 'lost', epoch, ...judgeEnd(end) });
        }),
    });
    sockets.set(epoch, opened);
  }

  function forget(epoch: number): void {
    sockets.delete(epoch);
    if (wayOut === epoch) outbox.detach();
  }

  function drop(epoch: number): void {
    const dropped = sockets.get(epoch);
    forget(epoch);
    dropped?.terminate();
  }

  /** It still brings what was posted to it before the edge knew its successor. */
  function retire(epoch: number, ms: number): void {
    const old = sockets.get(epoch);
    const close = () => {
      retired.delete(cancel);
      old?.close();
    };
    const cancel = clock.after(ms, close);
    retired.add(cancel);
  }

  function sendBy(epoch: number, message: AgentMessage): void {
    void sockets.get(epoch)?.send(encode(message));
  }

  function ping(epoch: number): void {
    const { tunnelId, publicUrl, subdomainUrl } = online ?? {};
    const told = protocol === 2 &&
      tunnelId &&
      publicUrl && { tunnelId, publicUrl, ...(subdomainUrl && { subdomainUrl }) };
    sendBy(epoch, { type: 'ping', ...(told && { told }) });
  }

  function arm(timer: TimerName, ms: number): void {
    timers.get(timer)?.();
    timers.set(
      timer,
      clock.after(ms, () => dispatch({ type: 'elapsed', timer })),
    );
  }

  function goOnline({ epoch, message, renewed }: Effect & { type: 'online' }): void {
    const { tunnelId, publicUrl, subdomainUrl, streamingUrl, connectionId } = message;
    const before = online;
    const asked = before?.tunnelId ?? options.tunnelId;
    if (asked !== undefined && asked !== tunnelId) {
      report({
        event: 'error',
        code: 'tunnel_id_changed',
        message: `asked for the tunnel id ${asked}, the edge gave ${tunnelId}`,
      });
    }
    protocol = message.hello ? 2 : 1;
    const urls = { publicUrl, ...(subdomainUrl && { subdomainUrl }), ...(streamingUrl && { streamingUrl }) };
    online = { event: 'online', tunnelId, ...urls, connectionId };
    const socket = sockets.get(epoch);
    wayOut = epoch;
    if (socket) outbox.attach((text) => socket.send(text));
    if (renewed && before?.publicUrl === publicUrl) note(`the connection was renewed: ${connectionId}`);
    else report(online);
  }

  function changeUrl({ publicUrl, subdomainUrl }: UrlUpdated): void {
    if (!online) return;
    const { subdomainUrl: _, ...kept } = online;
    online = { ...kept, publicUrl, ...(subdomainUrl && { subdomainUrl }) };
    report(online);
  }

  function receive(epoch: number, text: string): void {
    dispatch({ type: 'heard', epoch, ping: false });
    const message = decodeEdgeMessage(text);
    switch (message.type) {
      case 'malformed':
        passOver(epoch, text, message);
        break;
      case 'unknown':
        note(`a message of the unknown type ${JSON.stringify(message.name)} was passed over`);
        break;
      default:
        obey(epoch, message);
    }
  }

  function passOver(epoch: number, text: string, { field, problem }: Malformed): void {
    const frame = readGatewayFrame(text);
    if (frame) {
      const why = `the gateway says "${frame.message}" (its request id is ${frame.gatewayRequestId})`;
      report({ event: 'error', code: 'gateway_error', message: why });
      exchanges.repeatLatest();
      dispatch({ type: 'mishandled', epoch, why });
    } else {
      note(`a malformed message was passed over: ${field ? `${field}: ` : ''}${problem}`);
    }
  }

  function obey(epoch: number, message: EdgeMessage): void {
    switch (message.type) {
      case 'connection_established':
        dispatch({ type: 'established', epoch, message });
        break;
      case 'refused':
        dispatch({ type: 'refused', epoch, code: message.code, why: message.message });
        break;
      case 'ping':
        sendBy(epoch, { type: 'pong' });
        break;
      case 'pong':
        break;
      case 'left':
        dispatch({ type: 'left' });
        break;
      case 'http_request':
      case 'request_part':
      case 'cancel':
      case 'credit':
      case 'again':
        exchanges.receive(message);
        break;
      case 'url_updated':
        changeUrl(message);
        break;
      case 'error':
        report({ event: 'error', code: message.code, message: `the edge says: ${message.message}` });
        break;
    }
  }

  function note(message: string): void {
    report({ event: 'note', message });
  }

  function end(outcome: Outcome): void {
    for (const disarm of [...timers.values(), ...retired]) disarm();
    exchanges.close();
    outbox.close();
    for (const epoch of [...sockets.keys()]) drop(epoch);
    settle(outcome);
  }

  dispatch({ type: 'start', tunnelId: options.tunnelId, connectTimeoutMs: options.connectTimeoutMs });
  return { ended, stop: () => dispatch({ type: 'stop' }) };
}
