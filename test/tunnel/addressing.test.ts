import { expect } from 'chai';
import fc from 'fast-check';
import { addressOf, pathUrl, subdomainUrl } from '../../src/tunnel/addressing.ts';

const ID = 'abc123def456';

describe('addressOf a path', () => {
  const uris = [
    { name: '/id', path: `/${ID}`, query: '', uri: '/' },
    { name: '/id/', path: `/${ID}/`, query: '', uri: '/' },
    { name: '/id with a query', path: `/${ID}`, query: 'x=1', uri: '/?x=1' },
    { name: '/id/rest with a query', path: `/${ID}/api/users`, query: 'x=1&x=%20', uri: '/api/users?x=1&x=%20' },
    { name: 'a trailing slash', path: `/${ID}/a/`, query: '', uri: '/a/' },
    { name: 'two slashes after the id', path: `/${ID}//x`, query: '', uri: '//x' },
    { name: 'nothing but slashes', path: `/${ID}//`, query: '', uri: '//' },
    { name: 'an empty segment inside', path: `/${ID}/a//b`, query: '', uri: '/a//b' },
    { name: 'escapes', path: `/${ID}/a%2Fb%20c%3F`, query: '', uri: '/a%2Fb%20c%3F' },
    { name: 'dot segments', path: `/${ID}/../x/./y`, query: '', uri: '/../x/./y' },
    { name: 'the id a second time', path: `/${ID}/${ID}`, query: '', uri: `/${ID}` },
    { name: 'a question mark in the query', path: `/${ID}/a`, query: '?b', uri: '/a??b' },
  ];
  for (const { name, path, query, uri } of uris) {
    it(`takes off the id and nothing else: ${name}`, () => {
      expect(addressOf({ host: 't.example.com', path, query }, { publicUrl: 'https://t.example.com' })).to.deep.equal({
        kind: 'tunnel',
        tunnelId: ID,
        uri,
        prefix: `/${ID}`,
      });
    });
  }

  for (const path of [
    '',
    '/',
    '//',
    `//${ID}`,
    ID,
    '/ab',
    '/ABC123DEF456',
    '/abc_123',
    '/%61bc123def456',
    '/-abc/',
    '/a.b.c',
  ]) {
    it(`leads nowhere: "${path}"`, () => {
      const address = addressOf({ host: 't.example.com', path, query: '' }, { publicUrl: 'https://t.example.com' });
      expect(address).to.deep.equal({ kind: 'nowhere' });
    });
  }

  it('gives what follows the id, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (rest) => {
        const path = `/${ID}/${rest}`;
        const address = addressOf({ host: '', path, query: '' }, { publicUrl: 'https://t.example.com' });
        expect(address).to.deep.include({ uri: `/${rest}`, prefix: `/${ID}` });
      }),
    );
  });
});

