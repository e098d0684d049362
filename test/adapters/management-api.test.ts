import { expect } from 'chai';
import { createPost, managementEndpoint } from '../../src/adapters/management-api.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

describe('managementEndpoint (MG-14)', () => {
  const converted = [
    [
      'wss://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
      'https://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
    ],
    ['ws://localhost:4001/dev', 'http://localhost:4001/dev'],
    [
      'https://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
      'https://k3v9qz7m1d.execute-api.us-east-1.amazonaws.com/prod',
    ],
    ['http://localhost:4001/dev', 'http://localhost:4001/dev'],
    ['WSS://ws.example.com/v1', 'https://ws.example.com/v1'],
    ['wss://ws.example.com/v1/', 'https://ws.example.com/v1'],
    ['wss://ws.example.com', 'https://ws.example.com'],
  ] as const;
  for (const [given, endpoint] of converted) {
    it(`makes ${endpoint} of ${given}`, () => expect(managementEndpoint(given)).to.equal(endpoint));
  }

  const refused = [
    '',
    'ws.example.com/prod',
    '//ws.example.com',
    'ftp://ws.example.com',
    'wss:ws.example.com',
    'wss://',
    'wss:///prod',
  ];
  for (const given of refused) {
    it(`refuses "${given}", quoting it`, () => {
      expect(() => managementEndpoint(given)).to.throw(`"${given}" is no endpoint of a WebSocket API`);
    });
  }
});

describe('createPost', () => {
  let api: Upstream;
  let statuses: number[];
  let posts: number;

  before(async () => {
    process.env.AWS_ACCESS_KEY_ID ??= 'AKIATEST';
    process.env.AWS_SECRET_ACCESS_KEY ??= 'secret';
    process.env.AWS_REGION ??= 'us-east-1';
    api = await startUpstream((_request, response) => {
      posts += 1;
      const status = statuses.shift() ?? 200;
      if (status === 410) response.setHeader('x-amzn-errortype', 'GoneException');
      response.writeHead(status).end();
    });
  });
  beforeEach(() => {
    posts = 0;
  });
  after(() => api.stop());

  function post(answers: number[], withinMs = Number.POSITIVE_INFINITY, lines: unknown[] = []) {
    statuses = answers;
    const clock = createFakeClock();
    const send = createPost(`${api.url}/dev`, { clock, random: () => 0.5, log: (...line) => lines.push(line) });
    return send('A=', 'hi', clock.now() + withinMs);
  }

  it('tries 429 and 5xx again (MG-12, MG-13)', async () => {
    expect(await post([429, 500, 503])).to.equal('sent');
    expect(posts).to.equal(4);
  });

  it('tries nothing again that will not change: 410 is gone, 403 and 413 have failed', async () => {
    expect(await post([410])).to.equal('gone');
    expect(await post([403])).to.equal('failed');
    expect(await post([413])).to.equal('failed');
    expect(posts).to.equal(3);
  });

  it('takes 410 after an attempt whose fate nobody knows for sent: it may have been delivered (MG-13)', async () => {
    expect(await post([500, 410])).to.equal('sent');
    expect(await post([429, 410]), 'a throttled attempt was not delivered').to.equal('gone');
  });

  it('gives up after some seconds, or with the deadline, and says why', async () => {
    const lines: unknown[] = [];
    expect(await post(Array(100).fill(429), undefined, lines)).to.equal('failed');
    expect(posts).to.be.within(12, 60);
    expect(lines).to.have.length(1);
    posts = 0;
    expect(await post(Array(100).fill(429), 60)).to.equal('failed');
    expect(posts).to.be.below(4);
    posts = 0;
    expect(await post([429], -1), 'after the deadline').to.equal('failed');
    expect(posts).to.equal(1);
  });
});
