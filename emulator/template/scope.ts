import { createBounds } from './bounds.ts';
import { evaluateCondition, NO_VALUE, resolve, type Scope } from './intrinsics.ts';
import { createParameters } from './parameters.ts';
import type { PhysicalIds } from './physical-ids.ts';
import type { ResourceFacts } from './resource-facts.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import type { Resource, Template } from './template.ts';
import { wrong } from './unresolvable.ts';
import { isObject, own, textOf } from './values.ts';

export interface StackIdentity {
  readonly name: string;
  readonly partition: string;
  readonly region: string;
  /** Twelve digits. */
  readonly accountId: string;
}

/** Everything the template's intrinsics can refer to. Resources whose condition does not hold do not exist in it. */
export interface TemplateScope extends Scope {
  readonly ids: PhysicalIds;
  exists(resource: Resource): boolean;
}

/** No name, id or ARN in AWS is longer. */
const LONGEST_IDENTITY = 2_048;

export function createScope(
  template: Template,
  stack: StackIdentity,
  ids: PhysicalIds,
  given: Readonly<Record<string, string>>,
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
  const parameters = createParameters(template, given);
  const conditions = createAnswers<boolean>();
  const identities = createAnswers<string | undefined>();

  const scope: TemplateScope = {
    ...createBounds(),
    ids,
    languageExtensions: [template.Transform].flat().includes('AWS::LanguageExtensions'),

    ref(name) {
      if (Object.hasOwn(pseudo, name)) return pseudo[name];
      const resource = resourceNamed(name);
      const type = resource && own(RESOURCE_TYPES, resource.Type);
      return type ? identity(name, '', resource, type.ref) : parameters.value(name);
    },

    attribute(logicalId, attribute) {
      const resource = resourceNamed(logicalId);
      const type = resource && own(RESOURCE_TYPES, resource.Type);
      const read = own(type?.attributes, attribute);
      return read && resource && identity(logicalId, attribute, resource, read);
    },

    mapping(map, key, second) {
      const rows = own(template.Mappings, map);
      const row = isObject(rows) ? own(rows, key) : undefined;
      return isObject(row) ? own(row, second) : undefined;
    },

    condition(name) {
      const body = own(template.Conditions, name);
      if (body === undefined) return undefined;
      const path = `Conditions.${name}`;
      return conditions(name, path, () => evaluateCondition(body, scope, path));
    },

    exists({ Condition: name }) {
      if (name === undefined) return true;
      const holds = scope.condition(name);
      if (holds === undefined) throw wrong('Conditions', `there is no condition ${name}`);
      return holds;
    },
  };
  return scope;

  function resourceNamed(logicalId: string): Resource | undefined {
    const resource = own(template.Resources, logicalId);
    return resource && scope.exists(resource) ? resource : undefined;
  }

  function identity(
    logicalId: string,
    attribute: string,
    resource: Resource,
    read: (facts: ResourceFacts) => string | undefined,
  ): string | undefined {
    const facts: ResourceFacts = {
      ...stack,
      logicalId,
      urlSuffix,
      ids,
      has: (name) => own(resource.Properties, name) !== undefined,
      property(name) {
        const value = own(resource.Properties, name);
        if (value === undefined) return undefined;
        const path = `${logicalId}.Properties.${name}`;
        const resolved = resolve(value, scope, path);
        if (resolved === NO_VALUE) return undefined;
        const text = textOf(resolved);
        if (text === undefined) throw wrong(path, 'must be a string');
        return text;
      },
    };
    return identities(`${logicalId}.${attribute}`, logicalId, () => {
      const found = read(facts);
      if (found !== undefined && found.length > LONGEST_IDENTITY) throw wrong(logicalId, 'its name or ARN is too long');
      return found;
    });
  }
}

/**
 * Answers every question once: what refers to others many times over, and they to others again, would otherwise take for
 * ever. CloudFormation refuses what refers to itself, by whatever detour; it would never end here.
 */
function createAnswers<T>(): (question: string, path: string, evaluate: () => T) => T {
  const answers = new Map<string, { readonly value: T } | { readonly error: unknown }>();
  const underWay = new Set<string>();
  return (question, path, evaluate) => {
    const known = answers.get(question);
    if (known && 'error' in known) throw known.error;
    if (known) return known.value;
    if (underWay.has(question)) throw wrong(path, 'it refers to itself (circular dependency)');
    underWay.add(question);
    try {
      const value = evaluate();
      answers.set(question, { value });
      return value;
    } catch (error) {
      answers.set(question, { error });
      throw error;
    } finally {
      underWay.delete(question);
    }
  };
}
