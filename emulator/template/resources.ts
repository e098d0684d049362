import type { Problems } from './problems.ts';
import { type Properties, readProperties } from './properties.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import type { TemplateScope } from './scope.ts';
import type { Template } from './template.ts';
import { Unresolvable } from './unresolvable.ts';
import { own } from './values.ts';

/** The resources that exist, by type, in the template's order. */
export type ResourcesOfType = (type: string) => readonly Properties[];

/**
 * The resources whose condition holds. Reports types that nobody here knows, identities that cannot be resolved, and
 * dependencies on what the template does not have.
 */
export function existingResources(template: Template, scope: TemplateScope, problems: Problems): ResourcesOfType {
  const byType = new Map<string, Properties[]>();
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    for (const dependency of [resource.DependsOn ?? []].flat()) {
      if (own(template.Resources, dependency) !== undefined) continue;
      problems.report(`${logicalId}.DependsOn`, `${dependency.slice(0, 80)} is no resource of this stack`);
    }
    try {
      if (!scope.exists(resource)) continue;
      if (own(RESOURCE_TYPES, resource.Type) === undefined) {
        problems.report(logicalId, refusalOf(resource.Type));
        continue;
      }
      if (NAMED.test(resource.Type)) {
        scope.ref(logicalId);
        scope.attribute(logicalId, 'Arn');
      }
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      problems.reportAll(error);
      continue;
    }
    const others = byType.get(resource.Type) ?? [];
    byType.set(resource.Type, [...others, readProperties(logicalId, resource.Properties ?? {}, scope, problems)]);
  }
  return (type) => byType.get(type) ?? [];
}

/** Types whose readers take for granted that the resource's name and ARN can be resolved. */
const NAMED =
  /^AWS::(ApiGatewayV2::(Api|DomainName|Stage)|Lambda::Function|DynamoDB::Table|IAM::(Role|ManagedPolicy))$/;

/** Types that are there only to invoke functions, or to change how they are invoked. */
const INVOKERS: Readonly<Record<string, string>> = {
  'AWS::Lambda::EventInvokeConfig':
    'the emulator has no other retries and destinations of events than the default (LA-05)',
  'AWS::Lambda::EventSourceMapping': 'the emulator does not invoke functions with what is in queues and streams',
};

function refusalOf(type: string): string {
  const why = own(INVOKERS, type);
  if (why !== undefined) return `${type}: ${why}`;
  const refusal = `the emulator does not know resource type ${type.slice(0, 200)}`;
  return type.startsWith('AWS::Serverless::') ? `${refusal}: SAM expands it only when deployed` : refusal;
}
