import { basename, join } from 'node:path';
import type { FunctionUrl, LambdaFunction } from '../stack/stack.ts';
import { unpackArtifact, writeInlineCode } from './artifacts.ts';
import type { Properties } from './properties.ts';
import type { Roles } from './read-roles.ts';
import type { TemplateScope } from './scope.ts';
import { objectOf, plain, TAGS } from './shapes.ts';
import { isObject, textOf } from './values.ts';

export interface CodeFolders {
  /** Folder that holds the zips, named as the last part of `Code.S3Key`. */
  readonly artifacts: string;
  /** Folder to unpack into. */
  readonly cache: string;
}

/** A function as the template describes it, its code not yet looked at. */
export interface FunctionDescription extends Omit<LambdaFunction, 'codeFolder'> {
  /** @returns the folder of the code, unpacked. @throws EmulatorError ARTIFACT_MISSING */
  unpack(folders: CodeFolders): string;
}

/** Names that Lambda sets itself; a deployment that sets one of them is refused there, and so here. */
const RESERVED_VARIABLES =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(REGION|DEFAULT_REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_(FUNCTION_NAME|FUNCTION_MEMORY_SIZE|FUNCTION_VERSION|INITIALIZATION_TYPE|LOG_GROUP_NAME|LOG_STREAM_NAME|RUNTIME_API))|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$/;
const VARIABLE_NAME = /^[A-Za-z][A-Za-z0-9_]+$/;
/** Bytes of all names and values together: Lambda's quota. */
const MOST_ENVIRONMENT_BYTES = 4_096;
/** Lambda's own bound is the account's concurrency, which can be raised; this one only keeps numbers sane. */
const MOST_RESERVED = 1_000_000;

/** What changes nothing that can be seen here, or is warned of: traces, encryption, hardware, networks. */
const HARMLESS = {
  ...plain('Architectures', 'CodeSigningConfigArn', 'Description', 'FunctionName', 'KmsKeyArn', 'RecursiveLoop'),
  DeadLetterConfig: objectOf('TargetArn'),
  EphemeralStorage: objectOf('Size'),
  LoggingConfig: objectOf('ApplicationLogLevel', 'LogFormat', 'LogGroup', 'SystemLogLevel'),
  RuntimeManagementConfig: objectOf('RuntimeVersionArn', 'UpdateRuntimeOn'),
  Tags: TAGS,
  TracingConfig: objectOf('Mode'),
  VpcConfig: objectOf('Ipv6AllowedForDualStack', 'SecurityGroupIds', 'SubnetIds'),
};

/**
 * One `AWS::Lambda::Function`. Defaults are CloudFormation's: 3 s (LA-03) and 128 MB.
 * @param url of this function, when it has one
 * @returns undefined when something needed is missing; it has been reported then
 */
export function readFunction(
  properties: Properties,
  scope: TemplateScope,
  roles: Roles,
  url: FunctionUrl | undefined,
): FunctionDescription | undefined {
  const { logicalId } = properties;
  refuseUnsupported(properties);
  if (properties.string('PackageType') === 'Image') {
    properties.report('PackageType', 'container images are not supported');
    return undefined;
  }
  const runtime = properties.requiredString('Runtime');
  if (runtime !== undefined && !/^nodejs\d+\.x$/.test(runtime)) {
    properties.report('Runtime', `${runtime.slice(0, 80)} is not supported: only Node.js runtimes are`);
  }
  const handler = properties.requiredString('Handler');
  const timeoutMs = 1_000 * properties.number('Timeout', { min: 1, max: 900, otherwise: 3 });
  const memoryMb = properties.number('MemorySize', { min: 128, max: 10_240, otherwise: 128 });
  const environment = readEnvironment(properties);
  const reservedConcurrency = properties.optionalNumber('ReservedConcurrentExecutions', { min: 0, max: MOST_RESERVED });
  const role = roles.of(properties);
  warnOfDifferences(properties);
  const unpack = readCode(properties);
  properties.refuseOthers(HARMLESS);
  if (runtime === undefined || handler === undefined || role === undefined || unpack === undefined) return undefined;

  return {
    logicalId,
    name: String(scope.ref(logicalId)),
    arn: String(scope.attribute(logicalId, 'Arn')),
    handler,
    runtime,
    timeoutMs,
    memoryMb,
    ...(isArm(properties) && { architecture: 'arm64' as const }),
    environment,
    role,
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
    ...(url && { url }),
    unpack,
  };
}

