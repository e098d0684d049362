import { join } from 'node:path';
import { EmulatorError } from '../stack/emulator-error.ts';
import type { LambdaFunction, Stack } from '../stack/stack.ts';
import { createFunctionIndex } from './function-index.ts';
import { undeclared } from './parameters.ts';
import { createPhysicalIds } from './physical-ids.ts';
import { createProblems, type Problems } from './problems.ts';
import { readApis } from './read-apis.ts';
import { type CodeFolders, type FunctionDescription, readFunction } from './read-function.ts';
import { readFunctionUrls } from './read-function-urls.ts';
import { readJson } from './read-json.ts';
import { readPermission } from './read-permission.ts';
import { createRoles } from './read-roles.ts';
import { readTable } from './read-table.ts';
import { refuseInvokers } from './refuse-invokers.ts';
import { existingResources } from './resources.ts';
import { createScope } from './scope.ts';
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
 * @throws EmulatorError naming every resource and property that the emulator cannot run, all at once; and only then, all
 *   at once, the artifacts that cannot be unpacked
 */
export function loadStack({ stackName, region, accountId, parameters = {}, ...options }: LoadStackOptions): Stack {
  const template = asTemplate(options.template, `The template of stack ${stackName}`);
  const problems = createProblems(stackName);
  const identity = { name: stackName, partition: partitionOf(region), region, accountId: accountId ?? '123456789012' };
  const scope = createScope(template, identity, createPhysicalIds(stackName), parameters);
  refuseMacros(template, problems);
  for (const name of undeclared(template, parameters)) {
    problems.report(`Parameters.${name}`, 'the template has no such parameter');
  }

  const resources = existingResources(template, scope, problems);
  const index = createFunctionIndex(resources, scope, identity);
  const { domains, ...apis } = readApis(resources, scope, index);
  const urls = readFunctionUrls(resources, scope, index);
  const roles = createRoles(resources, scope, identity);
  const functions = resources('AWS::Lambda::Function').flatMap((it) => {
    return readFunction(it, scope, roles, urls.get(String(scope.attribute(it.logicalId, 'Arn')))) ?? [];
  });
  const permissions = resources('AWS::Lambda::Permission').flatMap((it) => readPermission(it, identity, index) ?? []);
  const tables = resources('AWS::DynamoDB::Table').flatMap((it) => readTable(it, scope) ?? []);
  refuseInvokers(template, scope, identity, problems);
  warnOfReserved(functions, problems);
  reportTwins(functions, problems);
  reportTwins(tables, problems);
  problems.throwIfAny();
  const warnings = problems.warnings();
  return {
    ...identity,
    functions: unpackAll(functions, options),
    ...apis,
    ...{ domains, permissions, tables },
    ...(warnings.length > 0 && { warnings }),
  };
}

/**
 * Reads the stack that `sls package` left in a folder (`.serverless`): its template, and the zips beside it.
 * @param folder absolute
 * @throws EmulatorError
 */
export function loadPackagedStack(folder: string, options: Omit<LoadStackOptions, 'template' | 'artifacts'>): Stack {
  const template = readJson(join(folder, 'cloudformation-template-update-stack.json'), 'compiled template');
  return loadStack({ ...options, template, artifacts: folder });
}

/** Macros rewrite a template while it is deployed. This one only adds functions, which the emulator knows. */
function refuseMacros({ Transform: transform = [] }: Template, problems: Problems): void {
  for (const macro of [transform].flat()) {
    if (macro === 'AWS::LanguageExtensions') continue;
    problems.report('Transform', 'macros are expanded only when deployed: give the template that they make');
  }
}

/** What an account has, and what of it must stay unreserved, unless AWS has raised it (LA-06). */
const CONCURRENCY = { account: 1_000, unreserved: 100 };

function warnOfReserved(functions: readonly FunctionDescription[], problems: Problems): void {
  const reserved = functions.reduce((sum, fn) => sum + (fn.reservedConcurrency ?? 0), 0);
  const { account, unreserved } = CONCURRENCY;
  if (reserved <= account - unreserved) return;
  problems.warn(
    'ReservedConcurrentExecutions',
    `functions reserve ${reserved} together; of an account's ${account}, Lambda keeps ${unreserved} unreserved and refuses more`,
  );
}

/** Names are unique in an account. */
function reportTwins(all: readonly { readonly logicalId: string; readonly name: string }[], problems: Problems): void {
  const seen = new Map<string, string>();
  for (const { logicalId, name } of all) {
    const other = seen.get(name);
    if (other !== undefined) problems.report(logicalId, `has the name of ${other}: ${name}`);
    seen.set(name, logicalId);
  }
}

function unpackAll(functions: readonly FunctionDescription[], folders: CodeFolders): LambdaFunction[] {
  const failures = new Map<string, EmulatorError>();
  const unpacked = functions.flatMap(({ unpack, ...fn }) => {
    try {
      return [{ ...fn, codeFolder: unpack(folders) }];
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error;
      failures.set(error.cause, error);
      return [];
    }
  });
  const [first] = failures.values();
  if (first === undefined) return unpacked;
  throw new EmulatorError({ code: first.code, cause: [...failures.keys()].join('\n'), cure: first.cure });
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
