import type { FunctionUrl } from '../stack/stack.ts';
import type { FunctionIndex } from './function-index.ts';
import type { Properties } from './properties.ts';
import { readCors } from './read-cors.ts';
import type { ResourcesOfType } from './resources.ts';
import type { TemplateScope } from './scope.ts';

/** Every `AWS::Lambda::Url` by the ARN of its function (LA-11, LA-12). */
export function readFunctionUrls(
  resources: ResourcesOfType,
  scope: TemplateScope,
  functions: FunctionIndex,
): ReadonlyMap<string, FunctionUrl> {
  const urls = new Map<string, FunctionUrl>();
  for (const properties of resources('AWS::Lambda::Url')) {
    const functionArn = targetOf(properties, functions);
    const authorization = properties.choice('AuthType', ['NONE', 'AWS_IAM']);
    if (!properties.has('AuthType')) properties.report('AuthType', 'is required');
    const streams = properties.choice('InvokeMode', ['BUFFERED', 'RESPONSE_STREAM']) === 'RESPONSE_STREAM';
    const cors = readCors(properties, 'Cors', 'url');
    properties.refuseOthers();
    if (functionArn === undefined || authorization === undefined) continue;
    if (urls.has(functionArn)) properties.report('TargetFunctionArn', `a second URL of ${functionArn}`);
    const { logicalId } = properties;
    const urlId = scope.ids.urlId(logicalId);
    urls.set(functionArn, { logicalId, urlId, authorization, ...(streams && { streams }), ...(cors && { cors }) });
  }
  return urls;
}

/** `Qualifier` names an alias apart from the function. */
function targetOf(properties: Properties, functions: FunctionIndex): string | undefined {
  const target = properties.requiredString('TargetFunctionArn');
  const qualifier = properties.string('Qualifier');
  if (target === undefined) return undefined;
  return functions.invoked(
    properties,
    'TargetFunctionArn',
    qualifier === undefined ? target : `${target}:${qualifier}`,
  );
}
