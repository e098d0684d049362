import type { Throttle, WebSocketApi } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { createThrottle } from '../throttle.ts';

/** Rates of the WebSocket API (WS-17, WS-50). Each call takes a token, and tells why where there is none. */
export interface Throttling {
  /** Of a handshake: new connections a second, and what stage or route allow `$connect`. */
  takeConnect(): string | undefined;
  /** Of a message: the account's requests a second, and what stage or route allow. */
  takeMessage(routeKey: string): string | undefined;
}

/** A route's own throttle holds instead of the stage's, each bucket for one route; absent parts are the account's. */
export function createThrottling(
  { accountThrottle, clock, quotas }: Pick<GatewayContext, 'accountThrottle' | 'clock' | 'quotas'>,
  { routes, stage }: Pick<WebSocketApi, 'routes' | 'stage'>,
): Throttling {
  const { connectsPerSecond, requestsPerSecond, requestBurst } = quotas;
  const connects = createThrottle({ rate: connectsPerSecond, burst: connectsPerSecond, clock });
  const bucketOf = ({ rate = requestsPerSecond, burst = requestBurst }: Throttle) =>
    createThrottle({ rate, burst, clock });
  const byRoute = new Map(
    routes.flatMap(({ routeKey }) => {
      const throttle = stage.routeThrottles?.[routeKey] ?? stage.throttle;
      return throttle ? [[routeKey, bucketOf(throttle)] as const] : [];
    }),
  );

  const takeRoute = (routeKey: string) =>
    byRoute.get(routeKey)?.take() === false ? `the throttle of ${routeKey} is used up` : undefined;

  return {
    takeConnect: () =>
      connects.take()
        ? takeRoute('$connect')
        : `more than ${connectsPerSecond} new connections a second; AWS raises that on request`,
    takeMessage: (routeKey) =>
      accountThrottle.take() ? takeRoute(routeKey) : `the account's ${requestsPerSecond} requests a second are used up`,
  };
}