function isArm(properties: Properties): boolean {
  const architectures = properties.known('Architectures');
  return Array.isArray(architectures) && architectures[0] === 'arm64';
}

function refuseUnsupported(properties: Properties): void {
  properties.refuse(
    ['CapacityProviderConfig', 'DurableConfig', 'FileSystemConfigs', 'ImageConfig', 'TenancyConfig'],
    'the emulator does not support it',
  );
  if (properties.list('Layers').length > 0) properties.report('Layers', 'the emulator does not support layers');
  const snapStart = properties.section('SnapStart')?.string('ApplyOn');
  if (snapStart !== undefined && snapStart !== 'None') properties.report('SnapStart', 'not for Node.js runtimes');
}

/** What is read by nobody here, and would be noticed: where lost events go (LA-05), the network, how logs are written. */
function warnOfDifferences(properties: Properties): void {
  if (holdsAnything(properties.known('DeadLetterConfig'))) {
    properties.warn('DeadLetterConfig', 'events that the function never takes (LA-05) go nowhere here');
  }
  if (holdsAnything(properties.known('VpcConfig'))) {
    properties.warn(
      'VpcConfig',
      'here the function has the network of this machine: it reaches more, or less, than there',
    );
  }
  const logging = properties.known('LoggingConfig');
  if (isObject(logging) && logging.LogFormat === 'JSON') {
    properties.warn('LoggingConfig', 'logs are text here, not JSON, and no level is left out');
  }
}

/** Whether a configuration is more than empty strings and lists, by which some clear one. */
function holdsAnything(value: unknown): boolean {
  if (!isObject(value)) return value !== undefined && value !== '';
  return Object.values(value).some((it) => (Array.isArray(it) ? it.length > 0 : it !== '' && it !== false));
}

function readEnvironment(properties: Properties): Record<string, string> {
  const variables = properties.section('Environment')?.object('Variables') ?? {};
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const where = `Environment.Variables.${name.slice(0, 200)}`;
    const text = textOf(value);
    if (RESERVED_VARIABLES.test(name)) properties.report(where, 'Lambda sets this variable itself');
    else if (!VARIABLE_NAME.test(name)) properties.report(where, 'must be a letter, then letters, digits and _');
    else if (text === undefined) properties.report(where, 'must be a string');
    else environment[name] = text;
  }
  const bytes = Buffer.byteLength(Object.entries(environment).flat().join(''));
  if (bytes > MOST_ENVIRONMENT_BYTES) {
    properties.report('Environment.Variables', `${bytes} bytes: Lambda takes ${MOST_ENVIRONMENT_BYTES} at most`);
  }
  return environment;
}

function readCode(properties: Properties): FunctionDescription['unpack'] | undefined {
  const code = properties.section('Code');
  if (code === undefined) {
    if (!properties.has('Code')) properties.report('Code', 'is required');
    return undefined;
  }
  code.refuse(['ImageUri'], 'container images are not supported');
  code.refuseOthers(plain('S3Bucket', 'S3Key', 'S3ObjectVersion', 'SourceKMSKeyArn', 'ZipFile'));
  const source = code.string('ZipFile');
  if (source !== undefined) return ({ cache }) => writeInlineCode(source, cache);
  const key = code.string('S3Key');
  if (key !== undefined) return ({ artifacts, cache }) => unpackArtifact(join(artifacts, basename(key)), cache);
  properties.report('Code', 'must name its artifact (S3Key) or hold the code (ZipFile)');
  return undefined;
}
