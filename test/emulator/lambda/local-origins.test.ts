import { expect } from 'chai';
import { originsByHost, withLocalEnvironment } from '../../../emulator/local-origins.ts';
import type { Stack } from '../../../emulator/stack/stack.ts';
import { httpApi, webSocketApi } from '../gateway/fixture.ts';
import { createFunction, stopAll } from './fixture.ts';

describe('local origins', () => {
  afterEach(stopAll);

  const url = { logicalId: 'Url', urlId: 'abcdefghijklmnopqrstuvwxyz234567', authorization: 'NONE' as const };
  const HTTP = 'httpapi123.execute-api.us-east-1.amazonaws.com';
  const WS = 'wsapi12345.execute-api.us-east-1.amazonaws.com';
  const URL_HOST = `${url.urlId}.lambda-url.us-east-1.on.aws`;

  function stackOf(): Stack {
    return {
      name: 'shop-dev',
      partition: 'aws',
      region: 'us-east-1',
      accountId: '123456789012',
      functions: [createFunction('', { fn: { name: 'app', url } })],
      httpApi: httpApi({ $default: 'app' }, '2.0', { apiId: 'httpapi123' }),
      webSocketApi: webSocketApi({ $default: 'app' }),
      domains: [
        { domainName: 'api.example.com', apiId: 'httpapi123', stage: '$default', mappingKey: 'v1' },
        { domainName: '*.ws.example.com', apiId: 'wsapi12345', stage: 'dev', mappingKey: '' },
      ],
      permissions: [],
      tables: [],
    };
  }
  const originsOf = (stack: Stack) =>
    originsByHost(stack, {
      http: 'http://localhost:4000',
      websocket: 'https://localhost:4001',
      functions: { app: 'http://localhost:4002' },
      lambda: 'http://127.0.0.1:3002',
    });

  it('are known by every name that AWS would give them', () => {
    expect(Object.fromEntries(originsOf(stackOf()))).to.deep.equal({
      'api.example.com': 'http://localhost:4000',
      '*.ws.example.com': 'wss://localhost:4001',
      [HTTP]: 'http://localhost:4000',
      [WS]: 'wss://localhost:4001',
      [URL_HOST]: 'http://localhost:4002',
      'lambda.us-east-1.amazonaws.com': 'http://127.0.0.1:3002',
    });
  });

  it('stand in variables for the public addresses that people are shown, and for no other', () => {
    const stack = stackOf();
    const environment = {
      PUBLIC: `https://${HTTP}/x,https://${URL_HOST}/`,
      AGENTS: `wss://${WS}/dev`,
      MANAGEMENT: `https://${WS}/dev`,
      PLAIN: `http://${HTTP}/x`,
      DOMAIN: 'https://api.example.com/v1',
      LAMBDA: 'https://lambda.us-east-1.amazonaws.com',
      FOREIGN: 'https://zzzzzzzzzz.execute-api.us-east-1.amazonaws.com',
    };
    const local = withLocalEnvironment(createFunction('', { fn: { environment } }), originsOf(stack)).environment;
    const { PUBLIC: _, ...others } = environment;
    expect(local).to.deep.equal({ ...others, PUBLIC: 'http://localhost:4000/x,http://localhost:4002/' });
  });
});
