import { expect } from 'chai';
import { changed, FUNCTION, load, type Resource, refusal, removeFolders } from './fixture.ts';

describe('functions', () => {
  afterEach(removeFolders);

  it('read their reserved concurrency, of which 0 is one (LA-06)', () => {
    const reserved = (ReservedConcurrentExecutions: unknown) =>
      load({ App: changed(FUNCTION, { ReservedConcurrentExecutions }) }).functions[0];
    expect(reserved(0)).to.have.property('reservedConcurrency', 0);
    expect(reserved('25')).to.have.property('reservedConcurrency', 25);
    expect(reserved(undefined)).to.not.have.property('reservedConcurrency');
    const wrong = (value: unknown) => refusal({ App: changed(FUNCTION, { ReservedConcurrentExecutions: value }) });
    for (const value of ['', -1, 0.5, true, [], [5], {}, null]) {
      expect(wrong(value), JSON.stringify(value)).to.contain('ReservedConcurrentExecutions: must be a whole number');
    }
  });

  it('need a role, and an environment that Lambda would take', () => {
    const Variables = { '1A': 'x', 'A-B': 'x', OK: { a: 1 }, LONG: 'x'.repeat(4_096) };
    const message = refusal({ App: changed(FUNCTION, { Role: undefined, Environment: { Variables } }) });
    expect(message).to.contain('App.Properties.Role: is required');
    expect(message).to.contain('App.Properties.Environment.Variables.1A: must be a letter');
    expect(message).to.contain('App.Properties.Environment.Variables.A-B: must be a letter');
    expect(message).to.contain('App.Properties.Environment.Variables.OK: must be a string');
    expect(message).to.contain('App.Properties.Environment.Variables: 4100 bytes: Lambda takes 4096 at most');
  });

  describe('URLs (LA-11)', () => {
    const url = (properties: Record<string, unknown> = {}): Resource => ({
      Type: 'AWS::Lambda::Url',
      Properties: { TargetFunctionArn: { Ref: 'App' }, AuthType: 'NONE', ...properties },
    });

    it('are read with their CORS, and known by Fn::GetAtt', () => {
      const Environment = { Variables: { SELF: { 'Fn::GetAtt': ['Url', 'FunctionUrl'] } } };
      const cors = { AllowOrigins: ['*'], AllowHeaders: ['content-type'], AllowCredentials: true };
      const stack = load({
        App: FUNCTION,
        Other: changed(FUNCTION, { FunctionName: 'other', Environment }),
        Url: url({ AuthType: 'AWS_IAM', InvokeMode: 'BUFFERED', Cors: cors }),
      });
      const found = stack.functions[0]?.url;
      expect(found).to.deep.include({ logicalId: 'Url', authorization: 'AWS_IAM' });
      expect(found?.urlId).to.match(/^[a-z0-9]{32}$/);
      expect(found?.cors).to.deep.include({
        allowOrigins: ['*'],
        allowHeaders: ['content-type'],
        allowCredentials: true,
      });
      expect(stack.functions[1]?.environment.SELF).to.equal(`https://${found?.urlId}.lambda-url.eu-central-1.on.aws/`);
      expect(stack.functions[1]).to.not.have.property('url');
    });

    it('stream where they say so, and not otherwise (LA-12)', () => {
      for (const [mode, streams] of [
        ['RESPONSE_STREAM', true],
        ['BUFFERED', undefined],
        [undefined, undefined],
      ] as const) {
        const stack = load({ App: FUNCTION, Url: url({ InvokeMode: mode }) });
        expect(stack.functions[0]?.url?.streams, mode).to.equal(streams);
      }
    });

    it('are refused where they answer in another way, or are of no function here, or of one that has one', () => {
      const message = refusal({
        ...{ App: FUNCTION, Url: url({ InvokeMode: 'STREAMED' }), Second: url() },
        Lost: url({ TargetFunctionArn: 'elsewhere' }),
        Open: url({ AuthType: undefined, TargetFunctionArn: 'x' }),
      });
      expect(message).to.contain('Url.Properties.InvokeMode: ');
      expect(message).to.contain('Second.Properties.TargetFunctionArn: a second URL of');
      expect(message).to.contain('Lost.Properties.TargetFunctionArn: elsewhere names no function of this stack');
      expect(message).to.contain('Open.Properties.AuthType: is required');
    });
  });
});
