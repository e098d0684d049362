import { brotli } from '../../src/adapters/compression.ts';
import { hashes } from '../../src/adapters/system.ts';
import { decodeEdgeMessage, encode } from '../../src/protocol/codec.ts';
import { MESSAGE_BYTES } from '../../src/protocol/limits.ts';
import type { AgentHello, AgentMessage, EdgeMessage } from '../../src/protocol/messages.ts';
import { parseAdmission } from '../../src/tunnel/admission.ts';
import { closeConnection } from '../../src/tunnel/close-connection.ts';
import { forwardRequest } from '../../src/tunnel/forward-request.ts';
import { createHeardAnswers } from '../../src/tunnel/heard-answers.ts';
import { openConnection } from '../../src/tunnel/open-connection.ts';
import type { LogLevel, PublicAddress, VisitorRequest, VisitorResponse } from '../../src/tunnel/ports.ts';
import { receiveMessage } from '../../src/tunnel/receive-message.ts';
import { rememberTunnels } from '../../src/tunnel/recent-tunnels.ts';
import { createRequestIds } from '../../src/tunnel/request-id.ts';
import { createFakeClock } from './fake-clock.ts';
import { createMemoryStores } from './memory-stores.ts';
import type { ReplyLine } from './reply-line.ts';
import { seededRandom } from './seeded-random.ts';

interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** An agent as the edge sees it: what it was sent, and what it says to that. */
export interface TestAgent {
  readonly connectionId: string;
  readonly inbox: EdgeMessage[];
  /** Called with everything that arrives; what it returns is said at once. */
  answer: (message: EdgeMessage) => readonly AgentMessage[];
  say(message: AgentMessage): Promise<void>;
  /** What arrived, of one type. */
  received<Type extends EdgeMessage['type']>(type: Type): Extract<EdgeMessage, { type: Type }>[];
}

export interface TestEdgeOptions {
  readonly auth?: string;
  readonly tokens?: string;
  /** By which answers are pushed; without it they come by the table. */
  readonly replies?: ReplyLine;
}

/** Milliseconds that a door waits, and what it can carry: the HTTP API's, a little less than 29 s. */
export const DOOR_MS = 28_000;
const DOOR_BYTES = 6_291_556;

const KEY = new Uint8Array(32).fill(7);

/** The whole edge in memory: its functions are called as the handlers call them, its agents are objects. */
export function createTestEdge({ auth = 'open', tokens = '', replies }: TestEdgeOptions = {}) {
  const stores = createMemoryStores();
  const clock = createFakeClock();
  const lines: LogLine[] = [];
  const agents = new Map<string, TestAgent>();
  const gone = new Set<string>();
  const refusing = new Set<string>();
  const random = seededRandom('edge');
  const requestIds = createRequestIds(KEY, hashes, random);

  const dependencies = {
    ...stores,
    tunnels: rememberTunnels(stores.tunnels, clock),
    heard: createHeardAnswers(),
    stackKey: async () => KEY,
    clock,
    hashes,
    compression: brotli,
    pace: { renewAfterSeconds: 6_600, heartbeatSeconds: 300 },
    admission: parseAdmission(auth, tokens),
    address: { publicUrl: 'https://t.example.com', wildcardDomain: 't.example.com' } as PublicAddress,
    randomBytes: random,
    requestIds: async () => requestIds,
    log(level: LogLevel, event: string, fields?: object) {
      lines.push({ level, event, ...fields });
    },
    ...(replies && { replies }),
    async post(connectionId: string, text: string) {
      if (Buffer.byteLength(text) > MESSAGE_BYTES) throw new Error('a message that no gateway would carry');
      const taken = replies?.takes(connectionId, text);
      if (taken) return taken;
      const agent = agents.get(connectionId);
      if (!agent || gone.has(connectionId)) return 'gone' as const;
      if (refusing.has(connectionId)) return 'failed' as const;
      const message = decodeEdgeMessage(text);
      if (message.type === 'malformed' || message.type === 'unknown') throw new Error(`sent to an agent: ${text}`);
      agent.inbox.push(message);
      for (const said of agent.answer(message)) await agent.say(said);
      return 'sent' as const;
    },
  };

  return {
    ...stores,
    clock,
    dependencies,
    lines,
    /** Connections that the Management API answers 410 for, and those it answers 500 for. */
    gone,
    refusing,

    /** Opens a connection; the agent has not said `ready` yet. */
    async connect(connectionId: string, authorization?: string): Promise<TestAgent> {
      const result = await openConnection(connectionId, { authorization }, dependencies);
      if (result === 'refused') throw new Error('the agent was refused');
      const agent: TestAgent = {
        connectionId,
        inbox: [],
        answer: () => [],
        say: (message) => receiveMessage(connectionId, encode(message), dependencies),
        received: (type) =>
          agent.inbox.filter(
            (message): message is Extract<EdgeMessage, { type: typeof type }> => message.type === type,
          ),
      };
      agents.set(connectionId, agent);
      return agent;
    },

    /** What `$disconnect` does; without it a connection that is gone is half-open. */
    async disconnect(connectionId: string): Promise<void> {
      gone.add(connectionId);
      await closeConnection(connectionId, '1005', dependencies);
    },

    async forward(
      request: VisitorRequest,
      { deadline = clock.now() + DOOR_MS, maxResponseBytes = DOOR_BYTES } = {},
    ): Promise<VisitorResponse> {
      const door = { deadline, maxResponseBytes, sureResponseBytes: Math.floor(maxResponseBytes * 0.7) };
      const response = await forwardRequest(request, door, dependencies);
      if ('stream' in response) throw new Error('a stream from a door that does not stream');
      return response;
    },
  };
}

/** What a version 2 agent says of itself; the letter makes its session and its key. */
export function hello(letter: string, more: Partial<AgentHello> = {}): AgentHello {
  return {
    protocol: 2,
    sessionId: letter.repeat(22),
    epoch: 1,
    agentKey: letter.toUpperCase().repeat(43),
    agent: 'test/1',
    ...more,
  };
}

/** `GET /` from a visitor who takes whatever comes. */
export function visit(path: string, more: Partial<VisitorRequest> = {}): VisitorRequest {
  return {
    method: 'GET',
    host: 't.example.com',
    path,
    query: '',
    headers: [['host', 't.example.com']],
    body: new Uint8Array(0),
    sourceIp: '198.51.100.23',
    ...more,
  };
}

/** The stable code of a failure, as a program would read it; undefined for an upstream's own answer. */
export function failureCode({ headers }: VisitorResponse): string | undefined {
  return headers.find(([name]) => name === 'x-postern-error')?.[1];
}
