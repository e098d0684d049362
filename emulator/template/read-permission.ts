import type { InvokePermission, LambdaFunction } from '../stack/stack.ts';
import type { Properties } from './properties.ts';
import type { StackIdentity } from './scope.ts';

/**
 * One `AWS::Lambda::Permission`: a statement of a function's resource policy.
 * @returns undefined when it can never allow an invocation of a function here, or could not be read (reported then)
 */
export function readPermission(
  properties: Properties,
  stack: StackIdentity,
  functions: readonly LambdaFunction[],
): InvokePermission | undefined {
  const functionName = properties.requiredString('FunctionName');
  const principal = properties.requiredString('Principal');
  const action = properties.requiredString('Action');
  const sourceArn = properties.string('SourceArn');
  const sourceAccount = properties.string('SourceAccount');
  if (functionName === undefined || principal === undefined || action === undefined) return undefined;
  if (action !== 'lambda:InvokeFunction' && action !== 'lambda:*') return undefined;
  if (sourceAccount !== undefined && sourceAccount !== stack.accountId) return undefined;

  const named = functions.find((candidate) => candidate.name === functionName || candidate.arn === functionName);
  return {
    logicalId: properties.logicalId,
    functionArn: named?.arn ?? functionName,
    principal,
    action,
    ...(sourceArn === undefined ? {} : { sourceArn }),
  };
}
