/** Behaviours of AWS that nobody is sure of, each with a name and a default (aws-behaviours.md, A.11). */
export interface Switches {
  /** Whether `path` of payload format 1.0 stays percent-encoded (HA-07: the recordings disagree). */
  readonly v1PathEncoding: 'encoded' | 'decoded';
  /**
   * How often an HTTP API percent-decodes the path. A recording of 2026 shows it twice, with what follows a `?` cut off in
   * between (HA-05, HA-06); what is no escape the second time is refused.
   */
  readonly pathDecoding: 'twice' | 'once';
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
  /** Milliseconds after the 101 during which a connection is still answered 410 (MG-18). */
  readonly activationDelayMs: number;
  /** A post to a connection whose `$connect` still runs: 410 at once, or no answer until `$connect` ends (MG-05). */
  readonly postDuringConnect: 'gone' | 'hang';
  /** Whether a client's ping is answered (WS-48: the evidence conflicts). */
  readonly answersPings: boolean;
  /** Whether a client's ping counts as activity (WS-48). */
  readonly pingResetsIdle: boolean;
  /** Whether a message with unquoted keys is JSON enough for the route selection (WS-32: a single capture). */
  readonly lenientRouteJson: boolean;
  /** Whether the gateway takes permessage-deflate when a client offers it (WS-14). */
  readonly permessageDeflate: boolean;
  /** Status of a handshake whose URL is longer than the quota (WS-18). */
  readonly urlLimitStatus: number;
  /** What a client reads where a message's integration took too long (WS-51). */
  readonly messageTimeoutText: string;
  /** What a client reads where a message was throttled (WS-50). */
  readonly messageThrottleText: string;
  /** Whether a handshake that `$connect` refused is followed by `$disconnect` (WS-66). */
  readonly disconnectAfterRefusal: boolean;
  /** What the path shows behind a mapping key: the stage or the key (HA-10: the sources disagree). */
  readonly customDomainRawPath: 'stage' | 'mapping';
  /** Whether empty segments of a path stay (HA-08). */
  readonly doubleSlashes: 'kept' | 'collapsed';
  /** Whether `.` and `..` in a path stay (HA-08). */
  readonly dotSegments: 'kept' | 'resolved';
  /** What the invocation ARN of an `ANY` route says: the word, or the request's own method (HA-27). */
  readonly anyInArn: 'ANY' | 'method';
  /** Status of a request to an API whose default endpoint is disabled, or to a host nobody has (HR-15). */
  readonly unknownHostStatus: number;
  /**
   * Bodies that are text to an HTTP API (HA-16: two lists of 2026 differ): all of `text/*`, JSON, XML and JavaScript, whatever
   * their parameters; or plain text, HTML, CSV, XML, JSON, JavaScript and GraphQL alone, without parameters but
   * `charset=utf-8` on plain text and JSON.
   */
  readonly textContentTypes: 'all-text' | 'listed';
  /**
   * What a URL that streams makes of a handler that does not: its result is read by payload format 2.0 as behind any URL, or is
   * the body as it stands (LA-12). Functions with buffered results are said to work behind such URLs
   * (aws-lambda-rust-runtime#805, middy#1137); Lambda's documents say nothing.
   */
  readonly unstreamedResult: 'response' | 'body';
  /** Whether a policy's `…/POST/@connections`, without an id, allows posting to any id (MG-04). */
  readonly connectionsWithoutId: boolean;
  /** What `$disconnect` reads for a reason where the TCP connection just went (WS-62: unknown). */
  readonly abnormalCloseReason: string;
}

export const DEFAULT_SWITCHES: Switches = {
  v1PathEncoding: 'encoded',
  pathDecoding: 'twice',
  forwardedProto: 'https',
  failedHandshakeBody: true,
  connectTimeoutStatus: 504,
  error4xxFrame: false,
  headerLimitStatus: 431,
  lambdaThrottleStatus: 503,
  stringStatusCode: false,
  activationDelayMs: 0,
  postDuringConnect: 'gone',
  answersPings: true,
  pingResetsIdle: false,
  lenientRouteJson: false,
  permessageDeflate: false,
  urlLimitStatus: 414,
  messageTimeoutText: 'Endpoint request timed out',
  messageThrottleText: 'Too Many Requests',
  disconnectAfterRefusal: false,
  customDomainRawPath: 'mapping',
  doubleSlashes: 'kept',
  dotSegments: 'kept',
  anyInArn: 'ANY',
  unknownHostStatus: 403,
  textContentTypes: 'all-text',
  unstreamedResult: 'response',
  connectionsWithoutId: true,
  abnormalCloseReason: '',
};

/** What each switch that is a word may say. */
export const SWITCH_VALUES: Readonly<Record<string, readonly string[]>> = {
  v1PathEncoding: ['encoded', 'decoded'],
  pathDecoding: ['twice', 'once'],
  forwardedProto: ['https', 'http'],
  postDuringConnect: ['gone', 'hang'],
  customDomainRawPath: ['stage', 'mapping'],
  doubleSlashes: ['kept', 'collapsed'],
  dotSegments: ['kept', 'resolved'],
  anyInArn: ['ANY', 'method'],
  textContentTypes: ['all-text', 'listed'],
  unstreamedResult: ['response', 'body'],
};
