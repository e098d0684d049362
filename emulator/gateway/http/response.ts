import { isRecord, isSendableHeader, parseResult, statusOf } from '../function-result.ts';
import type { FailedOutcome } from '../integration.ts';
import type { Switches } from '../switches.ts';

/** What goes to the client, before the headers that every response gets. */
export interface GatewayResponse {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | string;
  /** Why the gateway answered instead of the function, for the log. */
  readonly fault?: string;
}

const JSON_TYPE = ['content-type', 'application/json'] as const;

/** Headers of a function that describe its own hop, or that the gateway writes itself (HR-11). */
const DROPPED = new Set([
  'apigw-requestid',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A response of the gateway's own: `{"message":"Not Found"}`, without a space. */
export function ownResponse(status: number, message: string, fault?: string): GatewayResponse {
  return { status, headers: [JSON_TYPE], body: JSON.stringify({ message }), fault };
}

/** What the client sees when the function gave no result (HR-05, HR-06, HR-14, HA-23, HA-27). */
export function failureResponse(
  outcome: FailedOutcome,
  { lambdaThrottleStatus }: Pick<Switches, 'lambdaThrottleStatus'>,
): GatewayResponse {
  switch (outcome.kind) {
    case 'timed-out':
      // The one answer that has no content type.
      return { ...ownResponse(503, 'Service Unavailable'), headers: [] };
    case 'throttled':
      return ownResponse(lambdaThrottleStatus, 'Service Unavailable');
    case 'event-too-large':
      return ownResponse(413, 'Request Entity Too Large');
    case 'failed':
    case 'forbidden':
    case 'not-found':
      return ownResponse(500, 'Internal Server Error');
  }
}

/**
 * Turns a function's result into a response by the rules of its integration's payload format.
 * @param payload the result as JSON text
 * @param untyped what a response is that has a status and names no content type; a function URL has another (HR-03)
 * @see HR-01 to 04, 08, 09, 11, 12
 */
export function functionResponse(
  payload: string,
  format: '1.0' | '2.0',
  switches: Pick<Switches, 'stringStatusCode'>,
  untyped: 'text/plain; charset=utf-8' | 'application/json' = 'text/plain; charset=utf-8',
): GatewayResponse {
  const result = parseResult(payload);
  if (isRecord(result) && ('statusCode' in result || format === '1.0')) {
    return proxyResponse(result, format, switches, untyped);
  }
  if (format === '1.0') return malformed('the result is not an object, as payload format 1.0 wants it');
  // Anything else is taken for the body of a 200, unchecked; a JSON string loses its quotes (HR-01, HR-02).
  return { status: 200, headers: [JSON_TYPE], body: typeof result === 'string' ? result : payload };
}

function proxyResponse(
  result: Readonly<Record<string, unknown>>,
  format: '1.0' | '2.0',
  switches: Pick<Switches, 'stringStatusCode'>,
  untyped: string,
): GatewayResponse {
  const status = statusOf(result, switches);
  if (status === undefined) return malformed(`statusCode is ${JSON.stringify(result.statusCode)}`);
  const { body = null } = result;
  if (typeof body !== 'string' && body !== null) return malformed(`body is a ${typeof body}, not a string`);
  const headers = format === '1.0' ? headersV1(result) : headersV2(result);
  const unsendable = headers.find(([name, value]) => !isSendableHeader(name, value));
  if (unsendable) return malformed(`the header ${JSON.stringify(unsendable[0])} cannot be sent`);
  const kept = headers.filter(([name]) => !DROPPED.has(name.toLowerCase()));
  const typed = kept.some(([name]) => name.toLowerCase() === 'content-type');
  const mayHaveBody = status !== 204 && status !== 304;
  return {
    status,
    headers: typed || !mayHaveBody ? kept : [['content-type', untyped], ...kept],
    body: !mayHaveBody ? '' : result.isBase64Encoded === true ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}

/** Cookies first, then `headers`; `multiValueHeaders` means nothing here (HR-08). */
function headersV2({ cookies, headers }: Readonly<Record<string, unknown>>): [string, string][] {
  const own = Array.isArray(cookies) ? cookies.filter((cookie) => typeof cookie === 'string') : [];
  return [...own.map((cookie): [string, string] => ['set-cookie', cookie]), ...singleValues(headers)];
}

/** `headers`, then `multiValueHeaders`, a line each (HR-09). */
function headersV1({ headers, multiValueHeaders }: Readonly<Record<string, unknown>>): [string, string][] {
  const multiple = isRecord(multiValueHeaders) ? Object.entries(multiValueHeaders) : [];
  return [
    ...singleValues(headers),
    ...multiple.flatMap(([name, values]) =>
      Array.isArray(values) ? values.flatMap((value) => line(name, value)) : [],
    ),
  ];
}

function singleValues(headers: unknown): [string, string][] {
  return isRecord(headers) ? Object.entries(headers).flatMap(([name, value]) => line(name, value)) : [];
}

function line(name: string, value: unknown): [string, string][] {
  const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return plain ? [[name, String(value)]] : [];
}

function malformed(fault: string): GatewayResponse {
  return ownResponse(500, 'Internal Server Error', fault);
}

/** HTTP/1.1 clients see header names in title case: `Apigw-Requestid`, `Myheader` (HR-10). */
export function titleCase(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
