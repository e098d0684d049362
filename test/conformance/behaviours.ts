/** Every behaviour of AWS that the emulator is held to, by the id that tests, logs and documents use. */
export interface Behaviour {
  readonly id: string;
  readonly title: string;
  readonly confidence: Confidence;
  /**
   * What governs that which nobody is sure of: `switch permessageDeflate`, `quota frameBytes`, `fault postShuffleMs`, more
   * names behind commas; or `no switch: ` and why. There for everything `inferred`, `unknown` or `conflicting`, and where a
   * detail of something certain is not.
   */
  readonly held?: string;
  /** What the title says and no test of the id shows. */
  readonly notTested?: string;
  /** Why it is no business of an emulator of these APIs; absent for everything it answers for. */
  readonly outOfScope?: string;
}

/**
 * How we know. `documented`, `recorded`, `observed` and `tested` hold exactly; what is only `inferred`, `unknown` or
 * `conflicting` is an assumption, whose default the test holds.
 */
export type Confidence = 'documented' | 'recorded' | 'observed' | 'tested' | 'inferred' | 'unknown' | 'conflicting';

export interface Section {
  readonly title: string;
  readonly behaviours: readonly Behaviour[];
}

const documented = certain('documented');
const recorded = certain('recorded');
const observed = certain('observed');
const tested = certain('tested');
const inferred = doubtful('inferred');
const unknown = doubtful('unknown');
const conflicting = doubtful('conflicting');

