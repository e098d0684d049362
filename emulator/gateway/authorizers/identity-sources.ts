import { type Header, headerValue } from '../events/headers.ts';

/** What identity sources look at. */
export interface IdentityRequest {
  /** With the gateway's own. */
  readonly headers: readonly Header[];
  /** Decoded. */
  readonly query: ReadonlyMap<string, readonly string[]>;
  /** Context variables: of a WebSocket API `requestContext` of the event, of an HTTP API those of its access logs. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/** Gives the value of one identity source; empty where the request has none. */
export type IdentitySource = (request: IdentityRequest) => string;

const HTTP_SOURCE = /^\$(request\.header|request\.querystring|context|stageVariables)\.(\S+)$/;
const WEBSOCKET_SOURCE = /^(?:route\.(request\.header|request\.querystring)|(context|stageVariables))\.(\S+)$/;

/**
 * Reads an identity source: `$request.header.Authorization` of an HTTP API, `route.request.querystring.token` of a WebSocket
 * API; `undefined` for anything else. Names of headers are the same in any case, names of parameters are not (WS-15).
 */
export function readIdentitySource(expression: string): IdentitySource | undefined {
  const http = HTTP_SOURCE.exec(expression);
  if (http) return sourceOf(http[1], http[2] ?? '', (values) => values.join(','));
  const [, ofRequest, other, name = ''] = WEBSOCKET_SOURCE.exec(expression) ?? [];
  return sourceOf(ofRequest ?? other, name, (values) => values.at(-1) ?? '');
}

/** @param one how a parameter or header that came several times is one value */
function sourceOf(
  kind: string | undefined,
  name: string,
  one: (values: readonly string[]) => string,
): IdentitySource | undefined {
  switch (kind) {
    case 'request.header':
      return ({ headers }) => one(valuesOf(headers, name.toLowerCase()));
    case 'request.querystring':
      return ({ query }) => one(query.get(name) ?? []);
    case 'context':
      return ({ context }) => textAt(context, name.split('.'));
    case 'stageVariables':
      return ({ stageVariables }) => textAt(stageVariables, [name]);
    default:
      return undefined;
  }
}

function valuesOf(headers: readonly Header[], key: string): readonly string[] {
  if (headerValue(headers, key) === undefined) return [];
  return headers.filter((header) => header.key === key).map(({ value }) => value);
}

function textAt(values: Readonly<Record<string, unknown>>, path: readonly string[]): string {
  let value: unknown = values;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
    value = Reflect.get(value, name);
  }
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
