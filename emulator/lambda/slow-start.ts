import type { Clock } from '../stack/clock.ts';
import type { Environment, Started } from './environment.ts';

/** How long a start takes in AWS, in milliseconds. */
export interface ColdStart {
  /** Until the code of the function begins to load: nobody is billed for it, and no log tells it. */
  readonly createMs: number;
  /** Until the handler is there. */
  readonly initMs: number;
}

/** An environment that is ready no sooner than AWS's would be. One that does not come up says so when it knows. */
export function startingSlowly(environment: Environment, { createMs, initMs }: ColdStart, clock: Clock): Environment {
  const started = environment.started.then((own): Started | Promise<Started> => {
    const restMs = createMs + initMs - own.initMs;
    if (own.kind !== 'ready' || restMs <= 0) return own;
    const slowed = { ...own, initMs: Math.max(own.initMs, initMs) };
    return new Promise((resolve) => clock.after(restMs, () => resolve(slowed)));
  });
  return {
    started,
    invoke: (message, sink) => environment.invoke(message, sink),
    get alive() {
      return environment.alive;
    },
    end: () => environment.end(),
  };
}
