import { strikes } from '../../stack/random.ts';
import type { Stage } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { createThrottle, type Throttle } from '../throttle.ts';

/** Takes a token for a request to a route; says why where there is none, and the client gets 429 (HA-24). */
export type TakeToken = (stage: Stage, routeKey: string) => string | undefined;

/** A route's own throttle holds instead of its stage's; each route has a bucket of its own. Absent parts are the account's. */
export function createThrottles(
  context: Pick<GatewayContext, 'accountThrottle' | 'clock' | 'faults' | 'quotas' | 'randomOf'>,
): TakeToken {
  const { accountThrottle, clock, faults, quotas } = context;
  const random = context.randomOf('requestThrottleRate');
  const byStage = new Map<Stage, Map<string, Throttle>>();

  function bucketOf(stage: Stage, routeKey: string): Throttle | undefined {
    const settings = stage.routeThrottles?.[routeKey] ?? stage.throttle;
    if (!settings) return undefined;
    const buckets = byStage.get(stage) ?? new Map<string, Throttle>();
    byStage.set(stage, buckets);
    const { rate = quotas.requestsPerSecond, burst = quotas.requestBurst } = settings;
    const bucket = buckets.get(routeKey) ?? createThrottle({ rate, burst, clock });
    buckets.set(routeKey, bucket);
    return bucket;
  }

  return (stage, routeKey) => {
    if (strikes(faults.requestThrottleRate, random)) {
      return 'throttled on purpose (requestThrottleRate)';
    }
    if (!accountThrottle.take())
      return `the account's ${quotas.requestsPerSecond} requests a second are used up (WS-50)`;
    return bucketOf(stage, routeKey)?.take() === false
      ? `the throttle of ${routeKey} in stage ${stage.name} is used up`
      : undefined;
  };
}
