import { expect } from 'chai';
import { createAddressing } from '../../../../emulator/gateway/http/addressing.ts';
import type { DomainMapping, HttpApi } from '../../../../emulator/stack/stack.ts';
import { createStack, HTTP_ARN, httpApi, permission, rawRequest, startTestGateway, stopAll } from '../fixture.ts';

const OWN = 'httpapi123.execute-api.us-east-1.amazonaws.com';
const STAGES = ['$default', 'prod'].map((name) => ({ name, variables: {} }));

function mapped(domainName: string, mappingKey: string, stage = 'prod', apiId = 'httpapi123'): DomainMapping {
  return { domainName, mappingKey, stage, apiId };
}

function addressing(
  domains: DomainMapping[],
  overrides: Partial<HttpApi> = {},
  customDomainRawPath: 'stage' | 'mapping' = 'mapping',
) {
  const api = httpApi({ $default: 'f' }, '2.0', { stages: STAGES, ...overrides });
  const addressOf = createAddressing({ ...createStack({ httpApi: api }), domains }, api, { customDomainRawPath });
  return (host: string | undefined, path: string) => {
    const address = addressOf(host, path);
    if (address.kind !== 'stage') return address.kind;
    return [address.stage.name, address.routePath, address.eventPath, address.domainName].join(' ');
  };
}

describe('addresses of an HTTP API', () => {
  afterEach(stopAll);

  it('on the default endpoint have the stage in the path (HA-01, HA-09)', () => {
    const at = addressing([mapped('api.example.com', '')]);
    for (const host of [undefined, 'localhost:4000', '127.0.0.1', '[::1]:4000', OWN, OWN.toUpperCase()]) {
      expect(at(host, '/prod/items')).to.equal(`prod /items /prod/items ${OWN}`);
      expect(at(host, '/items')).to.equal(`$default /items /items ${OWN}`);
    }
    expect(at('abc.localhost:4000', '/items')).to.equal('$default /items /items abc.localhost');
  });

  it('on a domain of one’s own have it in the mapping, of which the longest path wins (HA-10)', () => {
    const at = addressing([
      mapped('api.example.com', 'v1'),
      mapped('api.example.com', 'v1/items', '$default'),
      mapped('api.example.com', 'v2', 'prod', 'another123'),
    ]);
    expect(at('api.example.com', '/v1/x')).to.equal('prod /x /v1/x api.example.com');
    expect(at('API.example.com:443', '/v1')).to.equal('prod / /v1 api.example.com');
    expect(at('api.example.com', '/v1/items/7/')).to.equal('$default /7/ /v1/items/7/ api.example.com');
    expect(at('api.example.com', '/v1/itemsandmore')).to.equal('prod /itemsandmore /v1/itemsandmore api.example.com');
    expect(at('api.example.com', '/v%31/x')).to.equal('prod /x /v%31/x api.example.com');
    for (const path of ['/', '/v2/x', '/v10', '/prod/x']) expect(at('api.example.com', path), path).to.equal('no-host');
  });

  it('show the stage instead of the mapping key, by switch (HA-10)', () => {
    const at = addressing([mapped('a.example', 'v1'), mapped('b.example', 'v1', '$default')], {}, 'stage');
    expect(at('a.example', '/v1/x')).to.equal('prod /x /prod/x a.example');
    expect(at('b.example', '/v1/x')).to.equal('$default /x /x b.example');
  });

  it('on a wildcard domain take one label, and give way to an exact one', () => {
    const at = addressing([mapped('*.t.example', '', '$default'), mapped('exact.t.example', '')]);
    expect(at('abc.t.example', '/x')).to.equal('$default /x /x abc.t.example');
    expect(at('exact.t.example', '/x')).to.equal('prod /x /x exact.t.example');
    for (const host of ['t.example', 'a.b.t.example', 'abct.example']) expect(at(host, '/x'), host).to.equal('no-host');
  });

  it('are on any host where the stack maps none, and on no other where it does (HR-15)', () => {
    expect(addressing([])('abc.tunnel.example', '/x')).to.equal('$default /x /x abc.tunnel.example');
    expect(addressing([mapped('x.example', '', 'dev', 'wsapi12345')])('other.example', '/x')).to.match(/^\$default/);
    expect(addressing([mapped('a.example', '')])('other.example', '/x')).to.equal('no-host');
  });

  it('are on domains alone where the default endpoint is disabled (HR-15)', () => {
    const at = addressing([mapped('a.example', '')], { defaultEndpoint: false });
    expect(at('a.example', '/x')).to.equal('prod /x /x a.example');
    for (const host of ['localhost', OWN, 'abc.localhost', undefined]) expect(at(host, '/x')).to.equal('no-host');
  });

  it('reach the function by Host, with the stage’s own permission; a wrong one gets a 403 (HR-15, HA-27)', async () => {
    const api = httpApi({ 'GET /items': 'f' }, '2.0', { stages: STAGES, defaultEndpoint: false });
    const stack = createStack({ httpApi: api }, [permission('f', `${HTTP_ARN}/prod/GET/items`)]);
    const domains = [mapped('api.example.com', 'v1')];
    const { http, invoker, log } = await startTestGateway({ ...stack, domains }, { f: () => ({ statusCode: 200 }) });
    const get = (host: string, path: string) =>
      rawRequest(http, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

    expect(await get('api.example.com', '/v1/items?q')).to.match(/^HTTP\/1\.1 200 /);
    const [event] = invoker.eventsOf('f');
    expect(event).to.include({ rawPath: '/v1/items', routeKey: 'GET /items', rawQueryString: 'q' });
    expect(event?.requestContext).to.include({ domainName: 'api.example.com', domainPrefix: 'api', stage: 'prod' });
    for (const [host, path] of [
      ['localhost', '/prod/items'],
      ['api.example.com', '/items'],
    ] as const) {
      const answer = await get(host, path);
      expect(answer)
        .to.match(/^HTTP\/1\.1 403 /)
        .and.match(/\{"message":"Forbidden"\}$/);
      expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'HR-15' });
    }
  });
});
