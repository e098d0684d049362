import { createHash } from 'node:crypto';
import type { LambdaFunction, PolicyStatement } from '../stack/stack.ts';

/** What signs requests, as the SDKs want it. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Whom credentials stand for. */
export interface Principal {
  /** `arn:aws:sts::123456789012:assumed-role/{role}/{function}`, as AWS's refusals name it. */
  readonly arn: string;
  /** Absent: may do anything. */
  readonly statements?: readonly PolicyStatement[];
}

export interface KnownCredentials extends Credentials {
  readonly principal: Principal;
}

/**
 * What a person's own tools on this machine sign with, as an administrator: `aws … --endpoint-url`, a script with the SDK.
 * No secret: whoever reaches the loopback interface may read it here.
 */
export const DEVELOPER_CREDENTIALS: Credentials = {
  accessKeyId: 'AKIAPOSTERNDEVELOPER',
  secretAccessKey: 'postern-developer-key-of-this-machine-only',
};

/** Everyone who has credentials: each function those of its role, and the developer. */
export interface CredentialStore {
  find(accessKeyId: string): KnownCredentials | undefined;
  /** @throws when the function is none of the stack's */
  ofFunction(fn: Pick<LambdaFunction, 'arn'>): Credentials;
}

/** @param seed the same one gives the same credentials */
export function createCredentialStore(
  functions: readonly LambdaFunction[],
  accountId: string,
  seed: number,
): CredentialStore {
  const byKey = new Map<string, KnownCredentials>();
  const byFunction = new Map<string, KnownCredentials>();
  const developer = { ...DEVELOPER_CREDENTIALS, principal: { arn: `arn:aws:iam::${accountId}:user/developer` } };
  byKey.set(developer.accessKeyId, developer);
  for (const fn of functions) {
    const credentials = { ...issue(`${seed}/${fn.arn}`), principal: principalOf(fn) };
    byKey.set(credentials.accessKeyId, credentials);
    byFunction.set(fn.arn, credentials);
  }
  return {
    find: (accessKeyId) => byKey.get(accessKeyId),
    ofFunction({ arn }) {
      const credentials = byFunction.get(arn);
      if (credentials === undefined) throw new Error(`no credentials for ${arn}`);
      return credentials;
    },
  };
}

/** Twenty characters, of which AWS's temporary keys begin with ASIA; a secret of forty; a token. */
function issue(from: string): Required<Credentials> {
  const draw = (what: string) => createHash('sha256').update(`${what}/${from}`).digest();
  const letters = draw('key').toString('hex').toUpperCase().slice(0, 16);
  return {
    accessKeyId: `ASIA${letters}`,
    secretAccessKey: draw('secret').toString('base64').slice(0, 40),
    sessionToken: `emulator/${draw('token').toString('base64url')}`,
  };
}

function principalOf({ name, role }: LambdaFunction): Principal {
  const roleName = role.arn.slice(role.arn.lastIndexOf('/') + 1);
  const [, partition = 'aws', , , account = ''] = role.arn.split(':');
  const arn = `arn:${partition}:sts::${account}:assumed-role/${roleName}/${name}`;
  return role.statements === undefined ? { arn } : { arn, statements: role.statements };
}
