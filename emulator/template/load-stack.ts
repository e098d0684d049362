import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { Stack } from '../stack/stack.ts';
import { Unresolvable } from './intrinsics.ts';
import { createPhysicalIds } from './physical-ids.ts';
import { createProblems, type Problems } from './problems.ts';
import { type Properties, readProperties } from './properties.ts';
import { readApis } from './read-apis.ts';
import { type CodeFolders, readFunction } from './read-function.ts';
import { readPermission } from './read-permission.ts';
import { readTable } from './read-table.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import { createScope, type TemplateScope } from './scope.ts';
import { asTemplate, type Template } from './template.ts';

export interface LoadStackOptions extends CodeFolders {
  readonly template: unknown;
  /** CloudFormation stack name; generated ids and names follow from it. */
  readonly stackName: string;
  readonly region: string;
  /** Twelve digits; AWS's documentation account by default. */
  readonly accountId?: string;
  /** Values for the template's Parameters, over their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Reads a compiled CloudFormation template, and unpacks the artifacts it names.
 * @throws EmulatorError naming every resource and property that the emulator cannot run, all at once
 */
export function loadStack({ stackName: name, region, accountId, parameters, ...options }: LoadStackOptions): Stack {
  const template = asTemplate(options.template, `The template of stack ${name}`);
  const identity = { name, partition: partitionOf(region), region, accountId: accountId ?? '123456789012' };
  const problems = createProblems(name);
  const scope = createScope(template, identity, createPhysicalIds(name), parameters ?? {});
  const resources = existingResources(template, scope, problems);

  const ofType = (type: string): readonly Properties[] => resources.get(type) ?? [];
  const functions = ofType('AWS::Lambda::Function').flatMap((it) => readFunction(it, scope, options) ?? []);
  const functionArns = ofType('AWS::Lambda::Function').map((it) => String(scope.attribute(it.logicalId, 'Arn')));
  const apis = readApis(ofType, scope, new Set(functionArns));
  const permissions = ofType('AWS::Lambda::Permission').flatMap((it) => readPermission(it, identity, functions) ?? []);
  const tables = ofType('AWS::DynamoDB::Table').flatMap((it) => readTable(it, scope) ?? []);
  problems.throwIfAny();
  return { ...identity, functions, ...apis, domains: [], permissions, tables };
}

/**
 * Reads the stack that `sls package` left in a folder (`.serverless`): its template, and the zips beside it.
 * @param folder absolute
 * @param cache where to unpack; kept from one start to the next
 * @throws EmulatorError
 */
export function loadPackagedStack(
  folder: string,
  options: { cache: string; region: string; stackName: string; accountId?: string },
): Stack {
  const file = join(folder, 'cloudformation-template-update-stack.json');
  let template: unknown;
  try {
    template = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new EmulatorError({
      code: 'TEMPLATE_UNREADABLE',
      cause: `The compiled template ${file} cannot be read: ${(error as Error).message}`,
      cure: 'Package the service first: npx sls package',
    });
  }
  return loadStack({ ...options, template, artifacts: folder });
}

/** The resources whose condition holds, by type. Reports types that nobody here knows, and identities that fail. */
function existingResources(template: Template, scope: TemplateScope, problems: Problems): Map<string, Properties[]> {
  const byType = new Map<string, Properties[]>();
  for (const [logicalId, resource] of Object.entries(template.Resources)) {
    try {
      if (!scope.exists(resource)) continue;
      if (RESOURCE_TYPES[resource.Type] === undefined) {
        problems.report(logicalId, `the emulator does not know resource type ${resource.Type}`);
        continue;
      }
      if (ACTED_ON.test(resource.Type)) scope.ref(logicalId);
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      for (const { path, reason } of error.faults) problems.report(path, reason);
      continue;
    }
    const others = byType.get(resource.Type) ?? [];
    byType.set(resource.Type, [...others, readProperties(logicalId, resource, scope, problems)]);
  }
  return byType;
}

const ACTED_ON = /^AWS::(ApiGatewayV2::(Api|Integration|Route|Stage)|Lambda::Function|DynamoDB::Table)$/;

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
