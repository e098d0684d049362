import type { ErrorCodeV1, ErrorCodeV2 } from '../../src/protocol/messages.ts';

/** Why an exchange has no answer, or not all of it. */
export type FailureCode =
  | 'invalid_request'
  | 'timeout'
  | 'upstream_unreachable'
  | 'upstream_failed'
  | 'response_too_large'
  | 'streaming_only'
  | 'agent_leaving';

interface FailureRow {
  readonly version1: ErrorCodeV1;
  readonly version2: ErrorCodeV2;
  /** What the visitor gets. */
  readonly status: number;
}

/** The one table of failures: what each is called on the wire, and what the visitor sees of it. */
const FAILURES: Readonly<Record<FailureCode, FailureRow>> = {
  invalid_request: { version1: 'invalid_request', version2: 'invalid_request', status: 400 },
  timeout: { version1: 'timeout', version2: 'timeout', status: 504 },
  upstream_unreachable: { version1: 'local_service_unavailable', version2: 'upstream_unreachable', status: 502 },
  upstream_failed: { version1: 'internal_error', version2: 'upstream_failed', status: 502 },
  response_too_large: { version1: 'internal_error', version2: 'response_too_large', status: 502 },
  streaming_only: { version1: 'internal_error', version2: 'streaming_only', status: 501 },
  agent_leaving: { version1: 'local_service_unavailable', version2: 'agent_leaving', status: 502 },
};

export function wireCode(code: FailureCode, protocol: 1 | 2): ErrorCodeV2 {
  return protocol === 1 ? FAILURES[code].version1 : FAILURES[code].version2;
}

export function visitorStatus(code: FailureCode): number {
  return FAILURES[code].status;
}
