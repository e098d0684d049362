import { headerValue, joinedValues } from '../events/headers.ts';
import type { HttpRequest } from '../events/http-request.ts';
import { httpEventV2 } from '../events/http-v2.ts';

/**
 * What a function receives through its URL: payload format 2.0, but that `rawPath` is as sent, the cookie header stays
 * beside `cookies`, and the account is `anonymous`, or the signer's (LA-11).
 * @param request its `apiId` is the URL's id, its stage and route key are `$default`
 * @param signerArn of a signed request
 */
export function functionUrlEvent(request: HttpRequest, signerArn?: string) {
  const event = httpEventV2(request);
  const cookie = headerValue(request.headers, 'cookie');
  return {
    ...event,
    rawPath: request.path,
    headers: { ...joinedValues(request.headers), ...(cookie !== undefined && { cookie }), ...TLS_HEADERS },
    requestContext: {
      ...event.requestContext,
      accountId: signerArn === undefined ? 'anonymous' : request.accountId,
      ...(signerArn !== undefined && { authorizer: { iam: signer(signerArn, request.accountId) } }),
    },
  };
}

/** AWS is always reached by TLS; these are what a client of today negotiates there. */
const TLS_HEADERS = { 'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256', 'x-amzn-tls-version': 'TLSv1.3' };

function signer(userArn: string, accountId: string) {
  return { accountId, cognitoIdentity: null, principalOrgId: null, userArn };
}