export const SECTIONS: readonly Section[] = [
  {
    title: 'WebSocket: handshake and $connect',
    behaviours: [
      documented('WS-01', 'the handshake waits for the $connect function'),
      documented('WS-02', 'what $connect returns as a body reaches nobody; Sec-WebSocket-Protocol does'),
      observed('WS-03', 'any 2xx status opens the connection'),
      documented('WS-04', 'any other status fails the handshake with that status', {
        held: 'switch failedHandshakeBody',
      }),
      observed('WS-05', 'a $connect that throws or returns no usable status gives 502'),
      observed('WS-06', 'without permission to invoke: 500, and the function never runs'),
      documented('WS-07', 'permissions are matched against {apiId}/{stage}/{routeKey}'),
      observed('WS-08', 'without permission on a message route: an error frame on an open socket'),
      documented('WS-09', 'an API without $connect lets everybody in'),
      documented('WS-10', 'an integration takes 29 s at most; a function that times out first gives 502', {
        held: 'switch connectTimeoutStatus',
        notTested: '29 s themselves: the test makes the quota webSocketIntegrationMs shorter',
      }),
      documented('WS-11', 'the CONNECT event has exactly its keys'),
      documented('WS-12', 'the CONNECT event has canonical headers, forwarded ones, and no hop-by-hop ones'),
      documented('WS-13', 'the sub-protocol is the one $connect names, whatever was offered'),
      unknown('WS-14', 'permessage-deflate is not negotiated', 'switch permessageDeflate'),
      documented('WS-15', 'an authorizer decides at $connect, and its context is in every later event'),
      documented('WS-16', 'identity is asked for when connecting, and never again'),
      documented('WS-17', 'more new connections a second than the quota get 429'),
      documented('WS-18', 'a URL may be 4,096 characters long', { held: 'switch urlLimitStatus' }),
      observed('WS-19', 'a plain GET gets 426'),
      recorded('WS-20', 'connection ids are 16 characters of base64url that end in ='),
      documented('WS-21', 'on a domain of its own the stage comes from the mapping'),
    ],
  },
  {
    title: 'WebSocket: messages',
    behaviours: [
      documented('WS-30', 'the route is the value of the selection expression, else $default'),
      documented('WS-31', 'what is no JSON goes to $default'),
      unknown('WS-32', 'unquoted keys count as JSON only by a switch', 'switch lenientRouteJson'),
      observed('WS-33', 'without a fitting route: a Forbidden frame on an open socket'),
      recorded('WS-34', 'a failing integration: an Internal server error frame, byte for byte'),
      unknown(
        'WS-35',
        'a status of 400 or more from a message route says nothing to the client',
        'switch error4xxFrame',
      ),
      documented('WS-36', 'what a function returns goes nowhere without a route response'),
      recorded('WS-37', 'the MESSAGE event has exactly its keys, and no headers'),
      documented('WS-38', 'routeKey is the route that was chosen'),
      documented('WS-39', 'routeKey $default is in events of both kinds of API'),
      documented('WS-40', 'a binary frame closes the connection with 1003'),
      documented('WS-41', 'a frame over 32 KB closes the connection with 1009'),
      documented('WS-42', 'a message over 128 KB closes with 1009; fragments below are one event'),
      inferred('WS-43', 'a post over 32 KB arrives in frames of at most that', 'quota frameBytes'),
      observed('WS-44', 'messages run at the same time and end in any order'),
      inferred('WS-45', 'awaited posts keep their order', 'fault postShuffleMs'),
      documented('WS-46', 'ten idle minutes close with 1001 Going away; both directions count'),
      documented('WS-47', 'two hours end every connection with 1001'),
      conflicting(
        'WS-48',
        'no ping ever comes; a client’s is answered and does not count as activity',
        'switch answersPings, pingResetsIdle',
      ),
      observed('WS-49', 'a connection cut off without a word stays connected and takes posts'),
      documented('WS-50', 'one throttle for HTTP, messages and posts', { held: 'switch messageThrottleText' }),
      inferred('WS-51', 'a message’s integration that takes too long: an error frame', 'switch messageTimeoutText'),
      out(documented('WS-52', 'gaps in the account’s logs'), 'CloudWatch’s own gaps; the emulator’s log has none'),
    ],
  },
  {
    title: 'WebSocket: $disconnect',
    behaviours: [
      documented('WS-60', '$disconnect runs after the end, at best'),
      documented('WS-61', 'the DISCONNECT event has its four headers, a code and a reason'),
      recorded('WS-62', 'each way to end has its code and reason', { held: 'switch abnormalCloseReason' }),
      recorded('WS-63', 'a DELETE fires $disconnect'),
      documented('WS-64', 'a DELETE chooses neither code nor reason'),
      inferred(
        'WS-65',
        'in $disconnect a post to that id gets 410',
        'no switch: an id is gone with its connection, as after a DELETE (MG-10)',
      ),
      inferred('WS-66', 'a refused handshake has no $disconnect', 'switch disconnectAfterRefusal'),
    ],
  },
  {
    title: 'Management API (@connections)',
    behaviours: [
      documented('MG-01', 'it lies below the stage: /{stage}/@connections/{id}'),
      recorded('MG-02', 'without the stage: 403 Forbidden'),
      documented('MG-03', 'unsigned or wrongly signed: 403'),
      documented('MG-04', 'without execute-api:ManageConnections: 403 ForbiddenException', {
        held: 'switch connectionsWithoutId',
      }),
      documented('MG-05', 'a post during $connect gets 410', { held: 'switch postDuringConnect' }),
      recorded('MG-06', '410 is empty, and named by a header: the SDK throws GoneException'),
      observed('MG-07', 'an unknown id gets 410, a malformed one 400'),
      documented('MG-08', 'a post is answered 200, empty'),
      documented('MG-09', 'GET tells times as ISO text and who is connected'),
      documented('MG-10', 'DELETE is answered 204, and everything later 410'),
      documented('MG-11', 'a post over 131,072 bytes gets 413 PayloadTooLargeException'),
      documented('MG-12', 'a client that reads too slowly: 429 LimitExceededException'),
      tested('MG-13', 'the SDK tries 429 and 5xx three times, other errors once'),
      tested('MG-14', 'wss:// as the SDK’s endpoint hangs in plain HTTP'),
      inferred('MG-15', 'a post arrives as text', 'no switch: a WebSocket API knows no binary messages (WS-40)'),
      recorded('MG-16', 'on a domain of its own the endpoint has no stage'),
      out(observed('MG-17', 'private DNS of a VPC endpoint hides public APIs'), 'VPC networking'),
      unknown('MG-18', 'a new connection may be unknown for a moment, by a switch', 'switch activationDelayMs'),
    ],
  },
  {
    title: 'HTTP API: requests',
    behaviours: [
      documented('HA-01', 'the first segment names a stage, else it is $default'),
      documented('HA-02', 'the closest route wins: text, variable, greedy, $default'),
      documented('HA-03', 'no route: 404 Not Found'),
      documented('HA-04', 'payload 2.0 has its keys, and leaves out what is empty'),
      recorded('HA-05', 'rawPath of 2.0 is decoded'),
      observed('HA-06', '%3F cuts the path off'),
      conflicting('HA-07', 'path of 1.0 stays encoded', 'switch v1PathEncoding'),
      unknown(
        'HA-08',
        'a trailing slash stays; empty and dotted segments by switches',
        'switch doubleSlashes, dotSegments',
      ),
      observed('HA-09', 'a named stage is in front of rawPath'),
      conflicting('HA-10', 'what the path shows behind a mapping key, by a switch', 'switch customDomainRawPath'),
      recorded('HA-11', 'rawQueryString is as sent; 2.0 joins values, 1.0 lists them'),
      recorded('HA-12', 'headers of 2.0 are lower-case and joined, with the gateway’s own'),
      recorded('HA-13', 'headers of 1.0 keep the client’s spelling'),
      documented('HA-14', 'sourceIp is the peer; X-Forwarded-For grows by it'),
      recorded('HA-15', 'cookies of 2.0 are a list, and no header'),
      observed('HA-16', 'few content types are text; all others are base64', { held: 'switch textContentTypes' }),
      observed('HA-17', 'an empty body is absent in 2.0 and null in 1.0'),
      recorded('HA-18', 'the request context of 1.0'),
      documented('HA-19', 'the payload format is the integration’s'),
      documented('HA-20', 'the protocol is always HTTP/1.1'),
      recorded('HA-21', 'the request id ends in = and is apigw-requestid'),
      documented('HA-22', 'request line and headers may have 10,240 bytes', { held: 'switch headerLimitStatus' }),
      observed('HA-23', 'an event over 6 MB: 413 Request Entity Too Large'),
      documented('HA-24', 'throttled: 429 Too Many Requests'),
      documented('HA-25', 'nothing streams; hop-by-hop headers are dropped'),
      documented('HA-26', 'HEAD and OPTIONS are routed like any method'),
      documented('HA-27', 'without permission to invoke: 500, and the function never runs', {
        held: 'switch anyInArn',
      }),
    ],
  },
  {
    title: 'HTTP API: responses',
    behaviours: [
      recorded('HR-01', 'a 2.0 result without statusCode is the body of a 200'),
      recorded('HR-02', 'and is not checked for being JSON'),
      recorded('HR-03', 'without a content type: text/plain; charset=utf-8'),
      recorded('HR-04', 'statusCode 0 or a fraction: 500', { held: 'switch stringStatusCode' }),
      recorded('HR-05', 'a function error: 500 Internal Server Error'),
      recorded('HR-06', 'an integration that takes too long: 503 without a content type', {
        notTested: '30 s themselves: the test makes the quota httpIntegrationMs shorter',
      }),
      recorded('HR-07', 'a result over 6 MB: 500'),
      observed('HR-08', '2.0 takes cookies and headers, not multiValueHeaders'),
      recorded('HR-09', '1.0 sends headers and multiValueHeaders, a line each'),
      recorded('HR-10', 'the gateway’s own headers, in title case'),
      observed('HR-11', 'hop-by-hop headers of the function are dropped'),
      observed('HR-12', 'isBase64Encoded always decodes'),
      documented('HR-13', 'CORS is the gateway’s where configured, and nobody’s otherwise'),
      unknown('HR-14', 'a function without concurrency: 503, by a switch', 'switch lambdaThrottleStatus'),
      inferred('HR-15', 'a disabled default endpoint refuses', 'switch unknownHostStatus'),
      inferred('HR-16', 'no compression, no caching, no ETag', 'no switch: HTTP APIs have no such features'),
    ],
  },
  {
    title: 'Lambda',
    behaviours: [
      documented('LA-01', 'one event at a time in one environment'),
      documented('LA-02', 'an environment stands still between events'),
      recorded('LA-03', 'a function’s timeout, and a new environment after it'),
      documented('LA-04', 'events and results of 6 MB, asynchronous events of 1 MB'),
      documented('LA-05', 'asynchronous: 202, and two more attempts'),
      documented('LA-06', 'concurrency of account and function: 429 with a reason'),
      recorded('LA-07', 'a process that exits: Runtime.ExitError'),
      documented('LA-08', 'callback handlers wait for an empty event loop'),
      documented('LA-09', 'the context’s fields'),
      documented('LA-10', 'a cold start runs the module’s code first, 10 s at most', {
        notTested:
          'the limit of 10 s and the second run after it, for which every run would wait; the emulator’s own tests have a quick clock',
      }),
      recorded('LA-11', 'function URLs: 2.0 with an encoded rawPath and their own 403'),
      documented('LA-12', 'function URLs that stream: status and parts as they come, and no length'),
      out(documented('LA-13', 'response streaming of REST APIs'), 'REST APIs'),
      out(documented('LA-14', 'managed instances'), 'another service'),
      out(documented('LA-15', 'durable functions, tenant isolation'), 'other services'),
      out(documented('LA-16', 'MicroVMs'), 'another service'),
      documented('LA-17', 'the resource policy is asked at every invocation'),
    ],
  },
  {
    title: 'DynamoDB',
    behaviours: [
      documented('DD-01', 'an index lags behind, and takes no consistent reads'),
      documented('DD-02', 'reads are consistent only when asked', {
        notTested: 'a read that is late: the emulator’s tables are always up to date, only its indexes lag (DD-01)',
      }),
      documented('DD-03', 'expired items stay for a while'),
      documented('DD-04', 'a failed condition can return the item'),
      documented('DD-05', 'what a write may return'),
      documented('DD-06', 'an item has 400 KB at most'),
      documented('DD-07', 'units of writes and reads'),
      documented('DD-08', 'one index change at a time, and it takes its time'),
      documented('DD-09', 'throttled: the SDK tries again; batches return what is left'),
    ],
  },
];

type Remarks = Pick<Behaviour, 'held' | 'notTested'>;

function certain(confidence: Confidence) {
  return (id: string, title: string, remarks: Remarks = {}): Behaviour => ({ id, title, confidence, ...remarks });
}

function doubtful(confidence: Confidence) {
  return (id: string, title: string, held: string): Behaviour => ({ id, title, confidence, held });
}

function out(behaviour: Behaviour, reason: string): Behaviour {
  return { ...behaviour, outOfScope: reason };
}
