import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { strToU8, zipSync } from 'fflate';
import { EmulatorError } from '../../../emulator/stack/emulator-error.ts';
import type { Stack } from '../../../emulator/stack/stack.ts';
import { loadStack } from '../../../emulator/template/load-stack.ts';

const folders: string[] = [];

/** A folder of its own for one test; `removeFolders` belongs into `afterEach`. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-template-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly Properties?: Record<string, unknown>;
}

export type Resources = Record<string, Resource>;

/** Loads a template in which `artifact.zip` is there for every function that wants it. */
export function load(resources: Resources, rest: object = {}): Stack {
  const folder = makeFolder();
  writeFileSync(join(folder, 'artifact.zip'), zipSync({ 'src/app.cjs': strToU8('exports.handler = async () => 1;') }));
  return loadStack({
    template: { ...rest, Resources: resources },
    artifacts: folder,
    cache: join(folder, 'cache'),
    stackName: 'shop-dev',
    region: 'eu-central-1',
  });
}

/** The message of the one error that loading ends with. */
export function refusal(resources: Resources, rest?: object): string {
  try {
    load(resources, rest);
  } catch (error) {
    expect(error).to.be.instanceOf(EmulatorError).with.property('code', 'TEMPLATE_INVALID');
    return (error as EmulatorError).message;
  }
  throw new Error('the template was accepted');
}

/** The resource with some of its properties changed; `undefined` takes one away. */
export function changed(resource: Resource | undefined, properties: Record<string, unknown>): Resource {
  if (resource === undefined) throw new Error('no resource to change');
  return { ...resource, Properties: { ...resource.Properties, ...properties } };
}

/** The ARN of `App` and of what else has that logical id. */
export const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** The URI by which API Gateway invokes a function. */
export const uriOf = (logicalId: string, qualifier = '') => ({
  'Fn::Sub': `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${logicalId}.Arn}${qualifier}/invocations`,
});

export const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: 'shop-dev-app',
    Role: 'arn:aws:iam::123456789012:role/shop',
    Handler: 'src/app.handler',
    Runtime: 'nodejs22.x',
    Code: { S3Bucket: 'deployments', S3Key: 'serverless/shop/dev/1-2026/artifact.zip' },
  },
};

/** A route's three resources and the stage, for an API of either protocol. */
export function api(protocol: 'HTTP' | 'WEBSOCKET', routeKey: string): Resources {
  return {
    Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'shop', ProtocolType: protocol } },
    Integration: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: { Ref: 'Api' },
        IntegrationType: 'AWS_PROXY',
        IntegrationUri: { 'Fn::GetAtt': ['App', 'Arn'] },
        PayloadFormatVersion: '1.0',
      },
    },
    Route: {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: { Ref: 'Api' },
        RouteKey: routeKey,
        Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
      },
    },
    Stage: {
      Type: 'AWS::ApiGatewayV2::Stage',
      Properties: { ApiId: { Ref: 'Api' }, StageName: 'dev', AutoDeploy: true, StageVariables: { colour: 'blue' } },
    },
  };
}
