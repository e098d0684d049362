import type { Book } from './book.ts';
import { CHAIN, DIRECT, HOPS, LOCALTUNNEL, POLL, PUSH, STORY, STREAM } from './names.ts';
import { tunnelsScene } from './scenes/tunnels.ts';

/** A goal of the project beside what this run measured. */
export interface Goal {
  readonly goal: string;
  readonly wanted: string;
  readonly measured: string;
  /** Absent where the run did not measure it. */
  readonly met?: boolean;
}

type Comparison = 'at least' | 'at most';

/** Each goal, judged by the medians of the run and by nothing else. */
export function judge(book: Book): readonly Goal[] {
  const rate = (design: string, atOnce: number) => book.value(`small ${atOnce}`, design, 'req/s');
  const p50 = (design: string) => book.value('small 1', design, 'p50');
  const mb = (scene: string, design: string) => book.value(scene, design, 'MB/s');
  const price = (size: string, design: string) => book.value(`price ${size}`, design, 'µ$');
  const latency = (design: string) => book.value('latency', design, 'p50');
  const atTunnels = (count: string) => book.value(tunnelsScene('push'), count, 'p50');
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
  const times = (value: number) => `${value.toFixed(2)} times`;
  const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
  return [
    of('small GET at 1, of localtunnel', 'at least', 1, times, ratio(rate(PUSH, 1), rate(LOCALTUNNEL, 1))),
    of('small GET at 32, of localtunnel', 'at least', 2, times, ratio(rate(PUSH, 32), rate(LOCALTUNNEL, 32))),
    of('small GET at 1, of the bare chain', 'at least', 0.7, percent, ratio(rate(PUSH, 1), rate(CHAIN, 1))),
    of('small GET at 32, of the bare chain', 'at least', 0.7, percent, ratio(rate(PUSH, 32), rate(CHAIN, 32))),
    of('small GET at 1, of the story', 'at least', 20, times, ratio(rate(PUSH, 1), rate(STORY, 1))),
    of('small GET at 32, of the story', 'at least', 20, times, ratio(rate(PUSH, 32), rate(STORY, 32))),
    of('added p50 over direct', 'at most', 1.5, ms, difference(p50(PUSH), p50(DIRECT))),
    of('1 MB down, of localtunnel', 'at least', 1, times, ratio(mb('down 1 MB', PUSH), mb('down 1 MB', LOCALTUNNEL))),
    of('1 MB up, of localtunnel', 'at least', 2, times, ratio(mb('up 1 MB', PUSH), mb('up 1 MB', LOCALTUNNEL))),
    of(
      '25 MB down by the streaming door',
      'at least',
      50,
      (value) => `${value.toFixed(0)} MB/s`,
      mb('down 25 MB', STREAM),
    ),
    of(
      '100 one-second requests at once',
      'at most',
      1.3,
      (value) => `${value.toFixed(2)} s`,
      book.value('burst', PUSH, 'seconds'),
    ),
    of(
      'with --latency aws, push of the unavoidable hops',
      'at most',
      1.1,
      percent,
      ratio(latency(PUSH), latency(HOPS)),
    ),
    of('with --latency aws, push under poll at p50', 'at least', 40, ms, difference(latency(POLL), latency(PUSH))),
    of(
      'price with a 4 KB answer, of the story',
      'at most',
      0.4,
      percent,
      ratio(price('4 KB', PUSH), price('4 KB', STORY)),
    ),
    of(
      'price with a 100 KB text answer, of the story',
      'at most',
      0.1,
      percent,
      ratio(price('100 KB', PUSH), price('100 KB', STORY)),
    ),
    of(
      'price with a 1 MB text answer, of the story',
      'at most',
      0.1,
      percent,
      ratio(price('1 MB', PUSH), price('1 MB', STORY)),
    ),
    of(
      'agent memory after load',
      'at most',
      80,
      (value) => `${value.toFixed(0)} MB`,
      book.value('memory after load', PUSH, 'agent MB'),
    ),
    of('agent start to a working URL', 'at most', 400, ms, book.value('agent start', PUSH, 'ms')),
    of('npm start to a URL that answers', 'at most', 3_000, ms, book.value('npm start', 'postern', 'ms')),
    of('p50 at 10,000 tunnels, of one', 'at most', 1.1, percent, ratio(atTunnels('10000'), atTunnels('1'))),
  ];
}

function of(
  goal: string,
  comparison: Comparison,
  bound: number,
  show: (value: number) => string,
  value: number | undefined,
): Goal {
  const wanted = `${comparison} ${show(bound)}`;
  if (value === undefined) return { goal, wanted, measured: 'not measured' };
  return { goal, wanted, measured: show(value), met: comparison === 'at least' ? value >= bound : value <= bound };
}

function ratio(value: number | undefined, other: number | undefined): number | undefined {
  return value === undefined || other === undefined ? undefined : value / other;
}

function difference(value: number | undefined, other: number | undefined): number | undefined {
  return value === undefined || other === undefined ? undefined : value - other;
}
