import { type FunctionReference, parseFunctionReference, referenceOfUri } from './function-reference.ts';
import type { Properties } from './properties.ts';
import type { ResourcesOfType } from './resources.ts';
import type { StackIdentity, TemplateScope } from './scope.ts';
import { objectOf, plain } from './shapes.ts';

/** Finds the template's functions by whatever names them. */
export interface FunctionIndex {
  /**
   * The ARN, without a qualifier, of the function that a property names so that it be invoked.
   * @param reference name, ARN or invocation URI; reported against the property when it names no function of the stack
   */
  invoked(properties: Properties, property: string, reference: string): string | undefined;
  /**
   * The ARN that a statement of a resource policy is about. A statement about a function itself says nothing of its
   * versions and aliases, nor the other way round; so one that is not about what `invoked` has met keeps its qualifier.
   * Reported against the property, and undefined, where there is no such function, version or alias.
   */
  statementArn(properties: Properties, property: string, reference: string): string | undefined;
}

const LATEST = '$LATEST';
const PROVISIONED = objectOf('ProvisionedConcurrentExecutions');

/** Reads versions and aliases too: the stack's functions are their only versions. */
export function createFunctionIndex(
  resources: ResourcesOfType,
  scope: TemplateScope,
  stack: StackIdentity,
): FunctionIndex {
  // Functions that cannot be run are there too: that has been reported.
  const arns = resources('AWS::Lambda::Function').map(({ logicalId }) => String(scope.attribute(logicalId, 'Arn')));
  const qualifiers = new Map(arns.map((arn) => [arn, new Set<string>()]));
  readVersions(resources, qualifiers, stack);
  readAliases(resources, qualifiers, stack);
  /** Function ARN → as what it is invoked. */
  const inUse = new Map<string, string>();

  return {
    invoked(properties, property, reference) {
      const found = existing(properties, property, reference);
      if (found === undefined) return undefined;
      const { functionArn, qualifier = LATEST } = found;
      const before = inUse.get(functionArn) ?? qualifier;
      if (before !== qualifier) {
        properties.report(
          property,
          `invokes ${functionArn} as ${qualifier}, others as ${before}: one of them for all is supported`,
        );
      }
      inUse.set(functionArn, before);
      return functionArn;
    },

    statementArn(properties, property, reference) {
      const found = existing(properties, property, reference);
      if (found === undefined) return undefined;
      const { functionArn, qualifier = LATEST } = found;
      return qualifier === (inUse.get(functionArn) ?? LATEST) ? functionArn : `${functionArn}:${qualifier}`;
    },
  };

  function existing(properties: Properties, property: string, reference: string): FunctionReference | undefined {
    const found = parseFunctionReference(referenceOfUri(reference), stack);
    const known = found && qualifiers.get(found.functionArn);
    if (found === undefined || known === undefined) {
      properties.report(property, `${reference.slice(0, 300)} names no function of this stack`);
      return undefined;
    }
    if (found.qualifier === undefined || known.has(found.qualifier)) return found;
    properties.report(property, `${found.qualifier} is no version or alias of ${found.functionArn} in this stack`);
    return undefined;
  }
}

type Qualifiers = ReadonlyMap<string, Set<string>>;

function qualifiersOf(properties: Properties, qualifiers: Qualifiers, stack: StackIdentity): Set<string> | undefined {
  const named = properties.requiredString('FunctionName');
  if (named === undefined) return undefined;
  const known = qualifiers.get(parseFunctionReference(named, stack)?.functionArn ?? '');
  if (known === undefined) properties.report('FunctionName', `${named.slice(0, 300)} names no function of this stack`);
  return known;
}

function readVersions(resources: ResourcesOfType, qualifiers: Qualifiers, stack: StackIdentity): void {
  for (const version of resources('AWS::Lambda::Version')) {
    const known = qualifiersOf(version, qualifiers, stack);
    if (known?.has('1')) version.report('FunctionName', 'the function has more than one version in this stack');
    known?.add('1');
    version.refuseOthers({
      ...plain('CodeSha256', 'Description'),
      ProvisionedConcurrencyConfig: PROVISIONED,
      RuntimePolicy: objectOf('RuntimeVersionArn', 'UpdateRuntimeOn'),
    });
  }
}

/** Provisioned concurrency takes cold starts away in AWS; here they stay. */
function readAliases(resources: ResourcesOfType, qualifiers: Qualifiers, stack: StackIdentity): void {
  for (const alias of resources('AWS::Lambda::Alias')) {
    const known = qualifiersOf(alias, qualifiers, stack);
    const name = alias.requiredString('Name');
    const version = alias.requiredString('FunctionVersion');
    if (version !== undefined && version !== LATEST && !known?.has(version)) {
      alias.report('FunctionVersion', `${version.slice(0, 80)} is no version that this stack publishes`);
    }
    if (name !== undefined) known?.add(name);
    alias.refuse(['RoutingConfig'], 'the emulator does not divide invocations between versions');
    alias.refuseOthers({ ...plain('Description'), ProvisionedConcurrencyConfig: PROVISIONED });
  }
}
