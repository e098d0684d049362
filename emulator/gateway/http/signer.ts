import { createHash } from 'node:crypto';
import type { SignedRequest } from '../../iam/signature.ts';
import type { Signer } from '../events/http-request.ts';

const IN_HEADER = /Credential=([^/,\s]+)\//;

/** Who signed a request whose signature is true, as events tell it. */
export function signerOf({ headers, query }: SignedRequest, principalArn: string): Signer {
  const authorization = String(headers.authorization ?? '');
  const inQuery = new URLSearchParams(query).get('X-Amz-Credential')?.split('/')[0];
  const accessKey = IN_HEADER.exec(authorization)?.[1] ?? inQuery ?? '';
  const [, , , , accountId = '', resource = ''] = principalArn.split(':');
  const [kind, name = '', session] = resource.split('/');
  // AWS's ids are random; these are the same for the same name.
  const unique = createHash('sha256').update(`${accountId}/${name}`).digest('hex').toUpperCase().slice(0, 17);
  const userId = kind === 'assumed-role' ? `AROA${unique}:${session ?? ''}` : `AIDA${unique}`;
  return { accessKey, accountId, userId, userArn: principalArn };
}
