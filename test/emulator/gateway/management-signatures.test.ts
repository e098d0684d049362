import {
  ApiGatewayManagementApiClient,
  ForbiddenException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import type { Switches } from '../../../emulator/gateway/switches.ts';
import { createCredentialStore, DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import type { LambdaFunction, PolicyStatement, Stack } from '../../../emulator/stack/stack.ts';
import { createStack, functionArn, openClient, startTestGateway, stopAll, WS_ARN, webSocketApi } from './fixture.ts';
import { presigned, signedFetch, signedHeaders } from './websocket/sign.ts';

const UNKNOWN_ID = 'AbCdEfGhIjKlMnO=';
const MINUTE = 60_000;

function functionWith(name: string, statements: readonly PolicyStatement[] | undefined): LambdaFunction {
  return {
    logicalId: name,
    name,
    arn: functionArn(name),
    codeFolder: '/nowhere',
    handler: 'x.handler',
    runtime: 'nodejs22.x',
    timeoutMs: 3_000,
    memoryMb: 128,
    environment: {},
    role: { arn: `arn:aws:iam::123456789012:role/${name}-role`, ...(statements && { statements }) },
  };
}

function allow(...resources: string[]): PolicyStatement {
  return { effect: 'Allow', actions: ['execute-api:ManageConnections'], resources };
}

const FUNCTIONS = {
  poster: functionWith('poster', [allow(`${WS_ARN}/dev/POST/@connections/*`)]),
  anywhere: functionWith('anywhere', [allow('arn:aws:execute-api:*:*:*/*/*/@connections/*')]),
  whole: functionWith('whole', [allow(`${WS_ARN}/dev/POST/@connections`)]),
  careful: functionWith('careful', [
    allow(`${WS_ARN}/dev/POST/@connections`),
    { ...allow(`${WS_ARN}/dev/POST/@connections/${UNKNOWN_ID}`), effect: 'Deny' },
  ]),
  negative: functionWith('negative', [{ ...allow(), notResources: [`${WS_ARN}/dev/POST/@connections/*`] }]),
  nobody: functionWith('nobody', []),
  unknownRole: functionWith('unknownRole', undefined),
};

async function start(switches: Partial<Switches> = {}) {
  const stack: Stack = {
    ...createStack({ webSocketApi: webSocketApi({ $connect: 'c' }) }),
    functions: Object.values(FUNCTIONS),
  };
  const test = await startTestGateway(stack, { c: () => ({ statusCode: 200 }) }, { switches });
  const store = createCredentialStore(stack.functions, stack.accountId, 1);
  const credentialsOf = (name: keyof typeof FUNCTIONS) => store.ofFunction(FUNCTIONS[name]);
  const urlOf = (id: string) => `${test.management}/@connections/${encodeURIComponent(id)}`;
  return { ...test, credentialsOf, urlOf, url: urlOf(UNKNOWN_ID) };
}

/** Status, name and message of an answer. */
async function answerOf(response: Response): Promise<[number, string | null, string]> {
  const body = await response.text();
  const message = body === '' ? '' : String(JSON.parse(body).message);
  return [response.status, response.headers.get('x-amzn-errortype'), message];
}

describe('Management API signatures', () => {
  afterEach(stopAll);

  it('are mandatory: an unsigned call is 403, byte for byte (MG-03)', async () => {
    const { url, log } = await start();
    for (const method of ['POST', 'GET', 'DELETE']) {
      const response = await fetch(url, { method });
      expect(response.status).to.equal(403);
      expect(response.headers.get('x-amzn-errortype')).to.equal('MissingAuthenticationTokenException');
      expect(await response.text()).to.equal('{"message":"Missing Authentication Token"}');
    }
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'MG-03' });
  });

  it('are those of somebody the stack knows (MG-03)', async () => {
    const { url, credentialsOf } = await start();
    const strangers = [
      { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' },
      { ...credentialsOf('anywhere'), sessionToken: 'another' },
    ];
    for (const credentials of strangers) {
      const [status, errorType] = await answerOf(await signedFetch(url, { credentials }));
      expect([status, errorType]).to.deep.equal([403, 'UnrecognizedClientException']);
    }
  });

  it('fit the method, path, query, headers and body that were sent (MG-03)', async () => {
    const { url, log } = await start();
    const headers = signedHeaders(url, { method: 'POST', body: 'x', headers: { 'x-own': '1' } });
    const send = (to: string, init: RequestInit) => fetch(to, { method: 'POST', headers, body: 'x', ...init });
    expect((await send(url, {})).status).to.equal(410);
    const changed = [
      await send(url, { method: 'PUT' }),
      await send(url, { body: 'y' }),
      await send(url.replace('AbCd', 'AbCe'), {}),
      await send(`${url}?a=b`, {}),
      await send(url, { headers: { ...headers, 'x-own': '2' } }),
      await send(url, { headers: { ...headers, authorization: `${headers.authorization?.slice(0, -1)}x` } }),
      await signedFetch(url, { credentials: { ...DEVELOPER_CREDENTIALS, secretAccessKey: 'wrong' } }),
    ];
    for (const response of changed) {
      const [status, errorType, message] = await answerOf(response);
      expect([status, errorType]).to.deep.equal([403, 'InvalidSignatureException']);
      expect(message).to.include('does not match the signature you provided');
    }
    expect(log.at(-1)?.message).to.include('Sign for execute-api');
  });

  it('name this service and region, and are fresh (MG-03)', async () => {
    const { url } = await start();
    for (const signing of [
      { region: 'eu-west-1' },
      { service: 'lambda' },
      { at: Date.now() - 6 * MINUTE },
      { at: Date.now() + 6 * MINUTE },
    ]) {
      const [status, errorType] = await answerOf(await signedFetch(url, signing));
      expect([status, errorType], JSON.stringify(signing)).to.deep.equal([403, 'InvalidSignatureException']);
    }
    expect((await signedFetch(url, { at: Date.now() - 4 * MINUTE })).status).to.equal(410);
  });

  it('may stand in the query (MG-03)', async () => {
    const { url } = await start();
    expect((await fetch(presigned(url))).status).to.equal(410);
    expect((await fetch(presigned(`${url}?b=2&a=1`))).status).to.equal(410);
    expect((await fetch(presigned(url, { at: Date.now() - 6 * MINUTE }))).status).to.equal(403);
    expect((await fetch(`${url}?X-Amz-Signature=0`)).status).to.equal(403);
    expect((await fetch(presigned(url), { method: 'DELETE' })).status).to.equal(403);
  });

  it('break over an id that is encoded twice: signed for what it means, or 400 for what it says (MG-03, MG-07)', async () => {
    const { url } = await start();
    const twice = url.replace('%3D', '%253D');
    const headers = signedHeaders(url, { method: 'POST', body: 'x' });
    const [status, errorType] = await answerOf(await fetch(twice, { method: 'POST', headers, body: 'x' }));
    expect([status, errorType]).to.deep.equal([403, 'InvalidSignatureException']);
    const [signed, name, message] = await answerOf(await signedFetch(twice, { method: 'POST', body: 'x' }));
    expect([signed, name]).to.deep.equal([400, 'BadRequestException']);
    expect(message).to.equal(`Invalid connectionId: ${UNKNOWN_ID.replace('=', '%3D')}`);
  });

  it('take an @ that is escaped, as boto sends it (MG-01)', async () => {
    const { url } = await start();
    expect((await signedFetch(url.replace('@', '%40'))).status).to.equal(410);
  });

  it('need execute-api:ManageConnections on the method and the id (MG-04)', async () => {
    const { url, credentialsOf, log } = await start();
    const statusOf = async (name: keyof typeof FUNCTIONS, method: string) =>
      (await signedFetch(url, { method, credentials: credentialsOf(name) })).status;
    expect(await statusOf('poster', 'POST')).to.equal(410);
    expect(await statusOf('poster', 'GET')).to.equal(403);
    expect(await statusOf('anywhere', 'DELETE')).to.equal(410);
    expect(await statusOf('unknownRole', 'POST')).to.equal(410);
    const answer = await answerOf(await signedFetch(url, { method: 'POST', credentials: credentialsOf('nobody') }));
    const who = 'arn:aws:sts::123456789012:assumed-role/nobody-role/nobody';
    expect(answer).to.deep.equal([
      403,
      'ForbiddenException',
      `User: ${who} is not authorized to perform: execute-api:ManageConnections on resource: ` +
        `${WS_ARN}/dev/POST/@connections/${UNKNOWN_ID} because no identity-based policy allows the execute-api:ManageConnections action`,
    ]);
    expect(log.at(-1)).to.include({ level: 'warn', behaviour: 'MG-04' });
  });

  it('need no id in the policy, unless the switch says so; a denial of one id holds (MG-04)', async () => {
    const statuses = async (switches: Partial<Switches>) => {
      const { url, credentialsOf } = await start(switches);
      const statusOf = async (name: keyof typeof FUNCTIONS, method: string) =>
        (await signedFetch(url, { method, credentials: credentialsOf(name) })).status;
      return [
        await statusOf('whole', 'POST'),
        await statusOf('whole', 'GET'),
        await statusOf('careful', 'POST'),
        await statusOf('negative', 'POST'),
      ];
    };
    expect(await statuses({})).to.deep.equal([410, 403, 403, 403]);
    expect(await statuses({ connectionsWithoutId: false })).to.deep.equal([403, 403, 403, 403]);
  });

  it('give the SDK the names that AWS gives it, after one attempt (MG-04, MG-13)', async () => {
    const { management, credentialsOf, invoker, websocket } = await start();
    await openClient(websocket);
    const client = new ApiGatewayManagementApiClient({
      endpoint: management,
      region: 'us-east-1',
      credentials: credentialsOf('nobody'),
    });
    const ConnectionId = String(invoker.eventsOf('c')[0]?.requestContext.connectionId);
    const error = await client.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' })).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(ForbiddenException);
    expect(error).to.have.nested.property('$metadata.attempts', 1);
  });

  it('do not help a web page', async () => {
    const { url } = await start();
    const origin = 'https://evil.example';
    expect((await fetch(url, { method: 'POST', headers: { origin } })).status).to.equal(403);
    const headers = { ...signedHeaders(url, { method: 'POST' }), origin };
    const [status, errorType] = await answerOf(await fetch(url, { method: 'POST', headers }));
    expect([status, errorType]).to.deep.equal([403, 'ForbiddenException']);
  });
});
