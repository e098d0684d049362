import { expect } from 'chai';
import { readConfig } from '../../src/handlers/config.ts';

const REQUIRED = {
  TUNNELS_TABLE: 'tunnels',
  CONNECTIONS_TABLE: 'connections',
  PENDING_REQUESTS_TABLE: 'pending-requests',
  WEBSOCKET_API_ENDPOINT: 'wss://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
  POSTERN_PUBLIC_URL: 'https://t.example.com/',
};

describe('readConfig', () => {
  it('needs five variables, and admits nobody by default', () => {
    expect(readConfig(REQUIRED)).to.deep.equal({
      tunnelsTable: 'tunnels',
      connectionsTable: 'connections',
      pendingRequestsTable: 'pending-requests',
      webSocketEndpoint: 'wss://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
      publicUrl: 'https://t.example.com',
      auth: '',
      tokens: '',
      logLevel: 'info',
      pace: { renewAfterSeconds: 6_600, heartbeatSeconds: 300 },
      rendezvous: 'push',
      serverTiming: false,
    });
  });

  it('knows the choices of each setting that has some', () => {
    const chosen = { ...REQUIRED, POSTERN_RENDEZVOUS: 'poll', POSTERN_SERVER_TIMING: 'on' };
    expect(readConfig(chosen)).to.include({ rendezvous: 'poll', serverTiming: true });
    expect(() => readConfig({ ...REQUIRED, POSTERN_RENDEZVOUS: 'pull' })).to.throw(
      'POSTERN_RENDEZVOUS is none of push',
    );
  });

  it('knows five more', () => {
    const more = {
      POSTERN_STREAMING_URL: 'https://u3v9.lambda-url.us-east-1.on.aws/',
      POSTERN_WILDCARD_DOMAIN: 't.example.com',
      POSTERN_AUTH: 'tokens',
      POSTERN_TOKENS: 'ada:00',
      POSTERN_LOG_LEVEL: 'debug',
    };
    expect(readConfig({ ...REQUIRED, ...more })).to.include({
      streamingUrl: 'https://u3v9.lambda-url.us-east-1.on.aws',
      wildcardDomain: 't.example.com',
      auth: 'tokens',
      tokens: 'ada:00',
      logLevel: 'debug',
    });
  });

  it('has no wildcard domain where serverless.yml sets it empty', () => {
    expect(readConfig({ ...REQUIRED, POSTERN_WILDCARD_DOMAIN: '' })).to.not.have.property('wildcardDomain');
  });

  it('has a place for large responses where there is a bucket, in AWS or elsewhere', () => {
    const bucket = { ...REQUIRED, POSTERN_LARGE_RESPONSES_BUCKET: 'b' };
    const elsewhere = { AWS_ENDPOINT_URL_S3: 'http://localhost:9000' };
    expect(readConfig(bucket).largeResponses).to.deep.equal({ bucket: 'b' });
    expect(readConfig({ ...bucket, ...elsewhere }).largeResponses).to.deep.equal({
      bucket: 'b',
      endpoint: 'http://localhost:9000',
    });
    expect(readConfig({ ...REQUIRED, ...elsewhere, POSTERN_LARGE_RESPONSES_BUCKET: '' })).to.not.have.property(
      'largeResponses',
    );
  });

  for (const name of Object.keys(REQUIRED)) {
    it(`names ${name} where it is missing or empty`, () => {
      const message = `the environment variable ${name} is not set`;
      expect(() => readConfig({ ...REQUIRED, [name]: undefined })).to.throw(message);
      expect(() => readConfig({ ...REQUIRED, [name]: '' })).to.throw(message);
    });
  }

  it('takes a quicker pace, and refuses what no connection lives for', () => {
    const quick = readConfig({ ...REQUIRED, POSTERN_RENEW_AFTER_S: '5', POSTERN_HEARTBEAT_S: '2' });
    expect(quick.pace).to.deep.equal({ renewAfterSeconds: 5, heartbeatSeconds: 2 });
    for (const value of ['0', '-1', '1.5', '6601', 'soon']) {
      expect(() => readConfig({ ...REQUIRED, POSTERN_RENEW_AFTER_S: value }), value).to.throw('POSTERN_RENEW_AFTER_S');
    }
  });
});
