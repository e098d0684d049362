import type { ServerResponse } from 'node:http';

/** What a call of the Management API gets, and what the log says about it. */
export interface Answer {
  readonly status: number;
  /** The name that the SDKs know an error by. */
  readonly errorType?: string;
  /** JSON text. */
  readonly body?: string;
  readonly behaviour: string;
  /** Why, and where to look. */
  readonly note?: string;
}

/** A post that reached its client, or was taken for one out of reach (MG-08). */
export const POSTED: Answer = { status: 200, behaviour: 'MG-08' };
/** The connection begins to close (MG-10). */
export const DELETED: Answer = { status: 204, behaviour: 'MG-10', note: '$disconnect follows with code 1000' };
/** A plain GET on the endpoint that WebSockets are for (WS-19). */
export const UPGRADE_REQUIRED: Answer = { status: 426, behaviour: 'WS-19' };

/** 410 has no body: the SDKs read its name from the header (MG-06). */
export function gone(behaviour: string, note: string): Answer {
  return { status: 410, errorType: 'GoneException', behaviour, note };
}

/** An error in AWS's own words, as JSON. */
export function failure(status: number, errorType: string, message: string, behaviour: string, note?: string): Answer {
  return { status, errorType, body: JSON.stringify({ message }), behaviour, ...(note !== undefined && { note }) };
}

export function writeAnswer(response: ServerResponse, { status, errorType, body = '' }: Answer): void {
  const headers: string[] = [];
  if (body !== '') headers.push('Content-Type', 'application/json');
  if (status !== 204) headers.push('Content-Length', String(Buffer.byteLength(body)));
  if (errorType) headers.push('x-amzn-ErrorType', errorType);
  response.writeHead(status, headers);
  response.end(body);
}
