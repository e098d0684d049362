import { EmulatorError } from '../stack/emulator-error.ts';
import { isObject } from './values.ts';

/** A compiled CloudFormation template, as `sls package` writes it: JSON, intrinsics in their long form. */
export interface Template {
  readonly Transform?: unknown;
  readonly Parameters?: Readonly<Record<string, Parameter>>;
  readonly Mappings?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Parameter {
  readonly Type?: unknown;
  readonly Default?: unknown;
  readonly AllowedValues?: unknown;
}

export interface Resource {
  readonly Type: string;
  /** Name of the condition that must hold for the resource to exist. */
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly Properties?: Readonly<Record<string, unknown>>;
}

const SECTIONS = new Set(
  'AWSTemplateFormatVersion Description Metadata Parameters Rules Mappings Conditions Transform Resources Outputs'.split(
    ' ',
  ),
);

/** Of a resource. */
const ATTRIBUTES = new Set(
  'Type Condition CreationPolicy DeletionPolicy DependsOn Metadata Properties UpdatePolicy UpdateReplacePolicy Version'.split(
    ' ',
  ),
);

/** CloudFormation's own quota. */
const MOST_RESOURCES = 500;
const DEEPEST = 100;
/** Values of every kind; a template of CloudFormation's largest size, 1 MB, cannot hold as many. */
const MOST_VALUES = 500_000;

/**
 * Checks the outer shape only: what is inside of a resource is judged where it is read.
 * @param origin what the error calls the template
 * @throws EmulatorError TEMPLATE_UNREADABLE
 */
export function asTemplate(value: unknown, origin: string): Template {
  const faults = notPlain(value) ?? shapeFaults(value);
  if (faults.length === 0) return value as Template;
  throw new EmulatorError({
    code: 'TEMPLATE_UNREADABLE',
    cause: `${origin} is not a compiled CloudFormation template: ${faults.join('; ')}.`,
    cure: 'Give the JSON template that `sls package` writes (cloudformation-template-update-stack.json).',
  });
}

function shapeFaults(value: unknown): string[] {
  if (!isObject(value) || !isObject(value.Resources)) return ['it has no Resources'];
  const faults: string[] = [];
  for (const section of Object.keys(value)) {
    if (!SECTIONS.has(section)) faults.push(`there is no section ${section.slice(0, 80)} in templates`);
  }
  for (const section of ['Parameters', 'Mappings', 'Conditions']) {
    const held = value[section];
    if (held === undefined) continue;
    if (!isObject(held)) faults.push(`${section} must be an object`);
    else if (section === 'Parameters' && !Object.values(held).every(isObject)) {
      faults.push('every one of Parameters must be an object');
    }
  }
  const resources = Object.entries(value.Resources);
  if (resources.length > MOST_RESOURCES) faults.push(`it has more than ${MOST_RESOURCES} resources`);
  else faults.push(...resources.flatMap(([logicalId, resource]) => resourceFaults(logicalId, resource)));
  return faults;
}

function resourceFaults(logicalId: string, resource: unknown): string[] {
  if (logicalId.startsWith('Fn::')) return [`${logicalId} in Resources is not supported`];
  if (!/^[A-Za-z0-9]{1,255}$/.test(logicalId)) {
    return [`the logical id ${logicalId.slice(0, 80)} has other than letters and digits`];
  }
  const name = `resource ${logicalId}`;
  if (!isObject(resource) || typeof resource.Type !== 'string') return [`${name} has no Type`];
  const { Condition, DependsOn, Properties } = resource;
  const faults: string[] = [];
  for (const key of Object.keys(resource)) {
    if (!ATTRIBUTES.has(key)) faults.push(`${name} has ${key.slice(0, 80)}, which is no part of a resource`);
  }
  if (Properties !== undefined && !isObject(Properties)) faults.push(`${name} has Properties that are no object`);
  if (Condition !== undefined && typeof Condition !== 'string') faults.push(`${name} has a Condition that is no name`);
  const dependencies = Array.isArray(DependsOn) ? DependsOn : [DependsOn ?? ''];
  if (!dependencies.every((it) => typeof it === 'string')) faults.push(`${name} has a DependsOn that is no name`);
  return faults;
}

/** Templates are JSON: no functions, no dates, nothing that contains itself, and nothing deeper than anyone writes. */
function notPlain(template: unknown): string[] | undefined {
  let count = 0;
  const left: [value: unknown, depth: number][] = [[template, 0]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, depth] = next;
    if (++count > MOST_VALUES) return [`it holds more than ${MOST_VALUES} values`];
    if (depth > DEEPEST) return [`it is nested more than ${DEEPEST} deep`];
    if (typeof value !== 'object' || value === null) {
      if (['function', 'symbol', 'bigint'].includes(typeof value))
        return [`it holds a ${typeof value}, which is not JSON`];
      continue;
    }
    if (Object.hasOwn(value, '__proto__')) return ['it has a key named __proto__'];
    for (const inner of Object.values(value)) left.push([inner, depth + 1]);
  }
  return undefined;
}
