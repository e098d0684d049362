import { basename, join } from 'node:path';
import type { LambdaFunction } from '../stack/stack.ts';
import { unpackArtifact, writeInlineCode } from './artifacts.ts';
import type { Scope } from './intrinsics.ts';
import type { Properties } from './properties.ts';

export interface CodeFolders {
  /** Folder that holds the zips, named as the last part of `Code.S3Key`. */
  readonly artifacts: string;
  /** Folder to unpack into. */
  readonly cache: string;
}

/** Names that Lambda sets itself; a deployment that sets one of them is refused there, and so here. */
const RESERVED_VARIABLES =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_(FUNCTION_NAME|FUNCTION_MEMORY_SIZE|FUNCTION_VERSION|INITIALIZATION_TYPE|LOG_GROUP_NAME|LOG_STREAM_NAME|RUNTIME_API))|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$/;

/**
 * One `AWS::Lambda::Function`. Defaults are CloudFormation's: 3 s (LA-03) and 128 MB.
 * @returns undefined when something needed is missing; it has been reported then
 * @throws EmulatorError ARTIFACT_MISSING
 */
export function readFunction(properties: Properties, scope: Scope, folders: CodeFolders): LambdaFunction | undefined {
  const { logicalId } = properties;
  properties.refuse(['ImageUri', 'Layers', 'FileSystemConfigs'], 'the emulator does not support it');
  if (properties.string('PackageType') === 'Image') {
    properties.report('PackageType', 'container images are not supported');
    return undefined;
  }
  const runtime = properties.requiredString('Runtime');
  if (runtime !== undefined && !/^nodejs\d+\.x$/.test(runtime)) {
    properties.report('Runtime', `${runtime} is not supported: only Node.js runtimes are`);
  }
  const handler = properties.requiredString('Handler');
  const timeoutMs = 1_000 * properties.number('Timeout', { min: 1, max: 900, otherwise: 3 });
  const memoryMb = properties.number('MemorySize', { min: 128, max: 10_240, otherwise: 128 });
  const environment = readEnvironment(properties);
  const codeFolder = readCode(properties, folders);
  if (runtime === undefined || handler === undefined || codeFolder === undefined) return undefined;

  return {
    logicalId,
    name: String(scope.ref(logicalId)),
    arn: String(scope.attribute(logicalId, 'Arn')),
    codeFolder,
    handler,
    runtime,
    timeoutMs,
    memoryMb,
    environment,
    role: { arn: '' },
  };
}

function readEnvironment(properties: Properties): Record<string, string> {
  const variables = properties.object('Environment')?.Variables ?? {};
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const where = `Environment.Variables.${name}`;
    if (RESERVED_VARIABLES.test(name)) properties.report(where, 'Lambda sets this variable itself');
    else if (value === null || typeof value === 'object') properties.report(where, 'must be a string');
    else environment[name] = String(value);
  }
  return environment;
}

function readCode(properties: Properties, { artifacts, cache }: CodeFolders): string | undefined {
  const code = properties.requiredObject('Code');
  if (code === undefined) return undefined;
  if (typeof code.ZipFile === 'string') return writeInlineCode(code.ZipFile, cache);
  if (typeof code.S3Key === 'string') return unpackArtifact(join(artifacts, basename(code.S3Key)), cache);
  properties.report('Code', 'must name its artifact (S3Key) or hold the code (ZipFile)');
  return undefined;
}
