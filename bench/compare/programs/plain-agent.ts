/**
 * The least that an agent can be: version 1 of the wire, without parts, renewal, credit, repeats or limits. Arguments: the
 * endpoint and the upstream's port. Prints `online <public URL>`. What it gets as `reply_to` it gives back, for the bare chain.
 */
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

interface Told {
  readonly type: string;
  readonly request_id: string;
  readonly reply_to?: string;
  readonly method: string;
  readonly uri: string;
  readonly headers: Record<string, string[]>;
  readonly body: string;
  readonly public_url: string;
}

const HOP = new Set(['connection', 'transfer-encoding']);
const [endpoint = '', upstreamPort] = process.argv.slice(2);
const keepAlive = new Agent({ keepAlive: true });
const socket = new WebSocket(endpoint, { perMessageDeflate: false });
socket.on('open', () => socket.send('{"type":"ready"}'));
socket.on('message', (data) => {
  const told: Told = JSON.parse(String(data));
  if (told.type === 'connection_established') console.log(`online ${told.public_url}`);
  if (told.type === 'http_request') serve(told);
});
socket.on('close', () => process.exit(1));
socket.on('error', (error) => console.error(error.message));

function serve({ request_id, reply_to, method, uri, headers, body }: Told): void {
  const say = (message: object) =>
    socket.send(JSON.stringify({ ...message, request_id, ...(reply_to && { reply_to }) }));
  const bytes = Buffer.from(body, 'base64');
  const sent = Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !HOP.has(name.toLowerCase()))
      .map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
  const options = { agent: keepAlive, host: '127.0.0.1', port: upstreamPort, method, path: uri, headers: sent };
  const asked = request(options, (response) => {
    const slices: Buffer[] = [];
    response.on('data', (slice: Buffer) => slices.push(slice));
    response.once('end', () =>
      say({
        type: 'http_response',
        status_code: response.statusCode,
        headers: response.headersDistinct,
        body: Buffer.concat(slices).toString('base64'),
        processing_time_ms: 0,
      }),
    );
  });
  asked.once('error', ({ message }) => say({ type: 'error', code: 'local_service_unavailable', message }));
  asked.end(bytes);
}
