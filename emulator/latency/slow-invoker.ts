import type { Invoker } from '../stack/invoker.ts';
import type { Latency } from './latency.ts';

/** Functions that are a while away: the time is spent before the event reaches an environment, and is billed to nobody. */
export function withInvokeLatency(invoker: Invoker, latency: Latency): Invoker {
  return {
    async invoke(functionArn, payload, options) {
      await latency.wait('invocation');
      return invoker.invoke(functionArn, payload, options);
    },
  };
}
