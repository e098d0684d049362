import type { InvokePermission } from '../stack/stack.ts';
import type { FunctionIndex } from './function-index.ts';
import type { Properties } from './properties.ts';
import type { StackIdentity } from './scope.ts';

const INVOKING = ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl', 'lambda:*'];

/**
 * One `AWS::Lambda::Permission`: a statement of a function's resource policy.
 * @param functions must have met everything that invokes a function
 * @returns undefined when it can never allow an invocation of a function here, or could not be read (reported then)
 */
export function readPermission(
  properties: Properties,
  stack: StackIdentity,
  functions: FunctionIndex,
): InvokePermission | undefined {
  const functionName = properties.requiredString('FunctionName');
  const principal = properties.requiredString('Principal');
  const action = properties.requiredString('Action');
  const sourceArn = properties.string('SourceArn');
  const sourceAccount = properties.string('SourceAccount');
  const functionUrlAuthType = properties.choice('FunctionUrlAuthType', ['NONE', 'AWS_IAM']);
  const viaFunctionUrl = properties.boolean('InvokedViaFunctionUrl');
  properties.refuse(['PrincipalOrgID'], 'the emulator knows no organizations');
  const forAlexa = properties.has('EventSourceToken');
  properties.refuseOthers(['EventSourceToken']);

  if (functionName === undefined || principal === undefined || action === undefined) return undefined;
  if (!INVOKING.includes(action) || forAlexa) return undefined;
  if (sourceAccount !== undefined && sourceAccount !== stack.accountId) return undefined;
  return {
    logicalId: properties.logicalId,
    functionArn: functions.statementArn(functionName),
    principal,
    action,
    ...(functionUrlAuthType !== undefined && { functionUrlAuthType }),
    ...(viaFunctionUrl && { viaFunctionUrl }),
    ...(sourceArn !== undefined && { sourceArn }),
  };
}
