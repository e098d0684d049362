/** Sessions that one environment remembers at most. */
const MOST = 1_000;

/**
 * Answers that have come whole, for each session the latest: its next request says so, which costs nothing, and the agent need not
 * keep that answer any more.
 */
export interface HeardAnswers {
  add(sessionId: string, requestId: string): void;
  /** What the session has not been told of yet. */
  take(sessionId: string): string | undefined;
}

export function createHeardAnswers(): HeardAnswers {
  const latest = new Map<string, string>();
  return {
    add(sessionId, requestId) {
      latest.delete(sessionId);
      latest.set(sessionId, requestId);
      const [oldest] = latest.keys();
      if (latest.size > MOST && oldest !== undefined) latest.delete(oldest);
    },
    take(sessionId) {
      const requestId = latest.get(sessionId);
      latest.delete(sessionId);
      return requestId;
    },
  };
}
