import type { Template } from './template.ts';
import { knownOnlyWhenDeployed, wrong } from './unresolvable.ts';
import { own, shown, textOf } from './values.ts';

/** CloudFormation's own quota. */
const LONGEST = 4_096;

/** The values of a template's Parameters: those given, else their defaults. */
export interface Parameters {
  /** Undefined when the template declares none of that name. @throws Unresolvable */
  value(name: string): unknown;
}

/** `AllowedPattern` and the other bounds are left to the deployment: a pattern may be of any cost. */
export function createParameters(
  { Parameters: declarations }: Pick<Template, 'Parameters'>,
  given: Readonly<Record<string, string>>,
): Parameters {
  return {
    value(name) {
      const declared = own(declarations, name);
      if (declared === undefined) return undefined;
      const path = `Parameters.${name}`;
      const type = textOf(declared.Type) ?? 'String';
      const value = own(given, name) ?? declared.Default;
      if (value === undefined) throw wrong(path, 'the parameter has no default and no value was given');
      const text = textOf(value);
      if (text === undefined || text.length > LONGEST) {
        throw wrong(path, `a parameter's value is a string of at most ${LONGEST} characters`);
      }
      const { AllowedValues: allowed } = declared;
      if (Array.isArray(allowed) && !allowed.some((one) => textOf(one) === text)) {
        throw wrong(path, `${shown(text)} is none of its AllowedValues`);
      }
      if (type.startsWith('AWS::SSM::')) {
        throw knownOnlyWhenDeployed(path, `a value of type ${type.slice(0, 200)} is known only when deployed`);
      }
      return type === 'CommaDelimitedList' || type.startsWith('List<')
        ? text.split(',').map((part) => part.trim())
        : text;
    },
  };
}

/** Names of values for which the template has no parameter: CloudFormation refuses those. */
export function undeclared(
  { Parameters: declarations = {} }: Pick<Template, 'Parameters'>,
  given: Readonly<Record<string, string>>,
): string[] {
  return Object.keys(given).filter((name) => !Object.hasOwn(declarations, name));
}
