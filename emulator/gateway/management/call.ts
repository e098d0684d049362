import { isConnectionId } from '../ids.ts';
import type { Address } from '../websocket/addressing.ts';
import { type Answer, failure, UPGRADE_REQUIRED } from './answers.ts';

/** What a path asks for: a connection by its id, or an answer that needs no more than the path. */
export type Call =
  | { readonly kind: 'connection'; readonly id: string }
  | { readonly kind: 'answer'; readonly answer: Answer };

const RESOURCE = '@connections';

/**
 * Reads `/{stage}/@connections/{url-encoded id}`, or `/{mapping key}/@connections/{id}` on a domain of one's own
 * (MG-01, MG-02, MG-16, WS-19).
 * @param path as sent, without the query
 * @param segments the same, decoded
 */
export function readCall(
  method: string,
  path: string,
  segments: readonly string[],
  address: Address,
  unknownHostStatus: number,
): Call {
  if (address.kind === 'no-host') {
    return answer(failure(unknownHostStatus, 'ForbiddenException', 'Forbidden', 'HR-15', address.why));
  }
  if (method === 'GET' && !segments.includes(RESOURCE)) return answer(UPGRADE_REQUIRED);
  if (address.kind === 'no-stage') {
    const note = `${address.why}. Callback URLs are https://{domainName}/{stage}/@connections/{id}`;
    return answer(failure(403, 'ForbiddenException', 'Forbidden', 'MG-02', note));
  }
  const [resource, id, ...rest] = address.rest;
  if (resource === RESOURCE && id !== undefined && rest.length === 0) return { kind: 'connection', id };
  if (resource === RESOURCE) return answer(invalidId(address.rest.slice(1).join('/')));
  if (address.custom) return answer(noRoute(method, segments, path));
  return answer(failure(403, 'ForbiddenException', 'Forbidden', 'MG-02', `${path} is not @connections`));
}

/** An id that no connection could ever have (MG-07), one encoded twice included (MG-03). */
export function refuseId(id: string): Answer | undefined {
  return isConnectionId(id) ? undefined : invalidId(id);
}

function invalidId(id: string): Answer {
  const twice = /%3d$/i.test(id) ? 'the id is URL-encoded twice' : 'ids are 16 characters that end in =';
  return failure(400, 'BadRequestException', `Invalid connectionId: ${id}`, 'MG-07', twice);
}

/** On a domain of one's own the stage is in the mapping, and must not be in the URL as well (MG-16). */
function noRoute(method: string, segments: readonly string[], path: string): Answer {
  const message = `No method found matching route ${segments.join('/')} for http method ${method}.`;
  const note = `${path}: on a custom domain the mapping already holds the stage, leave it out of the endpoint`;
  return failure(404, 'NotFoundException', message, 'MG-16', note);
}

function answer(given: Answer): Call {
  return { kind: 'answer', answer: given };
}
