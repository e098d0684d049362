import { availableParallelism, cpus } from 'node:os';

/** Milliseconds that one look at the processors counts for. */
const LOOK_MS = 100;

/** Below this share of idle time another thread makes no work go faster. */
const IDLE_SHARE = 0.2;

/** Whether all processors of this machine were busy just now, whoever kept them so. */
export type Saturation = () => boolean;

/** Processor time of the whole machine since some moment, in milliseconds. */
export interface ProcessorTime {
  readonly idle: number;
  readonly all: number;
}

/**
 * Looks at the processors when it is asked, and at most every tenth of a second. What is true when nobody has asked for a second is not
 * known, and taken for false.
 * @param now milliseconds of a clock that never goes back
 */
export function createSaturation(now = () => performance.now(), read = processorTime): Saturation {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let last: ProcessorTime | undefined;
  let saturated = false;
  return () => {
    const at = now();
    if (at - lookedAt < LOOK_MS) return saturated;
    const present = read();
    const fresh = last !== undefined && at - lookedAt < 10 * LOOK_MS;
    saturated = fresh && present.idle - (last?.idle ?? 0) < IDLE_SHARE * (present.all - (last?.all ?? 0));
    lookedAt = at;
    last = present;
    return saturated;
  };
}

function processorTime(): ProcessorTime {
  const times = cpus().map(({ times }) => times);
  const idle = times.reduce((sum, each) => sum + each.idle, 0);
  const all = times.reduce((sum, { user, nice, sys, irq, idle: rest }) => sum + user + nice + sys + irq + rest, 0);
  return { idle, all };
}

/** So many environments keep all processors busy with what computes more than it waits. */
export const ENOUGH_ENVIRONMENTS = 2 * availableParallelism();
