import { expect } from 'chai';
import { api, arnOf, changed, FUNCTION, load, type Resource, refusal, removeFolders, uriOf } from './fixture.ts';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-app';

const authorizer = (Properties: Record<string, unknown>): Resource => ({
  Type: 'AWS::ApiGatewayV2::Authorizer',
  Properties: { ApiId: { Ref: 'Api' }, Name: 'gate', ...Properties },
});

const request = (Properties: Record<string, unknown>) =>
  authorizer({ AuthorizerType: 'REQUEST', AuthorizerUri: uriOf('App'), ...Properties });

const jwt = (Properties: Record<string, unknown> = {}) =>
  authorizer({
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Audience: ['shop'], Issuer: 'https://issuer.example.com/' },
    ...Properties,
  });

/** An API of one route that `Gate` guards. */
function guarded(
  protocol: 'HTTP' | 'WEBSOCKET',
  routeKey: string,
  Gate: Resource,
  route: Record<string, unknown> = {},
) {
  const resources = api(protocol, routeKey);
  const guard = { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Gate' }, ...route };
  return { ...resources, App: FUNCTION, Gate, Route: changed(resources.Route, guard) };
}

describe('readApis', () => {
  afterEach(removeFolders);

  describe('authorizers', () => {
    it('reads a REQUEST authorizer of an HTTP API', () => {
      const gate = request({
        AuthorizerPayloadFormatVersion: '2.0',
        EnableSimpleResponses: true,
        IdentitySource: ['$request.header.Authorization', '$context.identity.sourceIp'],
        AuthorizerResultTtlInSeconds: 3600,
      });
      const { httpApi } = load(guarded('HTTP', 'GET /', gate));
      const [route] = httpApi?.routes ?? [];
      expect(route?.authorization).to.have.property('kind', 'request');
      expect(route?.authorization)
        .to.have.property('authorizer')
        .that.deep.includes({
          logicalId: 'Gate',
          name: 'gate',
          functionArn: ARN,
          identitySources: ['$request.header.Authorization', '$context.identity.sourceIp'],
          payloadFormatVersion: '2.0',
          simpleResponses: true,
          cacheTtlMs: 3_600_000,
        });
      expect(route?.authorization)
        .to.have.nested.property('authorizer.authorizerId')
        .that.matches(/^[a-z0-9]{6}$/);
    });

    it('reads one as the framework writes it: no identity source, no cache', () => {
      const gate = request({ AuthorizerPayloadFormatVersion: '1.0', IdentitySource: [] });
      const { httpApi } = load(guarded('HTTP', 'GET /', gate));
      expect(httpApi?.routes[0]?.authorization).to.have.property('authorizer').that.deep.includes({
        identitySources: [],
        payloadFormatVersion: '1.0',
        simpleResponses: false,
        cacheTtlMs: 0,
      });
    });

    it('reads a REQUEST authorizer of $connect (WS-15)', () => {
      const gate = request({ IdentitySource: ['route.request.header.Auth', 'route.request.querystring.token'] });
      const { webSocketApi } = load(guarded('WEBSOCKET', '$connect', gate));
      expect(webSocketApi?.routes[0]?.authorization)
        .to.have.property('authorizer')
        .that.deep.includes({ payloadFormatVersion: '1.0', simpleResponses: false, cacheTtlMs: 0 });
    });

    it('reads a JWT authorizer and the scopes of its routes', () => {
      const route = { AuthorizationType: 'JWT', AuthorizationScopes: ['read', 'write'] };
      const { httpApi } = load(guarded('HTTP', 'GET /', jwt(), route));
      const { authorization } = httpApi?.routes[0] ?? {};
      expect(authorization).to.deep.include({ kind: 'jwt', scopes: ['read', 'write'] });
      expect(authorization)
        .to.have.property('authorizer')
        .that.deep.includes({
          identitySource: '$request.header.Authorization',
          issuer: 'https://issuer.example.com/',
          audience: ['shop'],
        });
    });

    it('reads IAM authorization of both kinds of API', () => {
      for (const [protocol, routeKey] of [
        ['HTTP', 'GET /'],
        ['WEBSOCKET', '$connect'],
      ] as const) {
        const resources = api(protocol, routeKey);
        const Route = changed(resources.Route, { AuthorizationType: 'AWS_IAM' });
        const { httpApi, webSocketApi } = load({ ...resources, App: FUNCTION, Route });
        expect((httpApi ?? webSocketApi)?.routes[0]?.authorization).to.deep.equal({ kind: 'iam' });
      }
    });

    const gate2 = { AuthorizerPayloadFormatVersion: '2.0' };
    const refusals: [what: string, resources: Record<string, Resource>, message: string][] = [
      [
        'authorization of a message route (WS-15)',
        guarded('WEBSOCKET', 'ping', request({})),
        'Route.Properties.AuthorizationType: only the route $connect',
      ],
      [
        'a JWT authorizer of a WebSocket API',
        guarded('WEBSOCKET', '$connect', jwt(), { AuthorizationType: 'JWT' }),
        'Gate.Properties.AuthorizerType: JWT authorizers are for HTTP APIs',
      ],
      [
        'a cache of a WebSocket API',
        guarded('WEBSOCKET', '$connect', request({ AuthorizerResultTtlInSeconds: 5 })),
        'Gate.Properties.AuthorizerResultTtlInSeconds: cannot be set for WEBSOCKET APIs',
      ],
      [
        'an identity source of the other kind of API',
        guarded('WEBSOCKET', '$connect', request({ IdentitySource: ['$request.header.Auth'] })),
        'Gate.Properties.IdentitySource: $request.header.Auth is no identity source of WEBSOCKET APIs',
      ],
      [
        'no payload format',
        guarded('HTTP', 'GET /', request({})),
        'Gate.Properties.AuthorizerPayloadFormatVersion: is required',
      ],
      [
        'simple responses in format 1.0',
        guarded('HTTP', 'GET /', request({ AuthorizerPayloadFormatVersion: '1.0', EnableSimpleResponses: true })),
        'Gate.Properties.EnableSimpleResponses: needs payload format 2.0',
      ],
      [
        'a cache without identity source',
        guarded('HTTP', 'GET /', request({ ...gate2, AuthorizerResultTtlInSeconds: 5 })),
        'Gate.Properties.AuthorizerResultTtlInSeconds: needs an IdentitySource',
      ],
      [
        'a cache of more than an hour',
        guarded('HTTP', 'GET /', request({ ...gate2, AuthorizerResultTtlInSeconds: 3601 })),
        'Gate.Properties.AuthorizerResultTtlInSeconds: must be a whole number from 0 to 3600, not 3601',
      ],
      [
        "another account's function",
        guarded('HTTP', 'GET /', request({ ...gate2, AuthorizerUri: 'arn:aws:lambda:eu-central-1:1:function:x' })),
        'Gate.Properties.AuthorizerUri: arn:aws:lambda:eu-central-1:1:function:x names no function of this stack',
      ],
      [
        'credentials of its own',
        guarded('HTTP', 'GET /', request({ ...gate2, AuthorizerCredentialsArn: 'arn:x' })),
        'Gate.Properties.AuthorizerCredentialsArn: the emulator does not support it',
      ],
      [
        'an issuer by http',
        guarded('HTTP', 'GET /', jwt({ JwtConfiguration: { Audience: ['a'], Issuer: 'http://issuer.example.com' } })),
        'Gate.Properties.JwtConfiguration.Issuer: http://issuer.example.com is no https:// URL',
      ],
      [
        'a JWT authorizer for everyone',
        guarded('HTTP', 'GET /', jwt({ JwtConfiguration: { Issuer: 'https://a.example' } })),
        'Gate.Properties.JwtConfiguration.Audience: must name whom tokens are for',
      ],
      [
        'a route of the wrong type',
        guarded('HTTP', 'GET /', jwt()),
        'Route.Properties.AuthorizationType: must be JWT for an authorizer of that type',
      ],
      [
        'a route without authorizer',
        guarded('HTTP', 'GET /', jwt(), { AuthorizerId: undefined }),
        'Route.Properties.AuthorizerId: is required',
      ],
      [
        'an authorizer that nothing would ask',
        guarded('HTTP', 'GET /', jwt(), { AuthorizationType: 'NONE' }),
        'Route.Properties.AuthorizerId: means nothing with AuthorizationType NONE',
      ],
      [
        'scopes of no token',
        guarded('HTTP', 'GET /', request(gate2), { AuthorizationScopes: ['a'] }),
        'Route.Properties.AuthorizationScopes: needs AuthorizationType JWT',
      ],
      [
        'API keys',
        guarded('HTTP', 'GET /', request(gate2), { ApiKeyRequired: true }),
        'Route.Properties.ApiKeyRequired: the emulator does not support it',
      ],
    ];
    for (const [what, resources, message] of refusals) {
      it(`refuses ${what}`, () => {
        expect(refusal(resources)).to.contain(message);
      });
    }
  });

  describe('APIs, routes and integrations', () => {
    const http = (properties: Record<string, unknown>) => {
      const resources = api('HTTP', 'GET /');
      return { ...resources, App: FUNCTION, Api: changed(resources.Api, properties) };
    };

    it('reads CORS (HR-13) and whether AWS gives the API a host name (HR-15)', () => {
      const { httpApi } = load(
        http({
          CorsConfiguration: {
            AllowOrigins: ['https://a.example'],
            AllowMethods: ['GET'],
            AllowCredentials: true,
            MaxAge: 5,
          },
          DisableExecuteApiEndpoint: true,
        }),
      );
      expect(httpApi).to.have.property('defaultEndpoint', false);
      expect(httpApi?.cors).to.deep.equal({
        allowOrigins: ['https://a.example'],
        allowMethods: ['GET'],
        allowHeaders: [],
        exposeHeaders: [],
        allowCredentials: true,
        maxAgeS: 5,
      });
      expect(load(http({})).httpApi).to.not.have.property('cors');
      expect(load(http({})).httpApi).to.have.property('defaultEndpoint', true);
    });

    it('reads integrations that differ from route to route (HA-19, HR-06)', () => {
      const resources = api('HTTP', 'GET /');
      const { httpApi } = load({
        ...resources,
        App: FUNCTION,
        Second: changed(resources.Integration, { PayloadFormatVersion: '2.0', TimeoutInMillis: 50 }),
        Other: changed(resources.Route, { RouteKey: 'ANY /{proxy+}', Target: { 'Fn::Sub': 'integrations/${Second}' } }),
      });
      expect(
        httpApi?.routes.map(({ routeKey, integration: { payloadFormatVersion, timeoutMs } }) => [
          routeKey,
          payloadFormatVersion,
          timeoutMs,
        ]),
      ).to.deep.equal([
        ['GET /', '1.0', 30_000],
        ['ANY /{proxy+}', '2.0', 50],
      ]);
    });

    it('refuses what it does not do, and what AWS refuses, by name', () => {
      const resources = api('HTTP', 'GET /');
      const message = refusal({
        ...http({ Body: {}, Target: 'arn:x', CorsConfiguration: { AllowOrigins: ['*'], AllowCredentials: true } }),
        Twin: changed(resources.Route, {}),
        Bad: changed(resources.Route, { RouteKey: 'FETCH /' }),
        Lost: changed(resources.Route, { RouteKey: 'GET /b', Target: 'integrations/none' }),
        Elsewhere: changed(resources.Route, { RouteKey: 'GET /c', ApiId: 'abc123' }),
      });
      expect(message).to.contain('Api.Properties.Body: the emulator does not support it');
      expect(message).to.contain('Api.Properties.Target: the emulator does not support it');
      expect(message).to.contain('Api.Properties.CorsConfiguration.AllowCredentials: API Gateway refuses credentials');
      expect(message).to.contain('Twin.Properties.RouteKey: a second route GET / of the same API');
      expect(message).to.contain('Bad.Properties.RouteKey: FETCH / is no method with a path');
      expect(message).to.contain("Lost.Properties.Target: integrations/none is no integration of the route's API");
      expect(message).to.contain('Elsewhere.Properties.ApiId: abc123 is no API of this stack');
      expect(refusal(http({ CorsConfiguration: {} }))).to.contain('Api.Properties.CorsConfiguration: says nothing');
      expect(refusal(http({ ApiKeySelectionExpression: '$context.authorizer.usageIdentifierKey' }))).to.contain(
        'Api.Properties.ApiKeySelectionExpression:',
      );
    });
  });

  describe('stages', () => {
    const staged = (protocol: 'HTTP' | 'WEBSOCKET', routeKey: string, properties: Record<string, unknown>) => {
      const resources = api(protocol, routeKey);
      return { ...resources, App: FUNCTION, Stage: changed(resources.Stage, properties) };
    };

    it('reads variables and throttles, of the stage and of its routes (WS-50, HA-24)', () => {
      const { httpApi } = load(
        staged('HTTP', 'GET /', {
          StageVariables: { colour: 'blue', size: 7 },
          DefaultRouteSettings: { ThrottlingBurstLimit: 0, ThrottlingRateLimit: 0.5, DetailedMetricsEnabled: true },
          RouteSettings: { 'GET /': { ThrottlingRateLimit: '100' } },
        }),
      );
      expect(httpApi?.stages).to.deep.equal([
        {
          name: 'dev',
          variables: { colour: 'blue', size: '7' },
          throttle: { rate: 0.5, burst: 0 },
          routeThrottles: { 'GET /': { rate: 100 } },
        },
      ]);
    });

    it('reads several named stages of an HTTP API, and refuses them of a WebSocket API', () => {
      const second = (protocol: 'HTTP' | 'WEBSOCKET', routeKey: string) => ({
        ...staged(protocol, routeKey, {}),
        Prod: changed(api(protocol, routeKey).Stage, { StageName: '$default' }),
      });
      expect(load(second('HTTP', 'GET /')).httpApi?.stages.map(({ name }) => name)).to.deep.equal(['dev', '$default']);
      expect(refusal(second('WEBSOCKET', '$connect'))).to.contain('a WebSocket API with more than one stage');
    });

    it('refuses settings of routes that do not exist, and variables AWS does not take', () => {
      const Deployment = {
        Type: 'AWS::ApiGatewayV2::Deployment',
        Properties: { ApiId: { Ref: 'Api' }, StageName: 'x' },
      };
      const message = refusal({
        Deployment,
        ...staged('HTTP', 'GET /', {
          StageVariables: { 'no-dash': 'a', text: 'a b' },
          RouteSettings: { 'POST /': {} },
          DefaultRouteSettings: { ThrottlingBurstLimit: -1 },
        }),
      });
      expect(message).to.contain('Deployment.Properties.StageName: the emulator does not support it');
      expect(message).to.contain('Stage.Properties.StageVariables.no-dash:');
      expect(message).to.contain('Stage.Properties.StageVariables.text:');
      expect(message).to.contain('Stage.Properties.RouteSettings: the API has no route POST /');
      expect(message).to.contain('Stage.Properties.DefaultRouteSettings.ThrottlingBurstLimit: must be a whole number');
    });
  });

  describe('domains', () => {
    const domain: Resource = {
      Type: 'AWS::ApiGatewayV2::DomainName',
      Properties: { DomainName: 'API.example.com', DomainNameConfigurations: [{ CertificateArn: { Ref: 'Cert' } }] },
    };
    const mapping = (properties: Record<string, unknown> = {}): Resource => ({
      Type: 'AWS::ApiGatewayV2::ApiMapping',
      Properties: { ApiId: { Ref: 'Api' }, DomainName: { Ref: 'Domain' }, Stage: { Ref: 'Stage' }, ...properties },
    });
    const around = {
      ...api('HTTP', 'GET /'),
      Domain: domain,
      Cert: { Type: 'AWS::CertificateManager::Certificate', Properties: { DomainName: 'api.example.com' } },
      Record: {
        Type: 'AWS::Route53::RecordSet',
        Properties: { AliasTarget: { DNSName: { 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] } } },
      },
    };

    it('reads mappings, with and without a key (HA-10)', () => {
      const environment = { Variables: { TARGET: { 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] } } };
      const App = changed(FUNCTION, { Environment: environment });
      const stack = load({ ...around, App, Root: mapping(), Deep: mapping({ ApiMappingKey: 'v1/items' }) });
      const common = { domainName: 'api.example.com', apiId: stack.httpApi?.apiId, stage: 'dev' };
      expect(stack.domains).to.deep.equal([
        { ...common, mappingKey: '' },
        { ...common, mappingKey: 'v1/items' },
      ]);
      expect(stack.functions[0]?.environment.TARGET).to.match(/^d-[a-z0-9]{10}\.execute-api\./);
    });

    it('refuses a WebSocket and an HTTP API on one domain (WS-21)', () => {
      const sockets = Object.fromEntries(
        Object.entries(api('WEBSOCKET', '$connect')).map(([name, it]) => {
          return [`Ws${name}`, JSON.parse(JSON.stringify(it).replaceAll(/"Ref":"/g, '"Ref":"Ws'))];
        }),
      );
      const message = refusal({
        ...{ ...around, ...sockets, App: FUNCTION, Root: mapping() },
        Sockets: mapping({ ApiId: { Ref: 'WsApi' }, ApiMappingKey: 'ws', Stage: 'dev' }),
      });
      expect(message).to.contain('Sockets.Properties.DomainName: a WebSocket API and an HTTP API cannot share');
      expect(message).to.contain('has one thing');
    });

    it('refuses what leads nowhere, or twice to the same place', () => {
      const message = refusal({
        ...{ ...around, App: FUNCTION, Root: mapping(), Twin: mapping(), Odd: mapping({ ApiMappingKey: '/v1' }) },
        Lost: mapping({ ApiMappingKey: 'a', Stage: 'prod' }),
        Name: changed(domain, { DomainName: 'not a host', MutualTlsAuthentication: {} }),
      });
      expect(message).to.contain('Twin.Properties.ApiMappingKey: a second mapping of api.example.com/');
      expect(message).to.contain('Odd.Properties.ApiMappingKey: must be a path without slashes at its ends');
      expect(message).to.contain('Lost.Properties.Stage: the API has no stage prod');
      expect(message).to.contain('Name.Properties.DomainName: not a host is no host name');
      expect(message).to.contain('Name.Properties.MutualTlsAuthentication: the emulator does not support it');
    });
  });

  it('reads what an alias is invoked by, and leaves permissions of other qualifiers to others (WS-06)', () => {
    const resources = api('WEBSOCKET', '$connect');
    const permission = (FunctionName: unknown) => ({
      Type: 'AWS::Lambda::Permission',
      Properties: { FunctionName, Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' },
    });
    const aliased = {
      ...resources,
      App: FUNCTION,
      Integration: changed(resources.Integration, { IntegrationUri: uriOf('App', ':provisioned') }),
      Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'App' }, CodeSha256: 'x' } },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: {
          FunctionName: { Ref: 'App' },
          FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
          Name: 'provisioned',
          ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 },
        },
      },
      OfAlias: permission({ 'Fn::Join': [':', [arnOf('App'), 'provisioned']] }),
      OfFunction: permission(arnOf('App')),
    };
    const { webSocketApi, permissions } = load(aliased);
    expect(webSocketApi?.routes[0]?.integration.functionArn).to.equal(ARN);
    expect(permissions.map(({ logicalId, functionArn }) => [logicalId, functionArn])).to.deep.equal([
      ['OfAlias', ARN],
      ['OfFunction', `${ARN}:$LATEST`],
    ]);

    const Route = changed(resources.Route, { RouteKey: 'b', Target: { 'Fn::Sub': 'integrations/${Plain}' } });
    const message = refusal({
      ...aliased,
      Alias: changed(aliased.Alias, { RoutingConfig: {} }),
      Plain: changed(resources.Integration, {}),
      Second: Route,
    });
    expect(message).to.contain('Alias.Properties.RoutingConfig: the emulator does not divide invocations');
    expect(message).to.contain(`Plain.Properties.IntegrationUri: invokes ${ARN} as $LATEST, others as provisioned`);
    const { Alias: _, ...without } = aliased;
    expect(refusal(without)).to.contain(
      `Integration.Properties.IntegrationUri: provisioned is no version or alias of ${ARN}`,
    );
  });
});
