import WebSocket from 'ws';

/** A request as version 1 has it. */
export interface V1Request {
  readonly request_id: string;
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly timestamp: number;
}

export interface V1Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, readonly string[]>>;
  readonly body?: Buffer;
}

/**
 * An agent made from the description of version 1 alone: it knows JSON, base64 and WebSockets, and nothing of this
 * repository's code. It answers with one frame a message, rejects types it does not know, and says so here.
 */
export async function startV1Agent(endpoint: string, answer: (request: V1Request) => V1Answer | 'error' | 'silence') {
  const socket = new WebSocket(endpoint, { perMessageDeflate: false });
  const unknown: string[] = [];
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const established = new Promise<Record<string, string>>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('message', (data) => {
      const message = JSON.parse(data.toString());
      if (message.type === 'connection_established') resolve(message);
      else if (message.type === 'http_request') respond(message);
      else unknown.push(data.toString());
    });
  });
  established.catch(() => {});

  function respond(request: V1Request): void {
    const result = answer(request);
    if (result === 'silence') return;
    const reply =
      result === 'error'
        ? { type: 'error', request_id: request.request_id, code: 'local_service_unavailable', message: 'down' }
        : {
            type: 'http_response',
            request_id: request.request_id,
            status_code: result.status,
            headers: result.headers ?? {},
            body: (result.body ?? Buffer.alloc(0)).toString('base64'),
            processing_time_ms: 1,
          };
    socket.send(JSON.stringify(reply));
  }

  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send('{"type":"ready"}');
  return {
    established: await established,
    unknown,
    closed,
    send: (text: string) => socket.send(text),
    stop() {
      socket.close();
      return closed;
    },
  };
}
