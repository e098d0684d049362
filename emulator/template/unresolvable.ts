/** One place of a template whose value cannot be known. */
export interface Fault {
  /** Logical id and property: `App.Properties.Environment.Variables.URL`. */
  readonly path: string;
  readonly reason: string;
  /** True where the template is right, and only a deployment knows the value: another stack's output, a secret. */
  readonly deployedOnly: boolean;
}

/** Why a value cannot be known without deploying; caught where a property is read, and reported with its path. */
export class Unresolvable extends Error {
  /** Every place in the value that is at fault, not only the first. */
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ reason }) => reason).join('; '));
    this.faults = faults;
  }

  /** Whether nothing is wrong with the value but that it is not known yet. */
  get deployedOnly(): boolean {
    return this.faults.every(({ deployedOnly }) => deployedOnly);
  }
}

/** What no deployment would accept. */
export function wrong(path: string, reason: string): Unresolvable {
  return new Unresolvable([{ path, reason, deployedOnly: false }]);
}

export function knownOnlyWhenDeployed(path: string, reason: string): Unresolvable {
  return new Unresolvable([{ path, reason, deployedOnly: true }]);
}

/** Evaluates all of them, and only then throws for those that failed, so that a person sees every fault at once. */
export function gather<T>(evaluations: readonly (() => T)[]): T[] {
  const faults = new Map<string, Fault>();
  const values = evaluations.flatMap((evaluate) => {
    try {
      return [evaluate()];
    } catch (error) {
      if (!(error instanceof Unresolvable)) throw error;
      for (const fault of error.faults) faults.set(`${fault.path}: ${fault.reason}`, fault);
      return [];
    }
  });
  if (faults.size > 0) throw new Unresolvable([...faults.values()]);
  return values;
}
