import type { Clock } from './clock.ts';

/** A message of an answer, as it was said. */
export interface SaidMessage {
  readonly requestId: string;
  /** 0 is the head. */
  readonly part: number;
  /** Of the body as it travels, this part included. */
  readonly endBytes: number;
  readonly text: string;
  /** The address that it was said with. */
  readonly replyTo: string | undefined;
}

/**
 * What was said of each exchange, for a while: a message that the operating system has taken may still be lost with its connection,
 * and the edge then asks for it again.
 */
export interface KeptAnswers {
  keep(said: SaidMessage): void;
  /** This part can be said again, or need not be: it has arrived, or an error has ended the answer. */
  holds(requestId: string, part: number): boolean;
  /** What was said from this part on, but for the parts in `seen`; an error always. */
  missing(requestId: string, from: number, seen: readonly number[]): readonly SaidMessage[];
  /** What was said in the last `ms` milliseconds; each message once, so that what fails again and again does not multiply. */
  takeLatest(ms: number): readonly SaidMessage[];
  /** The edge has so many bytes of the body without a gap. */
  confirm(requestId: string, bytes: number): void;
  /** The edge has all of it. */
  forget(requestId: string): void;
  /** The exchange runs, and its window bounds what is not confirmed: that does not age until {@link KeptAnswers.release}. */
  hold(requestId: string): void;
  release(requestId: string): void;
}

/** The part of an error, which comes after all others. */
export const ERROR_PART = Number.MAX_SAFE_INTEGER;

interface Limits {
  /** Of all that is kept; a short text counts by its characters, which are bytes as long as they are ASCII. */
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
  readonly said: Omit<SaidMessage, 'text'>;
  readonly text: string | Buffer;
  readonly at: number;
  /** By {@link KeptAnswers.takeLatest}. */
  taken: boolean;
}

/** From so many characters on a text is kept as bytes: V8 would move a long string twice, and give it a page of its own. */
const LONG_TEXT = 16_384;

/** The oldest exchange is forgotten first, whole; one that is held after all others. */
export function createKeptAnswers(clock: Pick<Clock, 'now'>, limits = LIMITS): KeptAnswers {
  const held = new Map<string, Kept>();
  const ageing = new Map<string, Kept>();
  let heldBytes = 0;

  const find = (requestId: string) => held.get(requestId) ?? ageing.get(requestId);

  function drop(kept: Kept, part: number): void {
    heldBytes -= kept.parts.get(part)?.text.length ?? 0;
    kept.parts.delete(part);
  }

  function dropAll(kept: Kept): void {
    for (const part of kept.parts.keys()) drop(kept, part);
  }

  function forgetOld(): void {
    for (const [requestId, kept] of ageing) {
      if (heldBytes <= limits.bytes && clock.now() - kept.since < limits.ms) break;
      dropAll(kept);
      ageing.delete(requestId);
    }
    for (const kept of held.values()) {
      if (heldBytes <= limits.bytes) return;
      dropAll(kept);
    }
  }

  return {
    keep({ requestId, part, endBytes, replyTo, text: said }) {
      const text = said.length < LONG_TEXT ? said : Buffer.from(said);
      const kept = find(requestId) ?? begin();
      if (!held.has(requestId)) ageing.set(requestId, kept);
      drop(kept, part);
      kept.parts.set(part, { said: { requestId, part, endBytes, replyTo }, text, at: clock.now(), taken: false });
      heldBytes += text.length;
      forgetOld();
    },
    holds(requestId, part) {
      const { parts, firstUnconfirmed = 0 } = find(requestId) ?? {};
      return part < firstUnconfirmed || parts?.has(part) === true || parts?.has(ERROR_PART) === true;
    },
    missing(requestId, from, seen) {
      const there = new Set(seen);
      return [...(find(requestId)?.parts.values() ?? [])]
        .filter(({ said: { part } }) => part >= from && !there.has(part))
        .map(saidAgain);
    },
    takeLatest(ms) {
      const since = clock.now() - ms;
      const parts = [...held.values(), ...ageing.values()].flatMap((kept) => [...kept.parts.values()]);
      const latest = parts.filter(({ at, taken }) => at >= since && !taken);
      for (const part of latest) part.taken = true;
      return latest.map(saidAgain);
    },
    confirm(requestId, bytes) {
      const kept = find(requestId);
      for (const [part, { said }] of kept?.parts ?? []) {
        if (!kept || part === ERROR_PART || bytes <= 0 || said.endBytes > bytes) continue;
        drop(kept, part);
        kept.firstUnconfirmed = Math.max(kept.firstUnconfirmed, part + 1);
      }
    },
    forget(requestId) {
      const kept = find(requestId);
      if (kept) dropAll(kept);
      ageing.delete(requestId);
    },
    hold(requestId) {
      held.set(requestId, find(requestId) ?? begin());
      ageing.delete(requestId);
    },
    release(requestId) {
      const kept = held.get(requestId);
      if (!kept) return;
      held.delete(requestId);
      if (kept.parts.size > 0 || kept.firstUnconfirmed > 0) ageing.set(requestId, { ...kept, since: clock.now() });
    },
  };

  function begin(): Kept {
    return { since: clock.now(), parts: new Map(), firstUnconfirmed: 0 };
  }
}

function saidAgain({ said, text }: KeptPart): SaidMessage {
  return { ...said, text: text.toString() };
}
