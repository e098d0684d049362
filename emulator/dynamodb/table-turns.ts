/** Who may use a table when: many at once, in lanes where order matters, or one alone. */
export interface TableTurns {
  /**
   * Runs beside others, but after everything earlier in the same lanes.
   * @param lanes names of what must happen in order: items, or a whole table; none for reads
   */
  share<Result>(tables: readonly string[], lanes: readonly string[], run: () => Promise<Result>): Promise<Result>;
  /** Runs when all that use the table have ended, and nobody else meanwhile. */
  own<Result>(table: string, run: () => Promise<Result>): Promise<Result>;
}

type Settled = Promise<void>;

export function createTableTurns(): TableTurns {
  const lanes = new Map<string, Settled>();
  const sharing = new Map<string, Set<Settled>>();
  const owned = new Map<string, Settled>();

  function sharersOf(table: string): Set<Settled> {
    const found = sharing.get(table) ?? new Set();
    sharing.set(table, found);
    return found;
  }

  return {
    async share(tables, names, run) {
      for (let owner = ownerOf(owned, tables); owner; owner = ownerOf(owned, tables)) await owner;
      // From here to the end of the loops nothing waits: nobody can stand between, so nobody waits in a circle.
      const earlier = names.flatMap((name) => lanes.get(name) ?? []);
      const result = earlier.length === 0 ? run() : Promise.all(earlier).then(run);
      const settled = settling(result);
      for (const name of names) lanes.set(name, settled);
      for (const table of tables) sharersOf(table).add(settled);
      settled.then(() => {
        for (const name of names) if (lanes.get(name) === settled) lanes.delete(name);
        for (const table of tables) sharersOf(table).delete(settled);
      });
      return result;
    },

    own(table, run) {
      const result = Promise.all([owned.get(table), ...sharersOf(table)]).then(run);
      const settled = settling(result);
      owned.set(table, settled);
      settled.then(() => {
        if (owned.get(table) === settled) owned.delete(table);
      });
      return result;
    },
  };
}

function ownerOf(owned: ReadonlyMap<string, Settled>, tables: readonly string[]): Settled | undefined {
  return tables.map((table) => owned.get(table)).find((owner) => owner !== undefined);
}

function settling(result: Promise<unknown>): Settled {
  const nothing = () => {};
  return result.then(nothing, nothing);
}
