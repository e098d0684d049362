import type { GatewayResponse } from '../http/response.ts';
import type { Switches } from '../switches.ts';
import { BROKEN, urlResult } from './response.ts';

/** What an answer says it is that begins with its status, headers and cookies. */
export const METADATA_TYPE = 'application/vnd.awslambda.http-integration-response';
/** What an answer is that nobody named a type for: that of Lambda's runtime. */
export const UNTYPED = 'application/octet-stream';

/**
 * Bytes in which the metadata must have come to its end. For function URLs AWS names no bound; this is API Gateway's.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
 */
const MOST_METADATA_BYTES = 16 * 1024;
const DELIMITER = Buffer.alloc(8);

export type Metadata =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'complete'; readonly text: string; readonly rest: Uint8Array }
  | { readonly kind: 'missing' };

/** Finds the metadata at the beginning of a streamed answer: JSON, then eight zero bytes. */
export function createMetadataReader(): (bytes: Uint8Array) => Metadata {
  let read = Buffer.alloc(0);
  return (bytes) => {
    read = Buffer.concat([read, bytes]);
    const end = read.indexOf(DELIMITER);
    if (end >= 0 && end <= MOST_METADATA_BYTES) {
      return { kind: 'complete', text: read.toString('utf8', 0, end), rest: read.subarray(end + DELIMITER.length) };
    }
    return read.length > MOST_METADATA_BYTES + DELIMITER.length ? { kind: 'missing' } : { kind: 'incomplete' };
  };
}

/** Status and headers of a streamed answer, by the rules of payload format 2.0; 200 where it names no status. */
export function headOf(text: string, switches: Pick<Switches, 'stringStatusCode'>): GatewayResponse {
  const metadata = parse(text);
  if (metadata === undefined) return { ...BROKEN, fault: 'the metadata of its streamed answer is no JSON object' };
  const { statusCode = 200, headers, cookies } = metadata;
  const typed = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === 'content-type');
  const hasBody = statusCode !== 204 && statusCode !== 304;
  const given = typed || !hasBody ? headers : { ...headers, 'content-type': UNTYPED };
  return urlResult(JSON.stringify({ statusCode, headers: given, cookies }), switches);
}

interface Given {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly cookies?: unknown;
}

function parse(text: string): Given | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Given) : undefined;
  } catch {
    return undefined;
  }
}
