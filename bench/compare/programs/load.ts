/** Makes the load, in a process of its own; `startLoad` starts it and says what the questions mean. */
import { createHash } from 'node:crypto';
import { Pool } from 'undici';
import { bytesOf, textOf } from '../bodies.ts';
import type { Burst, Question, Rate, Transfer, Visit } from '../load.ts';
import { percentile } from '../numbers.ts';

/** Longer than any door keeps a visitor waiting. */
const PATIENCE_MS = 40_000;

interface Request {
  readonly method?: 'GET' | 'POST';
  readonly body?: Buffer;
}

process.on('message', (question: Question & { readonly id: number }) => {
  if (!(question.ask in ANSWERS)) return;
  answerOf(question).then(
    (answer) => process.send?.({ id: question.id, answer }),
    (error: unknown) =>
      process.send?.({ id: question.id, answer: { problem: error instanceof Error ? error.message : String(error) } }),
  );
});

// It lives as long as who asks.
process.channel?.ref();
process.send?.({ id: -1, answer: 'ready' });

const ANSWERS = { visit: true, text: true, rate: true, download: true, upload: true, burst: true };

function answerOf(question: Question): Promise<Visit | Rate | Transfer | Burst> {
  switch (question.ask) {
    case 'visit':
      return visit(question.urls[0] ?? '');
    case 'rate':
      return rate(question.urls, question.atOnce, question.ms, question.most);
    case 'download':
      return download(question.urls[0] ?? '', question.bytes, question.ms);
    case 'upload':
      return upload(question.urls[0] ?? '', question.bytes, question.ms);
    case 'text':
      return texts(question.urls[0] ?? '', question.bytes, question.count);
    case 'burst':
      return burst(question.urls[0] ?? '', question.count, question.slowMs);
  }
}

function visit(url: string): Promise<Visit> {
  return withPool([url], 1, async (pool) => {
    const startedAt = performance.now();
    await ask(pool, doorOf(url), '/small/0');
    return { ms: performance.now() - startedAt };
  });
}