describe('addressOf a host name', () => {
  const local = { publicUrl: 'http://localhost:4000', wildcardDomain: 'localhost' };

  function tunnelOf(host: string, wildcardDomain = 'localhost'): string {
    const address = addressOf({ host, path: '/other-id/x', query: 'q' }, { ...local, wildcardDomain });
    if (address.kind !== 'tunnel') return address.kind;
    return address.prefix === '' && address.uri === '/other-id/x?q' ? address.tunnelId : `path ${address.tunnelId}`;
  }

  for (const host of [
    `${ID}.localhost`,
    `${ID}.localhost:4000`,
    `${ID.toUpperCase()}.LocalHost`,
    `${ID}.localhost.`,
    `${ID}.localhost.:4000`,
  ]) {
    it(`finds the tunnel in ${host}, and leaves the path alone`, () => expect(tunnelOf(host)).to.equal(ID));
  }

  it('compares with the domain in any case', () => {
    expect(tunnelOf(`${ID}.tunnel.example.com`, 'Tunnel.Example.com')).to.equal(ID);
  });

  for (const host of [
    'localhost',
    'localhost:4000',
    `${ID}localhost`,
    'evil-localhost',
    `${ID}.localhost.evil.com`,
    '.localhost',
    '[::1]:4000',
    '',
  ]) {
    it(`looks in the path where the host is "${host}"`, () => expect(tunnelOf(host)).to.equal('path other-id'));
  }

  for (const host of [`a.${ID}.localhost`, 'x.localhost', '-abc.localhost', 'a_b_c.localhost']) {
    it(`leads nowhere where the label is no id: ${host}`, () => expect(tunnelOf(host)).to.equal('nowhere'));
  }

  it('gives the root where the path is empty', () => {
    const address = addressOf({ host: `${ID}.localhost`, path: '', query: '' }, local);
    expect(address).to.deep.equal({ kind: 'tunnel', tunnelId: ID, uri: '/', prefix: '' });
  });

  it('serves the status paths of the upstream, not its own', () => {
    const address = addressOf({ host: `${ID}.localhost`, path: '/_status/x', query: '' }, local);
    expect(address).to.include({ kind: 'tunnel', uri: '/_status/x' });
  });

  it('looks in the path where there is no wildcard domain', () => {
    const address = addressOf({ host: `${ID}.localhost`, path: '/other-id', query: '' }, { publicUrl: 'https://x' });
    expect(address).to.include({ kind: 'tunnel', tunnelId: 'other-id' });
  });
});

describe('addressOf a status', () => {
  const addresses = [
    ['/_status/AbC=', { kind: 'connection-status', connectionId: 'AbC=' }],
    ['/_status/AbC%3D', { kind: 'connection-status', connectionId: 'AbC=' }],
    ['/_status/AbC=/', { kind: 'connection-status', connectionId: 'AbC=' }],
    ['/_status/50%25%', { kind: 'connection-status', connectionId: '50%25%' }],
    [`/_status/tunnel/${ID}`, { kind: 'tunnel-status', tunnelId: ID }],
    ['/_status/tunnel/NO_ID', { kind: 'nowhere' }],
    ['/_status', { kind: 'nowhere' }],
    ['/_status/', { kind: 'nowhere' }],
    ['/_status/a/b', { kind: 'nowhere' }],
  ] as const;
  for (const [path, expected] of addresses) {
    it(`of ${path} is ${expected.kind}`, () => {
      const address = addressOf({ host: 't.example.com', path, query: '' }, { publicUrl: 'https://t.example.com' });
      expect(address).to.deep.equal(expected);
    });
  }
});

describe('the URLs of a tunnel', () => {
  it('are the path below the public URL, and the label before the wildcard domain', () => {
    const local = { publicUrl: 'http://localhost:4000', wildcardDomain: 'localhost' };
    expect(pathUrl(local, ID)).to.equal(`http://localhost:4000/${ID}`);
    expect(subdomainUrl(local, ID)).to.equal(`http://${ID}.localhost:4000`);
    const deployed = { publicUrl: 'https://t.example.com', wildcardDomain: 't.example.com' };
    expect(subdomainUrl(deployed, ID)).to.equal(`https://${ID}.t.example.com`);
  });

  it('are one where there is no wildcard domain', () => {
    expect(subdomainUrl({ publicUrl: 'https://t.example.com' }, ID)).to.equal(undefined);
  });
});

describe('a public URL whose host lies below the wildcard domain', () => {
  const address = { publicUrl: 'https://tunnel.example.com', wildcardDomain: 'example.com' };

  it('routes by path on its own host, and by subdomain on the others', () => {
    expect(addressOf({ host: 'Tunnel.example.com:443', path: '/blue-harbour/x', query: '' }, address)).to.include({
      tunnelId: 'blue-harbour',
      uri: '/x',
    });
    expect(addressOf({ host: 'blue-harbour.example.com', path: '/x', query: '' }, address)).to.include({
      tunnelId: 'blue-harbour',
      prefix: '',
    });
  });

  it('gives the id of that name no subdomain URL, which would be the public URL', () => {
    expect(subdomainUrl(address, 'tunnel')).to.equal(undefined);
  });
});
