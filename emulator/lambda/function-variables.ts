import type { Credentials } from '../iam/credentials.ts';
import type { LambdaFunction } from '../stack/stack.ts';

/**
 * The environment variables of a function: its own, and those that Lambda sets. Nothing of the host's own environment but
 * PATH gets in, so that code cannot come to rely on what AWS does not have.
 * @param shared variables laid over every function's own
 * @param credentials what the function signs with
 */
export function functionVariables(
  fn: LambdaFunction,
  region: string,
  logs: { readonly group: string; readonly stream: string },
  shared: Readonly<Record<string, string>>,
  credentials: Credentials = NOBODY,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    // The SDK's warning about old Nodes speaks of this machine's, not of the function's runtime.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...fn.environment,
    ...shared,
    _HANDLER: fn.handler,
    LAMBDA_TASK_ROOT: fn.codeFolder,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: logs.group,
    AWS_LAMBDA_LOG_STREAM_NAME: logs.stream,
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    ...(credentials.sessionToken !== undefined && { AWS_SESSION_TOKEN: credentials.sessionToken }),
  };
}

/** Where nobody checks signatures, the SDK still wants something to sign with. */
const NOBODY: Credentials = {
  accessKeyId: 'ASIAEMULATOR00000000',
  secretAccessKey: 'emulator/secret/access/key/0000000000000',
  sessionToken: 'emulator-session-token',
};
