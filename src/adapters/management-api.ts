import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import type { Log, PostToConnection } from '../tunnel/ports.ts';

/**
 * The Management API's endpoint of a WebSocket API's: the same place, spoken to by HTTP.
 *
 * The conversion is explicit because the SDK does not object to `wss:`: it sends the signed request to port 80, in
 * clear (MG-14).
 * @param webSocketEndpoint `wss://…/stage`; `https:` and `http:` are taken as they are
 * @throws on any other scheme, or none
 */
export function managementEndpoint(webSocketEndpoint: string): string {
  const [, scheme, rest] = /^([a-z]+):\/\/([^/].*)$/i.exec(webSocketEndpoint) ?? [];
  const converted = MANAGEMENT_SCHEMES[scheme?.toLowerCase() ?? ''];
  if (!converted || !rest) {
    throw new Error(`"${webSocketEndpoint}" is no endpoint of a WebSocket API: expected wss://host/stage`);
  }
  return `${converted}://${rest.replace(/\/+$/, '')}`;
}

const MANAGEMENT_SCHEMES: Readonly<Record<string, string>> = { wss: 'https', https: 'https', ws: 'http', http: 'http' };

/** @param endpoint of the Management API, as {@link managementEndpoint} gives it */
export function createPost(endpoint: string, log: Log): PostToConnection {
  const client = new ApiGatewayManagementApiClient({ endpoint });
  return async (connectionId, text) => {
    try {
      await client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(text) }));
      return 'sent';
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      if (name === 'GoneException') return 'gone';
      log('error', 'post failed', { connectionId, error: name, message });
      return 'failed';
    }
  };
}
