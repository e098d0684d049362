/**
 * What can go wrong between a visitor and an upstream, and the one table that gives each its status.
 * The codes are stable: people match them in tests and dashboards.
 */
export type FailureCode =
  | 'no_tunnel_in_url'
  | 'tunnel_not_found'
  | 'agent_offline'
  | 'agent_unreachable'
  | 'agent_lost'
  | 'request_not_forwardable'
  | 'request_too_large'
  | 'upstream_unreachable'
  | 'upstream_unavailable'
  | 'upstream_failed'
  | 'upstream_timeout'
  | 'response_too_large'
  | 'streaming_only'
  | 'no_answer'
  | 'edge_failed';

export interface Outcome {
  readonly status: number;
  /** A few words, the page's heading. */
  readonly title: string;
  /** For a visitor: what happened, and who can do something about it. */
  readonly explanation: string;
}

export const OUTCOMES: Readonly<Record<FailureCode, Outcome>> = {
  no_tunnel_in_url: {
    status: 404,
    title: 'No tunnel in this address',
    explanation:
      "A tunnel's address ends in its id, as in /abc123def456, or begins with it, where subdomains are served.",
  },
  tunnel_not_found: {
    status: 404,
    title: 'No such tunnel',
    explanation: 'Nobody has opened a tunnel with this id, or it has been gone for so long that its id was given up.',
  },
  agent_offline: {
    status: 502,
    title: 'The tunnel is offline',
    explanation: 'The tunnel exists, but no agent is connected to it now. Its owner can start the agent again.',
  },
  agent_unreachable: {
    status: 502,
    title: 'The agent could not be reached',
    explanation: 'The request could not be handed to the agent. Trying again may help.',
  },
  agent_lost: {
    status: 502,
    title: 'The agent went away',
    explanation: 'The request was handed to the agent, which went away before it answered. Trying again may help.',
  },
  request_not_forwardable: {
    status: 400,
    title: 'The request cannot be forwarded',
    explanation: 'The agent refused the request: its method or its address is not one it can pass on.',
  },
  request_too_large: {
    status: 413,
    title: 'The request is too large',
    explanation: 'The request is larger than this tunnel can carry.',
  },
  upstream_unreachable: {
    status: 502,
    title: 'Nothing answers behind the tunnel',
    explanation: 'The tunnel is open, but the application behind it does not accept connections. Is it running?',
  },
  upstream_unavailable: {
    status: 503,
    title: 'The application behind the tunnel is unavailable',
    explanation: 'The tunnel is open, but its agent says that the application behind it is not available.',
  },
  upstream_failed: {
    status: 502,
    title: 'The answer broke off',
    explanation:
      'The application behind the tunnel began to answer but did not finish, or its answer was not valid HTTP.',
  },
  upstream_timeout: {
    status: 504,
    title: 'The application did not answer in time',
    explanation: 'The application behind the tunnel took longer than the agent waits.',
  },
  response_too_large: {
    status: 502,
    title: 'The answer is too large',
    explanation:
      'The answer is larger than this door can carry: 6 MB with its headers, about 4.5 MB where it is binary. A client that asks for ranges gets it in pieces; a stack with a place for large responses gives it whole.',
  },
  streaming_only: {
    status: 501,
    title: 'This door cannot stream',
    explanation:
      "The application answers with a stream of events, which has no end that this door could wait for. The tunnel's streaming door passes them on as they come.",
  },
  no_answer: {
    status: 504,
    title: 'No answer',
    explanation: 'The request was handed to the agent, but no answer came in time.',
  },
  edge_failed: {
    status: 500,
    title: 'The edge failed',
    explanation: 'Something went wrong inside the edge. Its log has the details.',
  },
};

/** An exchange that came to nothing. `detail` is for the log and the developer, never for the visitor. */
export interface Failure {
  readonly kind: 'failure';
  readonly code: FailureCode;
  readonly detail?: string;
}

export function failure(code: FailureCode, detail?: string): Failure {
  return detail === undefined ? { kind: 'failure', code } : { kind: 'failure', code, detail };
}

/** What an agent's `error` message means; the first four are version 1's, with version 1's statuses. */
export function failureOfAgentError(code: string, detail: string): Failure {
  return failure(AGENT_ERRORS[code] ?? 'upstream_failed', detail);
}

const AGENT_ERRORS: Readonly<Record<string, FailureCode>> = {
  invalid_request: 'request_not_forwardable',
  timeout: 'upstream_timeout',
  local_service_unavailable: 'upstream_unavailable',
  internal_error: 'upstream_failed',
  upstream_unreachable: 'upstream_unreachable',
  upstream_failed: 'upstream_failed',
  response_too_large: 'response_too_large',
  streaming_only: 'streaming_only',
  agent_leaving: 'agent_offline',
};
