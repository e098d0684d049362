import { decodeEdgeMessage, encode } from '../../src/protocol/codec.ts';
import type { IdsQuestion, IdsRefusalCode, OwnedId } from '../../src/protocol/messages.ts';
import { type Clock, systemClock } from './clock.ts';
import { readGatewayFrame } from './gateway-frame.ts';
import { type Connect, connectSocket, type SocketEnd } from './socket.ts';
import { judgeEnd } from './socket-end.ts';

export interface AskIdsOptions {
  /** `ws://` or `wss://`, with the stage. */
  readonly endpoint: string;
  /** Sent with the handshake as `Authorization: Bearer`. */
  readonly token?: string;
  /** 43 of base64url: whose ids are meant, where no token says it. */
  readonly agentKey: string;
  readonly question: IdsQuestion;
  /** How long everything may take, from TCP to the answer. */
  readonly timeoutMs: number;
  /** Gives up at once. */
  readonly stop: AbortSignal;
  readonly connect?: Connect;
  readonly clock?: Clock;
}

export type IdsAnswer =
  /** `more`: there are more than the edge lists. */
  | { readonly kind: 'done'; readonly ids: readonly OwnedId[]; readonly more: boolean }
  | { readonly kind: 'refused'; readonly code: IdsRefusalCode; readonly why: string }
  | { readonly kind: 'credentials-refused'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly why: string };

/** One question a connection, so any name will do. */
const ASK = '1';

/**
 * Asks the edge one question about tunnel ids, over a connection of its own that is closed when this resolves. Never
 * rejects. A question that was not answered may have been obeyed; asked again, it is answered as the first time.
 */
export function askIds(options: AskIdsOptions): Promise<IdsAnswer> {
  const {
    endpoint,
    token,
    agentKey,
    question,
    timeoutMs,
    stop,
    connect = connectSocket,
    clock = systemClock,
  } = options;
  if (stop.aborted) return Promise.resolve(STOPPED);
  return new Promise((resolve) => {
    let answer: IdsAnswer | undefined;
    let why = 'there was no connection in time';
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    const socket = connect(
      { endpoint, headers, timeoutMs },
      {
        opened() {
          why = 'it did not answer in time; an edge of an older version knows nothing of this';
          void socket.send(encode({ type: 'ids', ask: ASK, ...question, agentKey }));
        },
        message(text) {
          const said = answerIn(text);
          if (!said || answer) return;
          answer = said;
          socket.close();
        },
        pong() {},
        ended(end) {
          disarm();
          stop.removeEventListener('abort', abandon);
          resolve(answer ?? unanswered(end));
        },
      },
    );
    const giveUp = (unreached: IdsAnswer) => {
      answer ??= unreached;
      socket.terminate();
    };
    const abandon = () => giveUp(STOPPED);
    const disarm = clock.after(timeoutMs, () => giveUp({ kind: 'unreachable', why }));
    stop.addEventListener('abort', abandon);
  });
}

const STOPPED: IdsAnswer = { kind: 'unreachable', why: 'stopped before it answered' };

/** Undefined for what is no answer to the question. */
function answerIn(text: string): IdsAnswer | undefined {
  const message = decodeEdgeMessage(text);
  switch (message.type) {
    case 'ids_result':
      return message.ask === ASK ? { kind: 'done', ids: message.ids, more: message.more } : undefined;
    case 'ids_refused':
      return message.ask === ASK ? { kind: 'refused', code: message.code, why: message.message } : undefined;
    case 'malformed': {
      const frame = readGatewayFrame(text);
      if (!frame) return undefined;
      const { message: said, gatewayRequestId } = frame;
      return { kind: 'unreachable', why: `the gateway says "${said}" (its request id is ${gatewayRequestId})` };
    }
    default:
      return undefined;
  }
}

function unanswered(end: SocketEnd): IdsAnswer {
  const { why, retry } = judgeEnd(end);
  return { kind: retry === 'forbidden' ? 'credentials-refused' : 'unreachable', why };
}
