import type { Latency } from '../../../emulator/latency/latency.ts';
import type { Step } from '../../../emulator/latency/steps.ts';
import { until } from '../gateway/fixture.ts';

export interface HandLatency extends Latency {
  /** Resolves once somebody waits for the step, and ends that wait. */
  pass(step: Step): Promise<void>;
  /** Steps that are waited for. */
  waited(): readonly Step[];
}

/**
 * Delays that end when a test says so.
 * @param draws what is drawn for a step, one after the other; nothing once they are used up
 */
export function createHandLatency(draws: Partial<Record<Step, number[]>> = {}): HandLatency {
  const waits: { readonly step: Step; readonly end: () => void }[] = [];
  return {
    draw: (step) => draws[step]?.shift() ?? 0,
    wait: (step) => new Promise((resolve) => waits.push({ step, end: resolve })),
    async pass(step) {
      await until(() => waits.some((wait) => wait.step === step));
      const [found] = waits.splice(
        waits.findIndex((wait) => wait.step === step),
        1,
      );
      found?.end();
    },
    waited: () => waits.map(({ step }) => step),
  };
}
