import { type Failure, usageFailure } from './failure.ts';
import type { RawOptions } from './settings.ts';

/** A month's traffic, as a person describes it. */
export interface Load {
  readonly requestsPerDay: number;
  /** Of a request's body. */
  readonly requestBytes: number;
  /** Of an answer's body, as the upstream gives it. */
  readonly responseBytes: number;
  /** Both bodies are text that nobody has compressed yet. */
  readonly compressible: boolean;
  /** Milliseconds that the upstream takes. */
  readonly upstreamMs: number;
  /** Agents that are connected all day long. */
  readonly agents: number;
  readonly rendezvous: 'push' | 'poll';
  readonly door: 'http' | 'stream';
}

export const USUAL_LOAD: Load = {
  requestsPerDay: 10_000,
  requestBytes: 500,
  responseBytes: 4_096,
  compressible: false,
  upstreamMs: 50,
  agents: 1,
  rendezvous: 'push',
  door: 'http',
};

/** What an amount may be at most: far beyond what one stack carries, and safe to reckon with. */
const MOST = 1_000_000_000;

/** The largest bodies that a door carries, in bytes: of a request (LA-04), of an answer (HR-07, LA-12). */
const MOST_REQUEST_BYTES = 6_291_556;
const MOST_RESPONSE_BYTES: Readonly<Record<Load['door'], number>> = { http: 6_291_556, stream: 200_000_000 };

/** Every option that is absent has the value of {@link USUAL_LOAD}. */
export function readLoad(options: RawOptions): Load | Failure {
  const problems: string[] = [];
  const amount = (name: 'requestsPerDay' | 'requestBytes' | 'responseBytes' | 'upstreamMs' | 'agents'): number => {
    const given = options[name];
    if (given === undefined) return USUAL_LOAD[name];
    const value = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : Number.NaN;
    if (value <= MOST) return value;
    problems.push(`${flagOf(name)} wants a whole number of at most ${MOST}.`);
    return 0;
  };
  const choice = <Word extends string>(name: 'rendezvous' | 'door', words: readonly Word[], usual: Word): Word => {
    const given = options[name];
    const chosen = given === undefined ? usual : words.find((word) => word === given);
    if (chosen === undefined) problems.push(`${flagOf(name)} wants ${words.join(' or ')}.`);
    return chosen ?? usual;
  };
  const load: Load = {
    requestsPerDay: amount('requestsPerDay'),
    requestBytes: amount('requestBytes'),
    responseBytes: amount('responseBytes'),
    compressible: options.compressible === true,
    upstreamMs: amount('upstreamMs'),
    agents: amount('agents'),
    rendezvous: choice('rendezvous', ['push', 'poll'], USUAL_LOAD.rendezvous),
    door: choice('door', ['http', 'stream'], USUAL_LOAD.door),
  };
  const most = MOST_RESPONSE_BYTES[load.door];
  if (load.responseBytes > most) problems.push(`--response-bytes: this door carries ${most} at most.`);
  if (load.requestBytes > MOST_REQUEST_BYTES) {
    problems.push(`--request-bytes: a door carries ${MOST_REQUEST_BYTES} at most.`);
  }
  return problems.length === 0
    ? load
    : usageFailure(
        problems.join(' '),
        'For example: postern cost --requests-per-day 10000 --response-bytes 4096 --rendezvous push --door http',
      );
}

function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
