import { createHash } from 'node:crypto';

/**
 * The names and ids CloudFormation would generate. AWS draws them at random; here they follow from the stack's name and
 * the logical id, so that URLs and table names stay the same from one start to the next.
 */
export interface PhysicalIds {
  /** Ten of `[a-z0-9]`, as API ids are. */
  apiId(logicalId: string): string;
  /** Six of `[a-z0-9]`. */
  authorizerId(logicalId: string): string;
  /** Seven of `[a-z0-9]`, as ids of routes and integrations are. */
  shortId(logicalId: string): string;
  /** 32 of `[a-z0-9]`: the first label of a function URL's host name. */
  urlId(logicalId: string): string;
  /** `{stack}-{LogicalId}-{12 of A-Z0-9}`. */
  name(logicalId: string): string;
  /** So many of `[a-z0-9]`, 48 at most: ids of other kinds. */
  id(logicalId: string, length: number): string;
  /** Lower case, as ids of keys and identity pools are. */
  uuid(logicalId: string): string;
}

export function createPhysicalIds(stackName: string): PhysicalIds {
  const draw = (logicalId: string, length: number) => {
    const digest = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex');
    return BigInt(`0x${digest}`).toString(36).padStart(length, '0').slice(-length);
  };
  return {
    id: draw,
    uuid(logicalId) {
      const digest = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex');
      const groups = [digest.slice(0, 8), digest.slice(8, 12), `4${digest.slice(13, 16)}`, `8${digest.slice(17, 20)}`];
      return [...groups, digest.slice(20, 32)].join('-');
    },
    apiId: (logicalId) => draw(logicalId, 10),
    authorizerId: (logicalId) => draw(logicalId, 6),
    shortId: (logicalId) => draw(logicalId, 7),
    urlId: (logicalId) => draw(logicalId, 32),
    name: (logicalId) => `${stackName}-${logicalId}-${draw(logicalId, 12).toUpperCase()}`,
  };
}