/** Each of `atOnce` visitors asks again as soon as it is answered. The first answer of each is not counted. */
async function rate(urls: readonly string[], atOnce: number, ms: number, most = Infinity): Promise<Rate> {
  const doors = urls.map(doorOf);
  return withPool(urls, atOnce, async (pool) => {
    let next = 0;
    const failures = new Map<string, number>();
    const visit = async () => {
      const n = next++;
      const door = doors[n % doors.length];
      if (!door) throw new Error('no URL');
      const body = await ask(pool, door, `/small/${n}`);
      if (!String(body).startsWith(`${n} `)) throw new Error('the answer to another request');
    };
    await Promise.all(Array.from({ length: atOnce }, visit));
    const times: number[] = [];
    const startedAt = performance.now();
    const until = startedAt + ms;
    const visitor = async () => {
      for (let sentAt = performance.now(); sentAt < until && next < most; ) {
        try {
          await visit();
          const now = performance.now();
          times.push(now - sentAt);
          sentAt = now;
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          failures.set(why, (failures.get(why) ?? 0) + 1);
          sentAt = performance.now();
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, visitor));
    const elapsed = performance.now() - startedAt;
    return {
      perSecond: (1_000 * times.length) / elapsed,
      p50: percentile(times, 0.5),
      p99: percentile(times, 0.99),
      failures: [...failures].map(([why, count]) => `${count} × ${why}`),
    };
  });
}

/** One after the other. Of the first, which is not counted, and of the last every byte is checked. */
async function download(url: string, bytes: number, ms: number): Promise<Transfer> {
  const door = doorOf(url);
  return withPool([url], 1, async (pool) => {
    const fetchOne = async () => {
      const body = await ask(pool, door, `/bytes/${bytes}`);
      if (body.length !== bytes) throw new Error(`${body.length} bytes instead of ${bytes}`);
      return body;
    };
    const right = bytesOf(bytes);
    const check = (body: Buffer) => {
      if (!body.equals(right)) throw new Error('other bytes than the upstream sent');
    };
    check(await fetchOne());
    const { perSecond, last } = await repeat(ms, fetchOne);
    check(last);
    return { mbPerSecond: (perSecond * bytes) / 1e6 };
  });
}

async function upload(url: string, bytes: number, ms: number): Promise<Transfer> {
  const door = doorOf(url);
  const body = bytesOf(bytes);
  return withPool([url], 1, async (pool) => {
    const send = async (path: string, wanted: string) => {
      const said = String(await ask(pool, door, path, { method: 'POST', body })).trim();
      if (said !== wanted) throw new Error(`the upstream got ${said}`);
    };
    await send('/sink', `${bytes} ${hashOf(body)}`);
    const { perSecond } = await repeat(ms, () => send('/drain', String(bytes)));
    return { mbPerSecond: (perSecond * bytes) / 1e6 };
  });
}

function texts(url: string, bytes: number, count: number): Promise<Visit> {
  return withPool([url], 1, async (pool) => {
    const right = textOf(bytes);
    const startedAt = performance.now();
    for (let sent = 0; sent < count; sent += 1) {
      const body = await ask(pool, doorOf(url), `/text/${bytes}`);
      if (!body.equals(right)) throw new Error('another text than the upstream sent');
    }
    return { ms: (performance.now() - startedAt) / count };
  });
}

/** All at once, none before all; seconds until the last one is answered. */
async function burst(url: string, count: number, slowMs: number): Promise<Burst> {
  const door = doorOf(url);
  return withPool([url], count, async (pool) => {
    const startedAt = performance.now();
    const visits = Array.from({ length: count }, () => ask(pool, door, `/slow/${slowMs}`));
    const ended = await Promise.allSettled(visits);
    const seconds = (performance.now() - startedAt) / 1_000;
    const reasons = ended.flatMap((end) => (end.status === 'rejected' ? [String(end.reason?.message)] : []));
    return {
      seconds,
      failures: [...new Set(reasons)].map((why) => `${reasons.filter((one) => one === why).length} × ${why}`),
    };
  });
}

async function repeat<Result>(ms: number, act: () => Promise<Result>): Promise<{ perSecond: number; last: Result }> {
  const startedAt = performance.now();
  for (let count = 1; ; count += 1) {
    const last = await act();
    const elapsed = performance.now() - startedAt;
    if (elapsed >= ms) return { perSecond: (1_000 * count) / elapsed, last };
  }
}

interface Door {
  readonly host: string;
  /** Of the tunnel's URL, without a slash at its end. */
  readonly path: string;
}

function doorOf(url: string): Door {
  const { host, pathname } = new URL(url);
  return { host, path: pathname.replace(/\/$/, '') };
}

/** @throws anything but a whole 200 */
async function ask(pool: Pool, door: Door, path: string, { method = 'GET', body }: Request = {}): Promise<Buffer> {
  const answered = await pool.request({
    path: door.path + path,
    method,
    headers: { host: door.host },
    ...(body && { body }),
  });
  const bytes = Buffer.from(await answered.body.arrayBuffer());
  if (answered.statusCode === 200) return bytes;
  throw new Error(`${answered.statusCode} ${answered.headers['x-postern-error'] ?? ''}`.trim());
}

/** Names under `localhost` are this machine, whatever the resolver says; the door sees the name in `Host`. */
async function withPool<Result>(
  [url = '']: readonly string[],
  connections: number,
  act: (pool: Pool) => Promise<Result>,
): Promise<Result> {
  const { port } = new URL(url);
  const limits = { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS };
  const pool = new Pool(`http://localhost:${port}`, { connections, pipelining: 1, ...limits });
  try {
    return await act(pool);
  } finally {
    await pool.destroy();
  }
}

function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
