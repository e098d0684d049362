import type { PolicyStatement, RequestAuthorizer } from '../../stack/stack.ts';
import { isRecord, parseResult } from '../function-result.ts';

/** What a REQUEST authorizer's function said, before anybody asked what it means for one route. */
export type AuthorizerAnswer =
  | ({
      readonly kind: 'policy';
      readonly principalId: string;
      readonly statements: readonly PolicyStatement[];
    } & Context)
  | ({ readonly kind: 'simple'; readonly isAuthorized: boolean } & Context)
  /** Nothing that AWS understands: the client gets 500. */
  | { readonly kind: 'invalid'; readonly fault: string };

interface Context {
  /** Values as the function gave them; absent where it gave none. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * Reads what an authorizer returned (WS-15; developer guide, http-api-lambda-authorizer).
 * @param payload the result as JSON text
 * @param maxBytes of that text
 */
export function readAnswer(
  payload: string,
  { payloadFormatVersion, simpleResponses }: Pick<RequestAuthorizer, 'payloadFormatVersion' | 'simpleResponses'>,
  maxBytes: number,
): AuthorizerAnswer {
  const bytes = Buffer.byteLength(payload);
  if (bytes > maxBytes) return invalid(`${bytes} bytes, more than the ${maxBytes} that an authorizer may return`);
  const result = parseResult(payload);
  if (!isRecord(result)) return invalid('something that is no object');
  const { context, principalId, isAuthorized } = result;
  const fault = faultOfContext(context, payloadFormatVersion);
  if (fault !== undefined) return invalid(fault);
  const told = isRecord(context) ? { context } : {};
  if (simpleResponses) {
    return typeof isAuthorized === 'boolean'
      ? { kind: 'simple', isAuthorized, ...told }
      : invalid('no boolean isAuthorized, which simple responses must have');
  }
  if (typeof principalId !== 'string') return invalid('no principalId that is text');
  const statements = readPolicy(result.policyDocument);
  return typeof statements === 'string' ? invalid(statements) : { kind: 'policy', principalId, statements, ...told };
}

/** Format 1.0 allows single values alone, as REST APIs do; 2.0 allows lists and maps as well. */
function faultOfContext(context: unknown, format: '1.0' | '2.0'): string | undefined {
  if (context === undefined || context === null) return undefined;
  if (!isRecord(context)) return 'a context that is no object';
  if (format === '2.0') return undefined;
  const [name] = Object.entries(context).find(([, value]) => typeof value === 'object' && value !== null) ?? [];
  return name === undefined ? undefined : `a context whose ${name} is neither text, number nor boolean`;
}

/** @returns the statements, or what is wrong with them */
function readPolicy(document: unknown): readonly PolicyStatement[] | string {
  if (!isRecord(document)) return 'no policyDocument';
  const listed = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (listed.length === 0 || document.Statement === undefined) return 'a policyDocument without a Statement';
  const statements: PolicyStatement[] = [];
  for (const each of listed) {
    const statement = readStatement(each);
    if (typeof statement === 'string') return statement;
    statements.push(statement);
  }
  return statements;
}

function readStatement(given: unknown): PolicyStatement | string {
  if (!isRecord(given)) return 'a Statement that is no object';
  const { Effect, Action, NotAction, Resource, NotResource, Condition } = given;
  if (Effect !== 'Allow' && Effect !== 'Deny') return 'a Statement whose Effect is neither Allow nor Deny';
  if (Condition !== undefined) return 'a Statement with a Condition, which the emulator does not evaluate';
  const actions = textsOf(Action);
  const notActions = textsOf(NotAction);
  const resources = textsOf(Resource);
  const notResources = textsOf(NotResource);
  if ((actions === undefined) === (notActions === undefined)) return 'a Statement without an Action';
  if ((resources === undefined) === (notResources === undefined)) return 'a Statement without a Resource';
  return {
    effect: Effect,
    actions: actions ?? [],
    resources: resources ?? [],
    ...(notActions && { notActions }),
    ...(notResources && { notResources }),
  };
}

/** One text or a list of them; `undefined` for anything else. */
function textsOf(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((each) => typeof each === 'string');
  return texts.length > 0 && texts.length === list.length ? texts : undefined;
}

function invalid(fault: string): AuthorizerAnswer {
  return { kind: 'invalid', fault };
}
