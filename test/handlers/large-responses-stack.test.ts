import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packageService } from '../../emulator/packaging/package-service.ts';
import { readPackagedService } from '../../emulator/template/packaged-service.ts';
import { ROOT } from '../support/cloud.ts';

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>;
}

const NAME = 'POSTERN_LARGE_RESPONSES_BUCKET';

/** The stack as it deploys, and as the emulator runs it. */
async function compile(largeResponses: 'on' | 'off' | undefined) {
  const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
  const packaged = await packageService({
    service: ROOT,
    stage: 'dev',
    cache: `${ROOT}.postern`,
    environment: {
      ...Object.fromEntries(settings),
      ...(largeResponses && { POSTERN_LARGE_RESPONSES: largeResponses }),
    },
  });
  if (packaged.kind === 'failed') throw new Error(packaged.output);
  const template: Template = JSON.parse(
    readFileSync(join(packaged.folder, 'cloudformation-template-update-stack.json'), 'utf8'),
  );
  return { template, stack: readPackagedService(packaged.folder, `${packaged.folder}/code`).stack };
}

describe('the stack', function () {
  this.timeout(60_000);

  it('has no bucket of its own unless it is asked for one', async () => {
    const { template, stack } = await compile(undefined);
    expect(template.Resources).to.not.have.any.keys('LargeResponsesBucket', 'ForwardLargeResponsesPolicy');
    for (const { environment } of stack.functions) expect(environment).to.not.have.property(NAME);
    expect(JSON.stringify(template)).to.not.contain('s3:PutObject');
  });

  describe('with POSTERN_LARGE_RESPONSES=on', () => {
    let compiled: Awaited<ReturnType<typeof compile>>;

    before(async () => {
      compiled = await compile('on');
    });

    it('has a bucket that is private, encrypted, and empty after a day', () => {
      expect(compiled.template.Resources.LargeResponsesBucket?.Type).to.equal('AWS::S3::Bucket');
      expect(compiled.template.Resources.LargeResponsesBucket?.Properties).to.deep.include({
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        LifecycleConfiguration: { Rules: [{ Id: 'a-day', Status: 'Enabled', ExpirationInDays: 1 }] },
      });
    });

    it('is known to the forward function alone, which may put and get its objects and nothing else', () => {
      const named = compiled.stack.functions.filter(({ environment }) => environment[NAME] !== undefined);
      expect(named.map(({ logicalId }) => logicalId)).to.deep.equal(['ForwardLambdaFunction']);
      expect(named[0]?.environment[NAME]).to.match(/^[a-z0-9.-]{3,63}$/);
      expect(compiled.template.Resources.ForwardLargeResponsesPolicy?.Properties).to.deep.include({
        RoleName: { Ref: 'ForwardRole' },
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['s3:PutObject', 's3:GetObject'],
              Resource: { 'Fn::Sub': '${LargeResponsesBucket.Arn}/*' },
            },
          ],
        },
      });
    });
  });
});
