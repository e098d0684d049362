import { expect } from 'chai';
import { readConfig } from '../../src/handlers/config.ts';
import { once, wireLargeResponses, wireStores } from '../../src/handlers/wiring.ts';

describe('once', () => {
  it('makes one value for all who ask, also at the same time', async () => {
    let made = 0;
    const value = once(async () => {
      made += 1;
      return made;
    });
    expect(await Promise.all([value(), value()])).to.deep.equal([1, 1]);
    expect(await value()).to.equal(1);
  });

  it('tries again after a failure', async () => {
    let tries = 0;
    const value = once(async () => {
      tries += 1;
      if (tries === 1) throw new Error('throttled');
      return tries;
    });
    const error = await value().catch((thrown: Error) => thrown);
    expect(error).to.have.property('message', 'throttled');
    expect(await value()).to.equal(2);
  });
});

describe('the way out for large responses', () => {
  const VARIABLES = {
    TUNNELS_TABLE: 'tunnels',
    CONNECTIONS_TABLE: 'connections',
    PENDING_REQUESTS_TABLE: 'pending-requests',
    WEBSOCKET_API_ENDPOINT: 'wss://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
    POSTERN_PUBLIC_URL: 'https://t.example.com',
  };
  const LAMBDA = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'ASIALAMBDA',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
  };
  const before = { ...process.env };

  beforeEach(() => Object.assign(process.env, LAMBDA));
  afterEach(() => {
    for (const name of Object.keys(LAMBDA)) delete process.env[name];
    Object.assign(process.env, before);
  });

  it('is not there without a bucket', () => {
    expect(wireLargeResponses(wireStores(readConfig(VARIABLES)))).to.equal(undefined);
  });

  it("signs for the bucket with the function's own credentials, in its region", async () => {
    const config = readConfig({ ...VARIABLES, POSTERN_LARGE_RESPONSES_BUCKET: 'bodies' });
    const large = await wireLargeResponses(wireStores(config))?.();
    const url = new URL((await large?.place('abc123def456', 88))?.uploadUrl ?? '');
    expect(url.host).to.equal('bodies.s3.eu-west-1.amazonaws.com');
    expect(url.searchParams.get('X-Amz-Credential')).to.match(/^ASIALAMBDA\/\d{8}\/eu-west-1\/s3\/aws4_request$/);
    expect(url.searchParams.get('X-Amz-Security-Token')).to.equal('token');
  });
});
