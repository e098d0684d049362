import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import type { SignedRequest } from '../../../emulator/iam/claim.ts';
import { type Credentials, createCredentialStore } from '../../../emulator/iam/credentials.ts';
import { type IdentifyOptions, identify } from '../../../emulator/iam/signature.ts';
import type { LambdaFunction, PolicyStatement } from '../../../emulator/stack/stack.ts';

export const NOW = Date.parse('2026-03-01T12:00:00Z');
const REGION = 'us-east-1';

/** A function with a role of its own, which allows what `statements` say. */
export function functionWith(name: string, statements?: readonly PolicyStatement[]): LambdaFunction {
  return {
    logicalId: name,
    name,
    arn: `arn:aws:lambda:us-east-1:123456789012:function:${name}`,
    codeFolder: '/nowhere',
    handler: 'index.handler',
    runtime: 'nodejs22.x',
    timeoutMs: 3_000,
    memoryMb: 128,
    environment: {},
    role: { arn: `arn:aws:iam::123456789012:role/${name}-role`, ...(statements && { statements }) },
  };
}

export const FN = functionWith('worker');
export const STORE = createCredentialStore([FN], '123456789012', 7);

/** How one request is judged; only a service's name has to be given. */
export function judge(request: SignedRequest, options: Partial<IdentifyOptions> = {}) {
  return identify(request, { credentials: STORE, service: 'execute-api', region: REGION, now: NOW, ...options });
}

/** A request before it is signed, as the SDK knows it. */
export interface Unsigned {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Signer {
  sign(request: object, options: object): Promise<Unsigned>;
  presign(request: object, options: object): Promise<Unsigned>;
}

/** The SDK's own signer of the Management API: a client keeps it in its configuration. */
export async function sdkSigner(credentials: Credentials, region = REGION): Promise<Signer> {
  const client = new ApiGatewayManagementApiClient({ region, credentials, endpoint: 'http://127.0.0.1:1' });
  const signer: object = await client.config.signer({
    name: 'sigv4',
    signingName: 'execute-api',
    signingRegion: region,
    properties: {},
  });
  if (!isSigner(signer)) throw new Error('the SDK signs in another way');
  return signer;
}

function isSigner(signer: object): signer is Signer {
  return 'sign' in signer && 'presign' in signer;
}

/** A signed request as it arrives. */
export function arrived({ method, path, query, headers, body = '' }: Unsigned): SignedRequest {
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`),
  );
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { method, path, query: pairs.join('&'), headers: Object.fromEntries(lower), body: Buffer.from(body) };
}
