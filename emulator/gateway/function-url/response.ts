import { functionResponse, type GatewayResponse } from '../http/response.ts';
import type { FailedOutcome } from '../integration.ts';
import type { Switches } from '../switches.ts';

const JSON_TYPE = ['content-type', 'application/json'] as const;

/** A response of the service's own: `{"Message":"…"}`, with a capital. */
function own(status: number, errorType: string, message: string): GatewayResponse {
  return { status, headers: [JSON_TYPE, ['x-amzn-errortype', errorType]], body: JSON.stringify({ Message: message }) };
}

const ADVICE = 'https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';
export const FORBIDDEN = own(
  403,
  'AccessDeniedException',
  `Forbidden. For troubleshooting Function URL authorization issues, see: ${ADVICE}`,
);
export const TOO_LARGE = own(413, 'RequestTooLargeException', 'Request must be smaller than 6291456 bytes');
const THROTTLED = own(429, 'TooManyRequestsException', 'Rate Exceeded.');

/** What a client sees whose function failed, or answered what is no response. */
export const BROKEN: GatewayResponse = {
  status: 502,
  headers: [['content-type', 'text/plain; charset=utf-8']],
  body: 'Internal Server Error',
};

/** What the client sees when the function gave no result (LA-11; 429 is documented, urls-configuration). */
export function urlFailure({ kind }: FailedOutcome): GatewayResponse {
  switch (kind) {
    case 'throttled':
      return THROTTLED;
    case 'event-too-large':
      return TOO_LARGE;
    case 'failed':
    case 'forbidden':
    case 'not-found':
    case 'timed-out':
      return BROKEN;
  }
}

/** A function's result as it stands. */
export function urlBody(payload: string): GatewayResponse {
  return { status: 200, headers: [JSON_TYPE], body: payload };
}

/** A function's result by the rules of payload format 2.0, but that what names no content type is JSON. */
export function urlResult(payload: string, switches: Pick<Switches, 'stringStatusCode'>): GatewayResponse {
  const response = functionResponse(payload, '2.0', switches, 'application/json');
  return response.fault === undefined ? response : { ...BROKEN, fault: response.fault };
}
