import type { FunctionUrl, InvokePermission, LambdaFunction } from '../../stack/stack.ts';

const URL_ACTIONS = ['lambda:InvokeFunctionUrl', 'lambda:*'];
const FUNCTION_ACTIONS = ['lambda:InvokeFunction', 'lambda:*'];

/**
 * Why nobody but signers may use a function's URL; nothing where everybody may. It takes two statements: one for the URL and
 * one for the function behind it (developer guide, urls-auth; since October 2025).
 */
export function refusesEverybody(
  permissions: readonly InvokePermission[],
  { name, arn }: Pick<LambdaFunction, 'name' | 'arn'>,
  { authorization }: Pick<FunctionUrl, 'authorization'>,
): string | undefined {
  const open = permissions.filter(
    ({ functionArn, principal, sourceArn }) => functionArn === arn && principal === '*' && sourceArn === undefined,
  );
  const ofUrl = open.some(
    ({ action, functionUrlAuthType = authorization }) =>
      URL_ACTIONS.includes(action) && functionUrlAuthType === authorization,
  );
  if (!ofUrl) {
    return `no statement lets everybody (Principal *) do lambda:InvokeFunctionUrl on ${name} with FunctionUrlAuthType ${authorization}`;
  }
  return open.some(({ action }) => FUNCTION_ACTIONS.includes(action))
    ? undefined
    : `no statement lets everybody (Principal *) do lambda:InvokeFunction on ${name}, best with InvokedViaFunctionUrl: since October 2025 a URL takes both`;
}
