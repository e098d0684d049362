/** Behaviours of AWS that nobody is sure of, each with a name and a default (aws-behaviours.md, A.11). */
export interface Switches {
  /** Whether `path` of payload format 1.0 stays percent-encoded (HA-07: the recordings disagree). */
  readonly v1PathEncoding: 'encoded' | 'decoded';
  /** What `X-Forwarded-Proto` says. AWS is always reached by `https` (HA-12); `http` suits a plain local browser. */
  readonly forwardedProto: 'https' | 'http';
  /** Whether a refused handshake carries a JSON body (WS-04). */
  readonly failedHandshakeBody: boolean;
  /** Status of a handshake whose `$connect` integration timed out (WS-10). */
  readonly connectTimeoutStatus: number;
  /** Whether a function's status of 400 or more on a message route sends the client an error frame (WS-35). */
  readonly error4xxFrame: boolean;
  /** Status of a request with more headers than the quota (HA-22). */
  readonly headerLimitStatus: number;
  /** Status of a request whose function has no concurrency left (HR-14). */
  readonly lambdaThrottleStatus: number;
  /** Whether `statusCode: "201"`, a string, counts as a status (HR-04). */
  readonly stringStatusCode: boolean;
  /** Most milliseconds, drawn by seed, that a message event is held back, so that order is never relied on (WS-44). */
  readonly shuffleMs: number;
  /** Milliseconds after the 101 during which a connection is still answered 410 (MG-18). */
  readonly activationDelayMs: number;
  /** A post to a connection whose `$connect` still runs: 410 at once, or no answer until `$connect` ends (MG-05). */
  readonly postDuringConnect: 'gone' | 'hang';
  /** Whether a client's ping counts as activity (WS-48). */
  readonly pingResetsIdle: boolean;
}

export const DEFAULT_SWITCHES: Switches = {
  v1PathEncoding: 'encoded',
  forwardedProto: 'https',
  failedHandshakeBody: true,
  connectTimeoutStatus: 504,
  error4xxFrame: false,
  headerLimitStatus: 431,
  lambdaThrottleStatus: 503,
  stringStatusCode: false,
  shuffleMs: 5,
  activationDelayMs: 0,
  postDuringConnect: 'gone',
  pingResetsIdle: false,
};
