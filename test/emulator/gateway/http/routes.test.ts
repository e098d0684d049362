import { expect } from 'chai';
import { chooseStage, createRouter } from '../../../../emulator/gateway/http/routes.ts';

const DEFAULT = { name: '$default', variables: {} };
const PROD = { name: 'prod', variables: {} };

function routerOf(...routeKeys: string[]) {
  const router = createRouter(routeKeys.map((routeKey) => ({ routeKey })));
  return (method: string, path: string) => router(method, path)?.route.routeKey;
}

describe('stages', () => {
  it('are named by the first segment, else $default, else none (HA-01)', () => {
    expect(chooseStage([DEFAULT, PROD], '/prod/items')).to.deep.equal({ stage: PROD, routePath: '/items' });
    expect(chooseStage([DEFAULT, PROD], '/prod')).to.deep.equal({ stage: PROD, routePath: '/' });
    expect(chooseStage([DEFAULT, PROD], '/production')).to.deep.equal({ stage: DEFAULT, routePath: '/production' });
    expect(chooseStage([PROD], '/items')).to.equal(undefined);
    expect(chooseStage([DEFAULT], '/$default/x')).to.deep.equal({ stage: DEFAULT, routePath: '/$default/x' });
  });
});

describe('HTTP routes', () => {
  it('prefer a full match, then the greedy one, then $default (HA-02)', () => {
    const route = routerOf('$default', 'ANY /{proxy+}', 'GET /items/{id}', 'GET /items/special', 'GET /items/{proxy+}');
    expect(route('GET', '/items/special')).to.equal('GET /items/special');
    expect(route('GET', '/items/7')).to.equal('GET /items/{id}');
    expect(route('GET', '/items/7/parts')).to.equal('GET /items/{proxy+}');
    expect(route('POST', '/items/7/parts')).to.equal('ANY /{proxy+}');
    expect(route('GET', '/')).to.equal('$default');
  });

  it('prefer the method to ANY, which covers the others (HA-02)', () => {
    const route = routerOf('ANY /items', 'GET /items');
    expect(route('GET', '/items')).to.equal('GET /items');
    expect(route('DELETE', '/items')).to.equal('ANY /items');
  });

  it('find nothing where nothing fits (HA-03)', () => {
    const route = routerOf('GET /items', 'GET /{proxy+}');
    expect(route('POST', '/items')).to.equal(undefined);
    expect(route('GET', '/')).to.equal(undefined);
    expect(routerOf('GET /items')('GET', '/items/')).to.equal(undefined);
    expect(routerOf('GET /items/{id}')('GET', '/items/')).to.equal(undefined);
  });

  it('decode path parameters (HA-07)', () => {
    const router = createRouter([{ routeKey: 'GET /a/{id}' }, { routeKey: 'GET /b/{proxy+}' }]);
    expect(router('GET', '/a/x%20y')?.pathParameters).to.deep.equal({ id: 'x y' });
    expect(router('GET', '/b/x%20y//z/')?.pathParameters).to.deep.equal({ proxy: 'x y//z/' });
  });
});
