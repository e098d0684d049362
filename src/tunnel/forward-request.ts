import type { Address } from './addressing.ts';
import { addressOf } from './addressing.ts';
import type { Door, ExchangeDependencies, Hops } from './exchange.ts';
import { exchange } from './exchange.ts';
import { failureResponse } from './failure-page.ts';
import type { ConnectionStore, Log, StreamedResponse, VisitorRequest, VisitorResponse } from './ports.ts';
import { connectionStatus, tunnelStatus } from './status.ts';

export interface ForwardDependencies extends ExchangeDependencies {
  readonly connections: Pick<ConnectionStore, 'read' | 'ofTunnel'>;
  readonly log: Log;
  /** Whether visitors are told what took how long. */
  readonly serverTiming?: boolean;
}

/** From a visitor's request to the visitor's response: the whole of what the edge is for. */
export async function forwardRequest(
  request: VisitorRequest,
  door: Door,
  dependencies: ForwardDependencies,
): Promise<VisitorResponse | StreamedResponse> {
  const address = addressOf(request, dependencies.address);
  switch (address.kind) {
    case 'nowhere':
      return failureResponse('no_tunnel_in_url', request);
    case 'tunnel-status':
      return tunnelStatus(address.tunnelId, dependencies);
    case 'connection-status':
      return connectionStatus(address.connectionId, dependencies);
    case 'tunnel':
      return forwardToTunnel(request, address, door, dependencies);
  }
}

async function forwardToTunnel(
  request: VisitorRequest,
  address: Extract<Address, { kind: 'tunnel' }>,
  door: Door,
  dependencies: ForwardDependencies,
): Promise<VisitorResponse | StreamedResponse> {
  const { clock, log } = dependencies;
  const began = clock.now();
  const path = address.uri.split('?', 1)[0];
  const outcome = await exchange(request, address, door, dependencies);
  const told = { tunnelId: address.tunnelId, requestId: outcome.requestId, method: request.method, path };
  if (outcome.kind === 'answered') {
    const response = dependencies.serverTiming ? timed(outcome.response, outcome.hops) : outcome.response;
    const forwarded = (bytes: number) =>
      log('info', 'forwarded', { ...told, status: response.status, bytes, ms: clock.now() - began });
    if ('stream' in response) return { ...response, stream: counted(response.stream, forwarded) };
    forwarded(response.body.length);
    return response;
  }
  const { code, detail, requestId } = outcome;
  log('warn', 'not forwarded', { ...told, code, detail, ms: clock.now() - began });
  const { streamingUrl } = dependencies.address;
  const elsewhere =
    code === 'streaming_only' && streamingUrl ? `${streamingUrl}/${address.tunnelId}${address.uri}` : undefined;
  return failureResponse(code, request, requestId, elsewhere);
}

/** Behind what the upstream says of its own time. */
function timed<Response extends Pick<VisitorResponse, 'headers'>>(
  response: Response,
  hops: Hops | undefined,
): Response {
  if (!hops) return response;
  const hop = Object.entries(hops).map(([name, ms]) => `postern-${name};dur=${ms}`);
  return { ...response, headers: [...response.headers, ['server-timing', hop.join(', ')]] };
}

async function* counted(stream: AsyncIterable<Uint8Array>, ended: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    yield piece;
  }
  ended(bytes);
}
