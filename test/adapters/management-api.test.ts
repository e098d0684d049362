import { expect } from 'chai';
import { managementEndpoint } from '../../src/adapters/management-api.ts';

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
