import { evaluateCondition, NO_VALUE, resolve, type Scope, Unresolvable } from './intrinsics.ts';
import type { PhysicalIds } from './physical-ids.ts';
import { RESOURCE_TYPES, type ResourceFacts } from './resource-types.ts';
import { isObject, type Resource, type Template } from './template.ts';

export interface StackIdentity {
  readonly name: string;
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/** Everything the template's intrinsics can refer to. Resources whose condition does not hold do not exist in it. */
export interface TemplateScope extends Scope {
  exists(resource: Resource): boolean;
}

export function createScope(
  template: Template,
  stack: StackIdentity,
  ids: PhysicalIds,
  parameters: Readonly<Record<string, string>>,
): TemplateScope {
  const urlSuffix = stack.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': stack.accountId,
    'AWS::NoValue': NO_VALUE,
    'AWS::NotificationARNs': [],
    'AWS::Partition': stack.partition,
    'AWS::Region': stack.region,
    'AWS::StackId': `arn:${stack.partition}:cloudformation:${stack.region}:${stack.accountId}:stack/${stack.name}/${ids.name('')}`,
    'AWS::StackName': stack.name,
    'AWS::URLSuffix': urlSuffix,
  };
  const conditionsUnderWay = new Set<string>();
  const identitiesUnderWay = new Set<string>();

  const scope: TemplateScope = {
    ref(name) {
      if (Object.hasOwn(pseudo, name)) return pseudo[name];
      const resource = resourceNamed(name);
      const type = resource && RESOURCE_TYPES[resource.Type];
      return type ? identity(name, resource, type.ref) : parameter(name);
    },

    attribute(logicalId, attribute) {
      const resource = resourceNamed(logicalId);
      const read = resource && RESOURCE_TYPES[resource.Type]?.attributes?.[attribute];
      return read && identity(logicalId, resource, read);
    },

    mapping(map, key, second) {
      const rows = template.Mappings?.[map];
      const row = isObject(rows) ? rows[key] : undefined;
      return isObject(row) ? row[second] : undefined;
    },

    condition(name) {
      const body = template.Conditions?.[name];
      if (body === undefined) return undefined;
      return guarded(conditionsUnderWay, name, `Conditions.${name}`, () =>
        evaluateCondition(body, scope, `Conditions.${name}`),
      );
    },

    exists: (resource) => resource.Condition === undefined || scope.condition(resource.Condition) === true,
  };
  return scope;

  function resourceNamed(logicalId: string): Resource | undefined {
    if (!Object.hasOwn(template.Resources, logicalId)) return undefined;
    const resource = template.Resources[logicalId];
    return resource && scope.exists(resource) ? resource : undefined;
  }

  function parameter(name: string): unknown {
    const declared = template.Parameters?.[name];
    if (declared === undefined) return undefined;
    const path = `Parameters.${name}`;
    const value = parameters[name] ?? declared.Default;
    if (value === undefined) throw new Unresolvable(path, 'the parameter has no default and no value was given');
    if (declared.Type?.startsWith('AWS::SSM::')) {
      throw new Unresolvable(path, `a value of type ${declared.Type} is known only when deployed`);
    }
    return declared.Type === 'CommaDelimitedList' ? String(value).split(',') : value;
  }

  function identity(logicalId: string, resource: Resource, read: (facts: ResourceFacts) => string): string {
    const facts: ResourceFacts = {
      ...stack,
      logicalId,
      urlSuffix,
      ids,
      property(name) {
        const value = resource.Properties?.[name];
        if (value === undefined) return undefined;
        const resolved = resolve(value, scope, `${logicalId}.Properties.${name}`);
        return resolved === NO_VALUE ? undefined : String(resolved);
      },
    };
    return guarded(identitiesUnderWay, logicalId, logicalId, () => read(facts));
  }
}

/** CloudFormation refuses what refers to itself, by whatever detour; without this it would never end here. */
function guarded<T>(underWay: Set<string>, name: string, path: string, evaluate: () => T): T {
  if (underWay.has(name)) throw new Unresolvable(path, 'it refers to itself (circular dependency)');
  underWay.add(name);
  try {
    return evaluate();
  } finally {
    underWay.delete(name);
  }
}
