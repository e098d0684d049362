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
}

export function createPhysicalIds(stackName: string): PhysicalIds {
  const draw = (logicalId: string, length: number) => {
    const digest = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex');
    return BigInt(`0x${digest}`).toString(36).padStart(length, '0').slice(-length);
  };
  return {
    apiId: (logicalId) => draw(logicalId, 10),
    authorizerId: (logicalId) => draw(logicalId, 6),
    shortId: (logicalId) => draw(logicalId, 7),
    urlId: (logicalId) => draw(logicalId, 32),
    name: (logicalId) => `${stackName}-${logicalId}-${draw(logicalId, 12).toUpperCase()}`,
  };
}
