/** The bare chain's worker that forwards: posts to the agent, and gets the answer over a WebSocket of its own. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { createPost } from './chain-post.ts';

const { origin } = workerData as { readonly origin: string };
const post = createPost(origin);
const waiting = new Map<string, (answer: string) => void>();
const reply = new WebSocket(`${origin.replace('http', 'ws')}/reply`, { perMessageDeflate: false });
const [first] = await once(reply, 'message');
const replyTo = String(first);
reply.on('message', (data) => {
  const text = String(data);
  const { request_id } = JSON.parse(text);
  waiting.get(request_id)?.(text);
  waiting.delete(request_id);
});

parentPort?.on('message', async ({ id, payload }: { readonly id: number; readonly payload: string }) => {
  const { agent, method, url, headers, body } = JSON.parse(payload);
  const requestId = String(id);
  const answered = new Promise<string>((resolve) => waiting.set(requestId, resolve));
  const asked = { type: 'http_request', request_id: requestId, reply_to: replyTo, method, uri: url, headers, body };
  await post(agent, JSON.stringify(asked));
  const { status_code, headers: answer, body: bytes } = JSON.parse(await answered);
  parentPort?.postMessage({ id, result: JSON.stringify({ status_code, headers: answer, body: bytes }) });
});
parentPort?.postMessage('ready');
