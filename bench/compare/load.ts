import { fileURLToPath } from 'node:url';
import { startChild } from '../stack/child.ts';

const PROGRAM = fileURLToPath(new URL('programs/load.ts', import.meta.url));

/** What the load's process is asked; `urls` are tunnels' public URLs, of one origin. */
export type Question =
  | { readonly ask: 'visit'; readonly urls: readonly string[] }
  | {
      readonly ask: 'rate';
      readonly urls: readonly string[];
      readonly atOnce: number;
      readonly ms: number;
      readonly most?: number | undefined;
    }
  | { readonly ask: 'download'; readonly urls: readonly string[]; readonly bytes: number; readonly ms: number }
  | { readonly ask: 'upload'; readonly urls: readonly string[]; readonly bytes: number; readonly ms: number }
  | { readonly ask: 'text'; readonly urls: readonly string[]; readonly bytes: number; readonly count: number }
  | { readonly ask: 'burst'; readonly urls: readonly string[]; readonly count: number; readonly slowMs: number };

export interface Rate {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** `3 × 502 agent_lost` */
  readonly failures: readonly string[];
}

export interface Transfer {
  /** Millions of bytes of body. */
  readonly mbPerSecond: number;
}

export interface Burst {
  readonly seconds: number;
  readonly failures: readonly string[];
}

/** What did not work, in the words of who noticed. */
export interface Problem {
  readonly problem: string;
}

export interface Visit {
  /** Of one. */
  readonly ms: number;
}

/** Asks public URLs, from a process of its own. */
export interface Load {
  /** One small answer. */
  visit(url: string): Promise<Visit | Problem>;
  /**
   * @param urls asked in turn
   * @param most requests; unless given, time alone ends it
   */
  rate(urls: readonly string[], atOnce: number, ms: number, most?: number): Promise<Rate | Problem>;
  /** One body after the other, for so many milliseconds and at least one. */
  download(url: string, bytes: number, ms: number): Promise<Transfer | Problem>;
  upload(url: string, bytes: number, ms: number): Promise<Transfer | Problem>;
  /** So many text answers of that size, one after the other. */
  text(url: string, bytes: number, count: number): Promise<Visit | Problem>;
  /** @param slowMs milliseconds that the upstream takes */
  burst(url: string, count: number, slowMs: number): Promise<Burst | Problem>;
  stop(): Promise<void>;
}

export async function startLoad(): Promise<Load> {
  const child = startChild([PROGRAM]);
  child.process.stdout?.resume();
  await child.first();
  const ask = <Answer>({ ask, ...details }: Question) => child.ask<Answer | Problem>(ask, details);
  return {
    visit: (url) => ask<Visit>({ ask: 'visit', urls: [url] }),
    rate: (urls, atOnce, ms, most) => ask<Rate>({ ask: 'rate', urls, atOnce, ms, most }),
    download: (url, bytes, ms) => ask<Transfer>({ ask: 'download', urls: [url], bytes, ms }),
    upload: (url, bytes, ms) => ask<Transfer>({ ask: 'upload', urls: [url], bytes, ms }),
    text: (url, bytes, count) => ask<Visit>({ ask: 'text', urls: [url], bytes, count }),
    burst: (url, count, slowMs) => ask<Burst>({ ask: 'burst', urls: [url], count, slowMs }),
    async stop() {
      await child.stop();
    },
  };
}

export function isProblem(value: object): value is Problem {
  return 'problem' in value;
}
