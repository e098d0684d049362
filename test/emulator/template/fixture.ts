import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
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

type Resources = Record<string, { Type: string; Condition?: string; Properties?: Record<string, unknown> }>;

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

export const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: 'shop-dev-app',
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
