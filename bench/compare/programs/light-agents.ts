/**
 * Many agents in one process, each with a WebSocket and a tunnel of its own; they answer by themselves what the upstream would
 * (`/small/N`). Arguments: the endpoint, how many, how many connect at once. Tells its parent the tunnels' public URLs.
 */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { decodeEdgeMessage, encode } from '../../../src/protocol/codec.ts';
import type { HttpRequest } from '../../../src/protocol/messages.ts';

const [endpoint = '', count, atOnce] = process.argv.slice(2);
const urls: string[] = [];
let next = 0;

await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    while (next < Number(count)) {
      next += 1;
      urls.push(await openAgent());
    }
  }),
);
process.channel?.ref();
process.send?.({ id: -1, answer: urls });

/** Resolves with the tunnel's public URL. */
function openAgent(): Promise<string> {
  const sessionId = randomBytes(16).toString('base64url');
  const agentKey = randomBytes(32).toString('base64url');
  const socket = new WebSocket(endpoint, { perMessageDeflate: false });
  const hello = { protocol: 2, sessionId, epoch: 1, agentKey, agent: 'light/0' } as const;
  socket.on('open', () => socket.send(encode({ type: 'ready', hello })));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('message', (data) => {
      const message = decodeEdgeMessage(String(data));
      if (message.type === 'connection_established') resolve(message.publicUrl);
      if (message.type === 'refused') reject(new Error(message.message));
      if (message.type === 'http_request') socket.send(encode(answerTo(message, sessionId)));
    });
  });
}

function answerTo({ requestId, replyTo, uri }: HttpRequest, sessionId: string) {
  const n = uri.split('/').at(-1) ?? '';
  return {
    type: 'http_response',
    requestId,
    sessionId,
    ...(replyTo !== undefined && { replyTo }),
    status: 200,
    headers: [['content-type', 'text/plain']],
    body: Buffer.from(`${n} `.padEnd(200, '.')),
    processingTimeMs: 0,
    more: false,
  } as const;
}
