import { EmulatorError } from '../stack/emulator-error.ts';

/** A compiled CloudFormation template, as `sls package` writes it: JSON, intrinsics in their long form. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, { readonly Type?: string; readonly Default?: unknown }>>;
  readonly Mappings?: Readonly<Record<string, unknown>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  /** Name of the condition that must hold for the resource to exist. */
  readonly Condition?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** Checks the outermost shape only: what is inside a resource is judged where it is read. */
export function asTemplate(value: unknown, origin: string): Template {
  const complain = (cause: string) =>
    new EmulatorError({
      code: 'TEMPLATE_UNREADABLE',
      cause: `${origin} is not a compiled CloudFormation template: ${cause}.`,
      cure: 'Give the JSON template that `sls package` writes (cloudformation-template-update-stack.json).',
    });
  if (!isObject(value) || !isObject(value.Resources)) throw complain('it has no Resources');
  for (const [logicalId, resource] of Object.entries(value.Resources)) {
    if (!isObject(resource) || typeof resource.Type !== 'string') throw complain(`resource ${logicalId} has no Type`);
  }
  return value as unknown as Template;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
