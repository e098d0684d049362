import { joinedValues } from '../events/headers.ts';
import type { HttpRequest } from '../events/http-request.ts';
import { httpEventV2 } from '../events/http-v2.ts';
import { percentDecode } from '../events/target.ts';
import type { Switches } from '../switches.ts';

/** AWS is always reached by TLS; these are what a client of today negotiates there. */
const TLS_HEADERS = { 'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256', 'x-amzn-tls-version': 'TLSv1.3' };

/**
 * What a function receives through its URL: payload format 2.0, but that `rawPath` is as sent, the cookie header stays
 * beside `cookies`, and the account is `anonymous`, or the signer's (LA-11).
 * @param request its `apiId` is the URL's id, its stage and route key are `$default`
 */
export function functionUrlEvent(request: HttpRequest, switches: Pick<Switches, 'textContentTypes'>) {
  const { granted, headers } = request;
  const event = httpEventV2(request, switches);
  const cookies = headers.filter(({ key }) => key === 'cookie').map(({ value }) => value);
  return {
    ...event,
    rawPath: request.path,
    headers: { ...joinedValues(headers), ...(cookies.length > 0 && { cookie: cookies.join('; ') }), ...TLS_HEADERS },
    requestContext: {
      ...event.requestContext,
      accountId: granted?.kind === 'iam' ? granted.accountId : 'anonymous',
      http: { ...event.requestContext.http, path: percentDecode(request.path) },
    },
  };
}
