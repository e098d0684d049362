/** A WebSocket API event, as far as we read it. @see WS-11, WS-37, WS-61 */
export interface WebSocketEvent {
  /** CONNECT has the client's, DISCONNECT a few of the gateway's, MESSAGE none. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly requestContext: {
    readonly eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT';
    readonly connectionId: string;
    readonly disconnectStatusCode?: number;
    readonly disconnectReason?: string;
  };
}

/** The gateway spells some names in its own way and leaves others to the client. @see WS-12 */
export function headerOf({ headers = {} }: Pick<WebSocketEvent, 'headers'>, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** @returns for the log: `1001 Going away` */
export function disconnectReason({ requestContext }: WebSocketEvent): string {
  const { disconnectStatusCode = 1005, disconnectReason: reason = '' } = requestContext;
  return `${disconnectStatusCode} ${reason}`.trim();
}
