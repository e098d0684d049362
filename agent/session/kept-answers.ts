import type { Clock } from './clock.ts';

/**
 * What was said of each exchange, for a while: a message that the operating system has taken may still be lost with its connection,
 * and the edge then asks for it again.
 */
export interface KeptAnswers {
  /**
   * @param part 0 is the head
   * @param endBytes of the body as it travels, this part included
   */
  keep(requestId: string, part: number, endBytes: number, text: string): void;
  /** This part can be said again, or need not be: it has arrived, or an error has ended the answer. */
  holds(requestId: string, part: number): boolean;
  /** What was said from this part on, but for the parts in `seen`; an error always. */
  missing(requestId: string, from: number, seen: readonly number[]): readonly string[];
  /** What was said in the last `ms` milliseconds; each message once, so that what fails again and again does not multiply. */
  takeLatest(ms: number): readonly string[];
  /** The edge has so many bytes of the body without a gap. */
  confirm(requestId: string, bytes: number): void;
}

/** The part of an error, which comes after all others. */
export const ERROR_PART = Number.MAX_SAFE_INTEGER;

interface Limits {
  /** Characters, which are bytes as long as they are ASCII: of all that is kept. */
  readonly bytes: number;
  /** Longer than any door waits. */
  readonly ms: number;
}

const LIMITS: Limits = { bytes: 16_000_000, ms: 60_000 };

interface Kept {
  readonly since: number;
  readonly parts: Map<number, KeptPart>;
  /** Parts below this number have arrived. */
  firstUnconfirmed: number;
}

interface KeptPart {
  readonly text: string;
  readonly endBytes: number;
  readonly at: number;
  /** By {@link KeptAnswers.takeLatest}. */
  taken: boolean;
}

/** The oldest exchange is forgotten first, whole. */
export function createKeptAnswers(clock: Pick<Clock, 'now'>, limits = LIMITS): KeptAnswers {
  const exchanges = new Map<string, Kept>();
  let heldBytes = 0;

  function drop(kept: Kept, part: number): void {
    heldBytes -= kept.parts.get(part)?.text.length ?? 0;
    kept.parts.delete(part);
  }

  function forgetOld(): void {
    for (const [requestId, kept] of exchanges) {
      if (heldBytes <= limits.bytes && clock.now() - kept.since < limits.ms) return;
      for (const part of kept.parts.keys()) drop(kept, part);
      exchanges.delete(requestId);
    }
  }

  return {
    keep(requestId, part, endBytes, text) {
      const kept = exchanges.get(requestId) ?? { since: clock.now(), parts: new Map(), firstUnconfirmed: 0 };
      exchanges.set(requestId, kept);
      drop(kept, part);
      kept.parts.set(part, { text, endBytes, at: clock.now(), taken: false });
      heldBytes += text.length;
      forgetOld();
    },
    holds(requestId, part) {
      const { parts, firstUnconfirmed = 0 } = exchanges.get(requestId) ?? {};
      return part < firstUnconfirmed || parts?.has(part) === true || parts?.has(ERROR_PART) === true;
    },
    missing(requestId, from, seen) {
      const there = new Set(seen);
      return [...(exchanges.get(requestId)?.parts ?? [])]
        .filter(([part]) => part >= from && !there.has(part))
        .map(([, { text }]) => text);
    },
    takeLatest(ms) {
      const since = clock.now() - ms;
      const parts = [...exchanges.values()].flatMap((kept) => [...kept.parts.values()]);
      const latest = parts.filter(({ at, taken }) => at >= since && !taken);
      for (const part of latest) part.taken = true;
      return latest.map(({ text }) => text);
    },
    confirm(requestId, bytes) {
      const kept = exchanges.get(requestId);
      for (const [part, { endBytes }] of kept?.parts ?? []) {
        if (!kept || part === ERROR_PART || bytes <= 0 || endBytes > bytes) continue;
        drop(kept, part);
        kept.firstUnconfirmed = Math.max(kept.firstUnconfirmed, part + 1);
      }
    },
  };
}
