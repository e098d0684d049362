import { parseFunctionReference } from './function-reference.ts';
import type { PhysicalIds } from './physical-ids.ts';

/** What a resource type's `Ref` and `Fn::GetAtt` give, and what the tables of types may ask to find out. */
export interface ResourceFacts {
  readonly logicalId: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly urlSuffix: string;
  readonly ids: PhysicalIds;
  /** Whether the template gives the property. */
  has(property: string): boolean;
  /**
   * A property as text, intrinsics resolved; undefined when the template does not give it.
   * @throws Unresolvable
   */
  property(name: string): string | undefined;
}

/** Undefined where the resource has no such thing: the stream of a table without one. */
export type Fact = (facts: ResourceFacts) => string | undefined;

export interface ResourceType {
  /** Absent for types that have no attributes the emulator knows. */
  readonly attributes?: Readonly<Record<string, Fact>>;
  readonly ref: Fact;
}

/** `arn:aws:{service}:{region}:{account}:{resource}`; IAM and S3 leave region or account out. */
export const arn = (facts: ResourceFacts, service: string, resource: string) =>
  `arn:${facts.partition}:${service}:${facts.region}:${facts.accountId}:${resource}`;

/** The name the template gives, else the one CloudFormation would make. */
export const nameFrom = (property: string) => (facts: ResourceFacts) =>
  facts.property(property) ?? facts.ids.name(facts.logicalId);

/** `arn:aws:iam::{account}:{kind}{path}{name}`; the path is `/` unless the template gives another. */
export const iamArn = (kind: string, name: string) => (facts: ResourceFacts) =>
  `arn:${facts.partition}:iam::${facts.accountId}:${kind}${facts.property('Path') ?? '/'}${nameFrom(name)(facts)}`;

/** The ARN of the function that a property names, by name or ARN. */
export const namedFunctionArn = (facts: ResourceFacts, property: string, qualifier = '') => {
  const named = facts.property(property);
  const found = named === undefined ? undefined : parseFunctionReference(named, facts);
  return found && `${found.functionArn}${qualifier}`;
};

export const shortId = (facts: ResourceFacts) => facts.ids.shortId(facts.logicalId);

/** For types whose id nobody asks for. */
export const generatedName = (facts: ResourceFacts) => facts.ids.name(facts.logicalId);
