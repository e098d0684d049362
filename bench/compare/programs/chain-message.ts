/** The bare chain's worker that takes the agent's messages and posts answers to whoever waits for them. */
import { parentPort, workerData } from 'node:worker_threads';
import { createPost } from './chain-post.ts';

const { origin } = workerData as { readonly origin: string };
const post = createPost(origin);

parentPort?.on('message', async ({ id, payload }: { readonly id: number; readonly payload: string }) => {
  const { connectionId, body, publicUrl } = JSON.parse(payload);
  const message = JSON.parse(body);
  const established = { type: 'connection_established', public_url: publicUrl };
  if (message.type === 'ready') await post(connectionId, JSON.stringify(established));
  else await post(message.reply_to, body);
  parentPort?.postMessage({ id, result: '{}' });
});
parentPort?.postMessage('ready');
