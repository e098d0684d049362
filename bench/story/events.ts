export interface WebSocketEvent {
  readonly requestContext: { readonly connectionId: string };
  readonly body?: string;
}

/** Payload format 1.0. */
export interface HttpEvent {
  readonly httpMethod: string;
  readonly path: string;
  readonly multiValueHeaders?: Readonly<Record<string, string[]>>;
  readonly multiValueQueryStringParameters?: Readonly<Record<string, string[]>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded: boolean;
}
