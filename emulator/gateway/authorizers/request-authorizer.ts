import { judgeByPolicies } from '../../iam/policy.ts';
import type { RequestAuthorizer } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { bindIntegration, describeFailure } from '../integration.ts';
import { createAnswerCache } from './answer-cache.ts';
import { type AuthorizerAnswer, readAnswer } from './authorizer-answer.ts';

/** Something that wants to be let in. */
export interface AuthorizationRequest {
  /** A value for each of the authorizer's identity sources, in their order; empty where the request has none. */
  readonly identity: readonly string[];
  /** What the policy must allow: `arn:aws:execute-api:{region}:{account}:{apiId}/{stage}/GET/items`. */
  readonly resourceArn: string;
  /** Makes the event; called only when the function is asked. */
  readonly event: () => unknown;
}

export type Authorization =
  | {
      readonly kind: 'allowed';
      /** Absent with simple responses, which name nobody. */
      readonly principalId?: string;
      /** As the function gave it; absent where it gave none. */
      readonly context?: Readonly<Record<string, unknown>>;
      /** Milliseconds that asking the function took; 0 for an answer from the cache. */
      readonly latencyMs: number;
      /** For the log. */
      readonly note: string;
    }
  | Refused;

export interface Refused {
  /** 401 for nobody, 403 for somebody who may not, 500 for an authorizer that does not work. */
  readonly kind: 'unauthorized' | 'denied' | 'broken';
  readonly status: 401 | 403 | 500;
  /** For the client: `Unauthorized`, `Forbidden` or `Internal Server Error`. */
  readonly message: string;
  /** Why, and where to look, for the log. */
  readonly note: string;
}

/** Never rejects. */
export type Authorize = (request: AuthorizationRequest) => Promise<Authorization>;

const ACTION = 'execute-api:Invoke';
/** The error text by which a function says 401 instead of 500. */
const UNAUTHORIZED = 'Unauthorized';

/**
 * An authorizer that is a function, of either kind of API (WS-15). Who has no identity is refused without asking it; what it
 * says is kept by identity for as long as the authorizer's TTL, and judged anew for each route: a policy that allows one route
 * and was kept refuses another.
 * @param apiArn `arn:aws:execute-api:{region}:{account}:{apiId}`
 * @param maxTimeoutMs the longest that the function may take
 */
export function createRequestAuthorizer(
  { clock, integrations, quotas }: Pick<GatewayContext, 'clock' | 'integrations' | 'quotas'>,
  apiArn: string,
  authorizer: RequestAuthorizer,
  maxTimeoutMs: number,
): Authorize {
  const { authorizerId, cacheTtlMs, functionArn, identitySources, logicalId, payloadFormatVersion } = authorizer;
  const integration = bindIntegration(
    integrations,
    { logicalId, functionArn, payloadFormatVersion, timeoutMs: maxTimeoutMs },
    `${apiArn}/authorizers/${authorizerId}`,
    maxTimeoutMs,
  );
  const cache = createAnswerCache<AuthorizerAnswer>(clock, identitySources.length > 0 ? cacheTtlMs : 0);
  const name = `the authorizer ${authorizer.name}`;

  return async ({ identity, resourceArn, event }) => {
    const missing = identitySources.filter((_, index) => (identity[index] ?? '') === '');
    if (missing.length > 0) {
      return unauthorized(`${missing.join(', ')} is missing, so ${name} was not asked and its function logged nothing`);
    }
    const key = JSON.stringify(identity);
    const kept = cache.get(key);
    if (kept) return judge(kept, resourceArn, 0, `${name} said so before (cached ${cacheTtlMs} ms)`);

    const asked = clock.now();
    const outcome = await integration.call(JSON.stringify(event()));
    if (outcome.kind === 'failed' && outcome.errorMessage === UNAUTHORIZED) {
      return unauthorized(`${name} said Unauthorized; the log of its function tells why`);
    }
    if (outcome.kind !== 'returned') return broken(`${name} failed: ${describeFailure(functionArn, outcome)}`);
    const answer = readAnswer(outcome.payload, authorizer, quotas.authorizerResultBytes);
    if (answer.kind === 'invalid') return broken(`${name} returned ${answer.fault}`);
    cache.set(key, answer);
    return judge(answer, resourceArn, clock.now() - asked, `${name} was asked`);
  };
}

function judge(answer: AuthorizerAnswer, resourceArn: string, latencyMs: number, note: string): Authorization {
  switch (answer.kind) {
    case 'invalid':
      return broken(answer.fault);
    case 'simple': {
      const { isAuthorized, context } = answer;
      return isAuthorized
        ? { kind: 'allowed', latencyMs, note, ...(context && { context }) }
        : denied(`isAuthorized is false; ${note}`);
    }
    case 'policy': {
      const { context, principalId, statements } = answer;
      const verdict = judgeByPolicies(statements, ACTION, resourceArn);
      if (verdict === 'allowed') {
        return { kind: 'allowed', principalId, latencyMs, note, ...(context && { context }) };
      }
      const how = verdict === 'denied' ? 'denies' : 'does not allow';
      return denied(`its policy ${how} ${ACTION} on ${resourceArn}; ${note}`);
    }
  }
}

function unauthorized(note: string): Refused {
  return { kind: 'unauthorized', status: 401, message: 'Unauthorized', note };
}

function denied(note: string): Refused {
  return { kind: 'denied', status: 403, message: 'Forbidden', note };
}

function broken(note: string): Refused {
  return { kind: 'broken', status: 500, message: 'Internal Server Error', note };
}
