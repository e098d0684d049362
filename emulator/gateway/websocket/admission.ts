import { type IncomingMessage, STATUS_CODES } from 'node:http';
import { strikes } from '../../stack/random.ts';
import type { WebSocketApi } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { parseTarget } from '../events/target.ts';
import { createAddressing } from './addressing.ts';
import { malformedHandshake, type Refusal, refused } from './handshake.ts';
import type { Throttling } from './throttling.ts';

/** What a handshake meets before any function is asked. */
export interface Admission {
  admit(request: IncomingMessage): Admitted | Refusal;
  /** @see GatewayControl.refuseConnects */
  refuse(status: number, ms: number): void;
}

export interface Admitted {
  readonly accepted: true;
  /** As events show it. */
  readonly domainName: string;
  /** As sent, without the `?`. */
  readonly query: string;
}

/** Form, length (WS-18), address (WS-21, HR-15) and rate (WS-17, WS-50) of handshakes. */
export function createAdmission(context: GatewayContext, api: WebSocketApi, throttling: Throttling): Admission {
  const { clock, faults, quotas, switches } = context;
  const random = context.randomOf('connectThrottleRate');
  const addressOf = createAddressing(context, api);
  let refusing: { readonly status: number; readonly until: number } | undefined;

  function throttled(): Refusal | undefined {
    const now = clock.now();
    if (refusing && now < refusing.until) {
      const { status } = refusing;
      return refused(status, STATUS_CODES[status] ?? 'Refused', 'refused on purpose (control.refuseConnects)', 'WS-17');
    }
    const why = strikes(faults.connectThrottleRate, random)
      ? 'throttled on purpose (connectThrottleRate)'
      : throttling.takeConnect();
    return why === undefined ? undefined : refused(429, 'Too Many Requests', why, 'WS-17');
  }

  return {
    admit(request) {
      const malformed = malformedHandshake(request);
      if (malformed) return malformed;
      const url = request.url ?? '';
      const { path, query } = parseTarget(url);
      const address = addressOf(request.headers.host, path);
      const length = `wss://${address.kind === 'stage' ? address.domainName : (request.headers.host ?? '')}${url}`
        .length;
      if (length > quotas.webSocketUrlCharacters) {
        const note = `its URL has ${length} characters, more than ${quotas.webSocketUrlCharacters}`;
        return refused(switches.urlLimitStatus, STATUS_CODES[switches.urlLimitStatus] ?? 'Refused', note, 'WS-18');
      }
      if (address.kind === 'no-host') return refused(switches.unknownHostStatus, 'Forbidden', address.why, 'HR-15');
      if (address.kind === 'no-stage') return refused(403, 'Forbidden', address.why, 'WS-21');
      if (address.rest.length > 0) return surplus(address.rest, address.custom);
      return throttled() ?? { accepted: true, domainName: address.domainName, query };
    },
    refuse(status, ms) {
      refusing = { status, until: clock.now() + ms };
    },
  };
}

function surplus(rest: readonly string[], custom: boolean): Refusal {
  const why = custom ? 'on a custom domain the mapping already holds the stage' : 'a WebSocket URL ends with its stage';
  return refused(403, 'Forbidden', `/${rest.join('/')} is too much in its path: ${why}`, 'WS-21');
}
