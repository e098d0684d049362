import { apiDomain, functionUrlDomain } from '../stack/stack.ts';
import type { InertType } from './inert-type.ts';
import { INERT_TYPES } from './inert-types.ts';
import { NO_VALUE, resolve } from './intrinsics.ts';
import type { Problems } from './problems.ts';
import type { StackIdentity, TemplateScope } from './scope.ts';
import type { Resource, Template } from './template.ts';
import { Unresolvable } from './unresolvable.ts';
import { isObject, own } from './values.ts';

/** Of every resource: they invoke nothing. */
const TEXTS = ['Description', 'Tags'];
/** The framework's own, for what it deploys: no function uses it. */
const DEPLOYMENT_BUCKET = 'ServerlessDeploymentBucket';

/** One thing of the stack that another service could invoke. */
interface Target {
  readonly logicalId: string;
  /** Texts that stand for it. */
  readonly arn?: string;
  readonly name?: string;
  readonly address?: string;
}

/**
 * Refuses each resource of an inert type that would invoke a function of the stack: an S3 notification, a subscription, a
 * rule's target. Warns of the others where a function could notice that they are not there.
 */
export function refuseInvokers(
  template: Template,
  scope: TemplateScope,
  stack: StackIdentity,
  problems: Problems,
): void {
  const existing = Object.entries(template.Resources).filter(([, resource]) => exists(resource, scope));
  const targets = existing.flatMap(([logicalId, { Type }]) => targetOf(logicalId, Type, scope, stack) ?? []);
  for (const [logicalId, resource] of existing) {
    const type = own(INERT_TYPES, resource.Type);
    if (type === undefined) continue;
    judge(logicalId, resource, type, { targets, scope, problems });
    if (type.warning !== undefined && logicalId !== DEPLOYMENT_BUCKET) {
      problems.warn(logicalId, `${resource.Type} ${type.warning}`);
    }
  }
}

interface Context {
  readonly targets: readonly Target[];
  readonly scope: TemplateScope;
  readonly problems: Problems;
}

function judge(logicalId: string, resource: Resource, type: InertType, { targets, scope, problems }: Context): void {
  const mayName = [...TEXTS, ...(type.mayName ?? [])];
  for (const [name, value] of Object.entries(resource.Properties ?? {})) {
    const path = `${logicalId}.Properties.${name}`;
    const why = own(type.refused, name);
    if (why !== undefined) problems.report(path.slice(0, 400), why);
    if (why !== undefined || mayName.includes(name)) continue;
    for (const place of textsIn(value, scope, path)) {
      const invoked = targets.find((target) => isNamed(target, place.text, type.invokesBy));
      if (invoked === undefined) continue;
      problems.report(
        place.path.slice(0, 400),
        `${resource.Type} invokes ${invoked.logicalId}, which the emulator does not do for it`,
      );
    }
  }
}

function exists(resource: Resource, scope: TemplateScope): boolean {
  try {
    return scope.exists(resource);
  } catch (error) {
    if (error instanceof Unresolvable) return false; // reported where resources are read
    throw error;
  }
}

function targetOf(logicalId: string, type: string, scope: TemplateScope, stack: StackIdentity): Target | undefined {
  try {
    if (type === 'AWS::Lambda::Function') {
      return { logicalId, arn: String(scope.attribute(logicalId, 'Arn')), name: String(scope.ref(logicalId)) };
    }
    if (type === 'AWS::Lambda::Url') {
      return { logicalId, address: functionUrlDomain(stack, scope.ids.urlId(logicalId)) };
    }
    if (type === 'AWS::Lambda::Alias' || type === 'AWS::Lambda::Version') return { logicalId };
    if (type !== 'AWS::ApiGatewayV2::Api') return undefined;
    const apiId = scope.ids.apiId(logicalId);
    return {
      logicalId,
      arn: `:execute-api:${stack.region}:${stack.accountId}:${apiId}`,
      address: apiDomain(stack, apiId),
    };
  } catch (error) {
    if (error instanceof Unresolvable) return undefined; // reported where resources are read
    throw error;
  }
}

/** What cannot be resolved is a text too: the intrinsic as it is written, which names logical ids. */
function isNamed({ logicalId, arn, name, address }: Target, text: string, by: InertType['invokesBy']): boolean {
  if (text.startsWith(UNRESOLVED)) return holdsWord(text, logicalId);
  if (name !== undefined && arn !== undefined && holdsWord(text, arn)) return true;
  if (by === 'name') return name !== undefined && holdsWord(text, name);
  if (by === 'address') return [arn, address].some((it) => it !== undefined && holdsWord(text, it));
  return false;
}

const UNRESOLVED = '\0';
const WORD = /[A-Za-z0-9_-]/;

/** Whether `word` stands in the text, and not as a part of a longer one. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + word.length] ?? ' ';
    if (!(WORD.test(before) && WORD.test(word[0] ?? '')) && !WORD.test(after)) return true;
  }
  return false;
}

/** Every text in a value, intrinsics resolved as far as they can be. */
function textsIn(value: unknown, scope: TemplateScope, path: string): { path: string; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, scope, `${path}[${index}]`));
  if (!isObject(value)) return [];
  const [name = '', ...others] = Object.keys(value);
  if (others.length > 0 || (name !== 'Ref' && !name.startsWith('Fn::'))) {
    return Object.entries(value).flatMap(([key, item]) => textsIn(item, scope, `${path}.${key}`));
  }
  try {
    const known = resolve(value, scope, path);
    if (known === NO_VALUE) return [];
    return [{ path, text: typeof known === 'string' ? known : (JSON.stringify(known) ?? '') }];
  } catch (error) {
    if (error instanceof Unresolvable) return [{ path, text: UNRESOLVED + JSON.stringify(value) }];
    throw error;
  }
}
