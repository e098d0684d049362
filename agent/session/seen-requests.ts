/** Remembers the latest ids, so that a request delivered twice (MG-13) runs once. */
export interface SeenRequests {
  has(requestId: string): boolean;
  add(requestId: string): void;
}

/** @param capacity the oldest id is forgotten beyond it */
export function createSeenRequests(capacity = 10_000): SeenRequests {
  const ids = new Set<string>();
  return {
    has: (requestId) => ids.has(requestId),
    add(requestId) {
      ids.add(requestId);
      if (ids.size <= capacity) return;
      for (const oldest of ids) {
        ids.delete(oldest);
        return;
      }
    },
  };
}
