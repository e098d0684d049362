import { createHash } from 'node:crypto';

/**
 * The names and ids CloudFormation would generate. AWS draws them at random; here they follow from the stack's name and
 * the logical id, so that URLs and table names stay the same from one start to the next.
 */
export interface PhysicalIds {
  /** Ten of `[a-z0-9]`, as API ids are. */
  apiId(logicalId: string): string;
  /** Seven of `[a-z0-9]`, as ids of routes and integrations are. */
  shortId(logicalId: string): string;
  /** `{stack}-{LogicalId}-{12 of A-Z0-9}`. */
  name(logicalId: string): string;
}

export function createPhysicalIds(stackName: string): PhysicalIds {
  const draw = (logicalId: string, length: number) => {
    const digest = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex');
    return BigInt(`0x${digest}`).toString(36).slice(-length);
  };
  return {
    apiId: (logicalId) => draw(logicalId, 10),
    shortId: (logicalId) => draw(logicalId, 7),
    name: (logicalId) => `${stackName}-${logicalId}-${draw(logicalId, 12).toUpperCase()}`,
  };
}
