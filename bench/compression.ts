/**
 * `npm run bench:compression`: which codec, at which level, is worth its time. Bodies are real files of installed packages;
 * what is billed is reckoned as the wire carries them, prices are those of us-east-1. Times are of one core of this machine.
 */
import { cpus } from 'node:os';
import { billProcessor, billRequest, billResponse, LAMBDA_MB, LAMBDA_SHARE } from './compression/bill.ts';
import { type Body, readBodies } from './compression/bodies.ts';
import { type Codec, listCodecs } from './compression/codecs.ts';

/** Each figure is taken over at least so many milliseconds, or from one run where that takes longer. */
const LEAST_MS = Number(process.env.BENCH_LEAST_MS ?? 60);
/** How fast the developer's line sends, for the time that a body takes on its way. */
const UPLINK_MBIT = Number(process.env.BENCH_UPLINK_MBIT ?? 20);

interface Measured {
  readonly body: Body;
  readonly codec: string;
  readonly bytes: number;
  /** Milliseconds of a whole core. */
  readonly compressMs: number;
  readonly expandMs: number;
}

/** A body as it is. */
const PLAIN = 'none';

const bodies = readBodies();
const codecs = listCodecs();
const texts = bodies.filter(({ kind }) => kind === 'text');
const names = [PLAIN, ...codecs.map(({ name }) => name)];
const measured = bodies.flatMap((body) => {
  console.error(`${body.name}, ${body.bytes.length} bytes`);
  return [plain(body), ...codecs.map((codec) => measure(codec, body))];
});
const day = new Date().toISOString().slice(0, 10);
console.log(`${day}, ${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}\n`);
for (const body of bodies) reportBody(body);
reportTotals();
reportSmall();

function plain(body: Body): Measured {
  return { body, codec: PLAIN, bytes: body.bytes.length, compressMs: 0, expandMs: 0 };
}

function measure(codec: Codec, body: Body): Measured {
  const compressed = codec.compress(body.bytes);
  if (!codec.expand(compressed).equals(body.bytes)) throw new Error(`${codec.name} does not give ${body.name} back`);
  return {
    body,
    codec: codec.name,
    bytes: compressed.length,
    compressMs: time(() => codec.compress(body.bytes)),
    expandMs: time(() => codec.expand(compressed)),
  };
}

/** @returns the median of single runs, in milliseconds */
function time(act: () => void): number {
  const runs: number[] = [];
  const until = performance.now() + LEAST_MS;
  do {
    const startedAt = performance.now();
    act();
    runs.push(performance.now() - startedAt);
  } while (performance.now() < until);
  return runs.sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? Number.NaN;
}

function reportBody(body: Body): void {
  console.log(`**${body.name}**, ${body.bytes.length} bytes\n`);
  table(
    [
      'codec',
      'bytes',
      'ratio',
      'compress MB/s',
      'expand MB/s',
      'message units',
      'write units',
      'response µ$',
      'request µ$',
    ],
    names.map((name) => {
      const one = find(body, name);
      const [response, request] = [billResponse(one.bytes), billRequest(one.bytes)];
      return [
        name,
        one.bytes,
        (body.bytes.length / one.bytes).toFixed(2),
        name === PLAIN ? '' : (body.bytes.length / 1_000 / one.compressMs).toFixed(0),
        name === PLAIN ? '' : (body.bytes.length / 1_000 / one.expandMs).toFixed(0),
        response.messageUnits,
        response.writeUnits,
        response.microDollars.toFixed(1),
        request.microDollars.toFixed(1),
      ];
    }),
  );
}

/** Every text once. */
function reportTotals(): void {
  console.log(
    `**All ${texts.length} texts, each once**; a response is expanded in Lambda, a request compressed there, at`,
  );
  console.log(
    `${LAMBDA_MB} MB, ${(100 * LAMBDA_SHARE).toFixed(0)} % of a core. "Takes" is what a visitor waits: compressing,`,
  );
  console.log(`${UPLINK_MBIT} Mbit/s of base64, expanding.\n`);
  const heads = ['message units', 'write units', 'response µ$', 'of that CPU', 'saved', 'response takes ms'];
  const rows = names.map((name) => {
    const all = texts.map((body) => find(body, name));
    const responses = all.map(({ bytes }) => billResponse(bytes));
    const expanding = billProcessor(sum(all, ({ expandMs }) => expandMs));
    const response = sum(responses, ({ microDollars }) => microDollars) + expanding;
    const compressing = billProcessor(sum(all, ({ compressMs }) => compressMs));
    const request = sum(all, ({ bytes }) => billRequest(bytes).microDollars) + compressing;
    return [
      name,
      sum(responses, ({ messageUnits }) => messageUnits),
      sum(responses, ({ writeUnits }) => writeUnits),
      response.toFixed(1),
      expanding.toFixed(2),
      saved(response, (bytes) => billResponse(bytes).microDollars),
      sum(all, responseMs).toFixed(0),
      request.toFixed(1),
      compressing.toFixed(2),
      saved(request, (bytes) => billRequest(bytes).microDollars),
      sum(all, ({ compressMs }) => compressMs / LAMBDA_SHARE).toFixed(0),
    ];
  });
  table(['codec', ...heads, 'request µ$', 'of that CPU', 'saved', 'compressing in Lambda ms'], rows);

  console.log('**How long a response takes, ms, by size of the body**\n');
  const classes: readonly (readonly [string, number, number])[] = [
    ['to 32 KB', 0, 32_000],
    ['32 to 400 KB', 32_000, 400_000],
    ['above', 400_000, Number.POSITIVE_INFINITY],
  ];
  table(
    ['codec', ...classes.map(([label]) => label)],
    names.map((name) => [
      name,
      ...classes.map(([, from, to]) => {
        const within = texts.filter(({ bytes }) => bytes.length >= from && bytes.length < to);
        return sum(
          within.map((body) => find(body, name)),
          responseMs,
        ).toFixed(1);
      }),
    ]),
  );
}

function saved(cost: number, bill: (bytes: number) => number): string {
  const before = sum(texts, ({ bytes }) => bill(bytes.length));
  return `${(100 * (1 - cost / before)).toFixed(0)} %`;
}

function responseMs({ bytes, compressMs, expandMs }: Measured): number {
  const sendMs = ((bytes * 4) / 3) * (8 / 1_000 / UPLINK_MBIT);
  return compressMs + sendMs + expandMs / LAMBDA_SHARE;
}

/** From which size on it pays: beginnings of a webhook. */
function reportSmall(): void {
  const hook = texts.find(({ name }) => name === 'JSON: webhook issues');
  if (!hook) return;
  console.log('**Small bodies: write units of a response** (beginnings of a webhook)\n');
  table(
    ['bytes', ...names],
    [256, 512, 768, 1_024, 1_536, 2_048, 4_096].map((bytes) => {
      const start = hook.bytes.subarray(0, bytes);
      const writeUnits = codecs.map((codec) => billResponse(codec.compress(start).length).writeUnits);
      return [bytes, billResponse(bytes).writeUnits, ...writeUnits];
    }),
  );
}

function find(body: Body, codec: string): Measured {
  const found = measured.find((one) => one.body === body && one.codec === codec);
  if (!found) throw new Error(`${codec} was not measured`);
  return found;
}

function sum<T>(all: readonly T[], pick: (one: T) => number): number {
  return all.reduce((total, one) => total + pick(one), 0);
}

function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  for (const cells of [heads, heads.map(() => '---'), ...rows]) console.log(`| ${cells.join(' | ')} |`);
  console.log();
}
