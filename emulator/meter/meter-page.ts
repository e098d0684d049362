import { isFromWebPage } from '../stack/web-page.ts';
import type { Meter } from './create-meter.ts';

/** Where a running emulator tells what it has metered, on Lambda's port: no name of AWS's begins like that. */
export const METER_PATH = '/_postern/meter';

export interface PageRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * GET tells what was metered, DELETE tells it too and begins anew. Web pages are refused, like everywhere on that port.
 * @returns undefined for what is not the meter's
 */
export function answerMeterPage(
  { method, path, headers }: PageRequest,
  meter: Pick<Meter, 'read' | 'reset'>,
): PageAnswer | undefined {
  if (path !== METER_PATH) return undefined;
  if (isFromWebPage(headers)) return jsonAnswer(403, { message: 'A web page may not read the meter' });
  if (method !== 'GET' && method !== 'DELETE') {
    return jsonAnswer(405, { message: 'GET reads the meter, DELETE reads and resets it' });
  }
  const reading = meter.read();
  if (method === 'DELETE') meter.reset();
  return jsonAnswer(200, reading);
}

function jsonAnswer(status: number, body: object): PageAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` };
}
