import type { InvokePermission } from '../stack/stack.ts';
import type { FunctionIndex } from './function-index.ts';
import type { Properties } from './properties.ts';
import type { StackIdentity } from './scope.ts';
import { plain } from './shapes.ts';

const INVOKING = ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl', 'lambda:*'];

/** What a policy of a function can be about, each after `lambda:`; Lambda refuses any other action. */
const ACTIONS = new Set(
  `* InvokeFunction InvokeFunctionUrl InvokeAsync AddPermission CreateAlias CreateFunctionUrlConfig DeleteAlias
  DeleteFunction DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig
  DeleteFunctionUrlConfig DeleteProvisionedConcurrencyConfig GetAlias GetFunction GetFunctionCodeSigningConfig
  GetFunctionConcurrency GetFunctionConfiguration GetFunctionEventInvokeConfig GetFunctionRecursionConfig
  GetFunctionScalingConfig GetFunctionUrlConfig GetPolicy GetProvisionedConcurrencyConfig GetRuntimeManagementConfig
  ListAliases ListFunctionEventInvokeConfigs ListFunctionUrlConfigs ListProvisionedConcurrencyConfigs ListTags
  ListVersionsByFunction PublishVersion PutFunctionCodeSigningConfig PutFunctionConcurrency PutFunctionEventInvokeConfig
  PutFunctionRecursionConfig PutFunctionScalingConfig PutProvisionedConcurrencyConfig PutRuntimeManagementConfig
  RemovePermission TagResource UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionCodeSigningConfig
  UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig UpdateFunctionUrlConfig`
    .split(/\s+/)
    .map((name) => `lambda:${name}`),
);

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
  const given = properties.requiredString('Action');
  const action = given === '*' ? 'lambda:*' : given;
  const sourceArn = properties.string('SourceArn');
  const sourceAccount = properties.string('SourceAccount');
  const functionUrlAuthType = properties.choice('FunctionUrlAuthType', ['NONE', 'AWS_IAM']);
  const viaFunctionUrl = properties.boolean('InvokedViaFunctionUrl');
  properties.refuse(['PrincipalOrgID'], 'the emulator knows no organizations');
  const forAlexa = properties.has('EventSourceToken');
  properties.refuseOthers(plain('EventSourceToken'));
  if (action !== undefined && !ACTIONS.has(action)) {
    properties.report('Action', `${action.slice(0, 80)} is no action on a function`);
  }
  const functionArn =
    functionName === undefined ? undefined : functions.statementArn(properties, 'FunctionName', functionName);

  if (functionArn === undefined || principal === undefined || action === undefined) return undefined;
  if (!INVOKING.includes(action) || forAlexa) return undefined;
  if (sourceAccount !== undefined && sourceAccount !== stack.accountId) return undefined;
  return {
    logicalId: properties.logicalId,
    functionArn,
    principal,
    action,
    ...(functionUrlAuthType !== undefined && { functionUrlAuthType }),
    ...(viaFunctionUrl && { viaFunctionUrl }),
    ...(sourceArn !== undefined && { sourceArn }),
  };
}
