import { compareStacks } from './changes.ts';
import type { Lambda } from './lambda/create-lambda.ts';
import { EmulatorError } from './stack/emulator-error.ts';
import type { Stack } from './stack/stack.ts';

type Failed = Awaited<ReturnType<Lambda['prepare']>>;

export type Reloaded =
  /** `functions` are the names of those that changed; none where nothing did. */
  | { readonly kind: 'reloaded'; readonly functions: readonly string[] }
  /** Something else than functions changed, in the parts named: that takes a new start. */
  | { readonly kind: 'restart-needed'; readonly parts: readonly string[] }
  /** Handlers that do not load; those before them go on serving. */
  | { readonly kind: 'unloadable'; readonly problems: readonly string[] };

/** @param running what has been loaded so far */
export function createReload(
  running: Stack,
  reloadFunctions: (next: Stack) => Promise<Failed>,
): (next: Stack) => Promise<Reloaded> {
  let current = running;
  return async (next) => {
    const { functions, otherParts } = compareStacks(current, next);
    if (otherParts.length > 0) return { kind: 'restart-needed', parts: otherParts };
    if (functions.length === 0) return { kind: 'reloaded', functions: [] };
    const failed = await reloadFunctions(next);
    if (failed.length > 0) return { kind: 'unloadable', problems: failed.map(describe) };
    current = next;
    return { kind: 'reloaded', functions: functions.map(({ name }) => name) };
  };
}

/** @throws EmulatorError HANDLER_UNLOADABLE naming every function whose handler does not load */
export function requireLoadable(failed: Failed): void {
  if (failed.length === 0) return;
  throw new EmulatorError({
    code: 'HANDLER_UNLOADABLE',
    cause: failed.map(describe).join('\n'),
    cure: 'Mend the handler, or its name in serverless.yml: in AWS every event of that function would fail.',
  });
}

function describe({ fn, reason }: Failed[number]): string {
  return `${fn.logicalId}: the handler ${fn.handler} does not load: ${reason}`;
}
