import type { Properties } from './properties.ts';
import type { ResourcesOfType } from './resources.ts';
import type { TemplateScope } from './scope.ts';

export type Protocol = 'HTTP' | 'WEBSOCKET';

/** The parts of APIs of this stack: integrations, routes and the like, each with the API it belongs to. */
export interface ApiResources {
  /** Those of a type whose `ApiId` is an API of this stack; the others are reported. */
  ofType(type: string): readonly ApiPart[];
}

export interface ApiPart {
  readonly properties: Properties;
  readonly apiId: string;
  readonly protocol: Protocol;
  /** What a `Ref` to the part gives. */
  readonly id: string;
}

export const NOT_SUPPORTED = 'the emulator does not support it';

/** @param protocols by API id */
export function createApiResources(
  resources: ResourcesOfType,
  scope: TemplateScope,
  protocols: ReadonlyMap<string, Protocol | undefined>,
): ApiResources {
  return {
    ofType: (type) =>
      resources(type).flatMap((properties) => {
        const apiId = properties.requiredString('ApiId');
        if (apiId === undefined) return [];
        if (!protocols.has(apiId)) {
          properties.report('ApiId', `${apiId.slice(0, 80)} is no API of this stack`);
          return [];
        }
        const protocol = protocols.get(apiId); // undefined where the API's own is wrong: that has been reported
        return protocol ? [{ properties, apiId, protocol, id: String(scope.ref(properties.logicalId)) }] : [];
      }),
  };
}
