import { expect } from 'chai';
import { startEmulator } from '../../../emulator/emulator.ts';
import type { Waterfall, WaterfallEntry } from '../../../emulator/meter/waterfall-line.ts';
import { FUNCTION, load, removeFolders } from '../template/fixture.ts';

const ANY = { http: 0, websocket: 0, lambda: 0, dynamodb: 0, functionUrl: 0 };
const BYTES = 50_000;
const CODE = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  for (let part = 0; part < 5; part += 1) stream.write('x'.repeat(${BYTES / 5}));
  stream.end();
});`;

function permission(Action: string, more: object) {
  const Properties = { FunctionName: { Ref: 'App' }, Principal: '*', Action, ...more };
  return { Type: 'AWS::Lambda::Permission', Properties };
}

describe('the meter at a function URL', () => {
  afterEach(removeFolders);

  it('counts the function and every byte that leaves, and no request of a gateway', async () => {
    const stack = load({
      App: { ...FUNCTION, Properties: { ...FUNCTION.Properties, Handler: 'index.handler', Code: { ZipFile: CODE } } },
      Url: {
        Type: 'AWS::Lambda::Url',
        Properties: { TargetFunctionArn: { Ref: 'App' }, AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' },
      },
      MayAsk: permission('lambda:InvokeFunctionUrl', { FunctionUrlAuthType: 'NONE' }),
      MayInvoke: permission('lambda:InvokeFunction', { InvokedViaFunctionUrl: true }),
    });
    let told: (waterfall: Waterfall) => void = () => {};
    const line = new Promise<Waterfall>((resolve) => {
      told = resolve;
    });
    const emulator = await startEmulator(stack, {
      ports: ANY,
      log: (entry) => 'waterfall' in entry && told((entry as WaterfallEntry).waterfall),
    });
    try {
      const response = await fetch(`${Object.values(emulator.urls.functions ?? {})[0]}/x`);
      expect((await response.text()).length).to.equal(BYTES);
      const { usage, status } = await line;
      expect(status).to.equal(200);
      expect(usage).to.include({ httpRequests: 0, messages: 0, invocations: 1 });
      expect(usage.egressBytes).to.be.within(BYTES + 100, BYTES + 1_000);
      expect(emulator.meter().usage).to.deep.equal(usage);
    } finally {
      await emulator.stop();
    }
  });
});
