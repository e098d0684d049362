import { timesUsage, USAGE_KINDS, type Usage } from '../../src/prices.ts';
import { DAYS } from './cost-estimate.ts';
import { EXIT, type Failure } from './failure.ts';

/** What a running emulator says of its meter. */
export interface Metered {
  /** Milliseconds that it covers. */
  readonly ms: number;
  readonly requests: number;
  readonly usage: Usage;
}

export const DEFAULT_EMULATOR = 'http://127.0.0.1:3002';

const PATH = '/_postern/meter';
const PATIENCE_MS = 5_000;
const MINUTE_MS = 60_000;
const MONTH_MS = DAYS * 86_400_000;

/**
 * Asks a running emulator.
 * @param base the address of its Lambda port
 * @param reset begins a new count after this one
 */
export async function askMeter(base: string, reset: boolean, stop: AbortSignal): Promise<Metered | Failure> {
  if (!URL.canParse(base)) return unreachable(base, 'that is no URL');
  const signal = AbortSignal.any([stop, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const response = await fetch(new URL(PATH, base), { method: reset ? 'DELETE' : 'GET', signal });
    const body: unknown = response.ok ? await response.json() : undefined;
    return isMetered(body) ? body : unreachable(base, `status ${response.status}, and no meter`);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return unreachable(base, cause instanceof Error ? cause.message : String(cause));
  }
}

/** A month that goes on as the metered time did. A connection's first minute is billed whole, and grows with no shorter time than that. */
export function monthOfMetered({ ms, usage }: Metered): Usage {
  const connectionMinutes = usage.connectionMinutes * (MONTH_MS / Math.max(ms, MINUTE_MS));
  return { ...timesUsage(usage, MONTH_MS / Math.max(ms, 1)), connectionMinutes };
}

function isMetered(body: unknown): body is Metered {
  if (typeof body !== 'object' || body === null) return false;
  const { ms, requests, usage } = body as Partial<Metered>;
  const counts = (usage ?? {}) as Partial<Usage>;
  return [ms, requests, ...USAGE_KINDS.map((kind) => counts[kind])].every((value) => Number.isFinite(value));
}

function unreachable(base: string, why: string): Failure {
  return {
    exit: EXIT.unreachable,
    code: 'emulator_unreachable',
    cause: `No emulator tells at ${base} what it has metered: ${why}.`,
    cure: 'Start one (npm start, npx sls offline, npx postern emulator), and name its Lambda address with --emulator.',
  };
}
