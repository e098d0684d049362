import type { AgentMessage, EdgeMessage, HttpRequest } from '../../src/protocol/messages.ts';
import type { VisitorResponse } from '../../src/tunnel/ports.ts';
import type { TestAgent, TestEdgeOptions } from '../support/test-edge.ts';
import { createTestEdge, hello } from '../support/test-edge.ts';

export const SESSION = 'a'.repeat(22);

/** An edge with one agent on `/blue-harbour`, or a version 1 agent on the id it was given. */
export async function tunnelled(protocol: 1 | 2 = 2, options: TestEdgeOptions = {}) {
  const edge = createTestEdge(options);
  const agent = await edge.connect('A=');
  await agent.say(
    protocol === 1 ? { type: 'ready' } : { type: 'ready', hello: hello('a', { tunnelId: 'blue-harbour' }) },
  );
  const [established] = agent.received('connection_established');
  return { edge, agent, path: `/${established?.tunnelId}` };
}

/** What an agent does that answers every request with the same text or bytes. */
export function answers(
  body: string | Uint8Array,
  more: { status?: number; sessionId?: string } = { sessionId: SESSION },
) {
  return (message: EdgeMessage): AgentMessage[] =>
    message.type === 'http_request' ? [answerTo(message, body, more)] : [];
}

export function answerTo(
  { requestId }: HttpRequest,
  body: string | Uint8Array,
  { status = 200, sessionId }: { status?: number; sessionId?: string } = { sessionId: SESSION },
): Extract<AgentMessage, { type: 'http_response' }> {
  return {
    type: 'http_response',
    requestId,
    status,
    headers: [['content-type', 'text/plain']],
    body: typeof body === 'string' ? Buffer.from(body) : body,
    processingTimeMs: 1,
    more: false,
    ...(sessionId !== undefined && { sessionId }),
  };
}

export function textOf({ body }: VisitorResponse): string {
  return Buffer.from(body).toString();
}

/** @throws when there was none */
export function firstRequest(agent: TestAgent): HttpRequest {
  const [request] = agent.received('http_request');
  if (!request) throw new Error('the agent was asked for nothing');
  return request;
}
