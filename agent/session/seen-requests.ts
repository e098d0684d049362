/** Remembers the latest ids, so that a request delivered twice (MG-13) runs once. */
export interface SeenRequests {
  has(requestId: string): boolean;
  add(requestId: string): void;
}

/** @param capacity the oldest id is forgotten beyond it */
export function createSeenRequests(capacity = 10_000): SeenRequests {
  const ids = new Set<string>();
  /** Goes on where it stood, also with what is added later; one that begins anew would pass over all that was deleted, each time. */
  const oldest = ids.values();
  return {
    has: (requestId) => ids.has(requestId),
    add(requestId) {
      ids.add(requestId);
      if (ids.size > capacity) ids.delete(oldest.next().value ?? '');
    },
  };
}
