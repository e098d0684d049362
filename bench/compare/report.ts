import type { Book } from './book.ts';
import { judge } from './goals.ts';
import { CHAIN, DESIGNS, DIRECT, HOPS, LOCALTUNNEL, POLL, PUSH, STORY, STREAM } from './names.ts';
import { PRICED } from './scenes/price.ts';
import { tunnelsScene } from './scenes/tunnels.ts';

export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  readonly rounds: number;
  readonly minutes: number;
}

type Cells = readonly (string | number)[];

/** The whole run as Markdown. */
export function report(book: Book, { date, machine, node, rounds, minutes }: Circumstances): string {
  const sections = [
    `${date}, ${machine}, Node ${node}, medians of ${rounds} alternating rounds, ${minutes.toFixed(0)} minutes`,
    small(book, 1),
    small(book, 32),
    bodies(book),
    starts(book),
    memory(book),
    agents(book),
    tunnels(book),
    latency(book),
    prices(book),
    goals(book),
    mishaps(book),
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}

function small(book: Book, atOnce: number): string {
  const scene = `small ${atOnce}`;
  const rate = (design: string) => book.value(scene, design, 'req/s');
  const direct = book.value(scene, DIRECT, 'p50');
  return table(
    `Small GET, ${atOnce === 1 ? 'one at a time' : `${atOnce} at once`}`,
    ['req/s', 'p50 ms', 'p99 ms', 'added to direct, p50 ms', 'of localtunnel', 'of the bare chain', 'of the story'],
    rows(book, scene, (design) => {
      const p50 = book.value(scene, design, 'p50');
      return [
        number(rate(design), 0),
        number(p50, 2),
        number(book.value(scene, design, 'p99'), 2),
        number(p50 === undefined || direct === undefined ? undefined : p50 - direct, 2),
        ...[LOCALTUNNEL, CHAIN, STORY].map((other) => times(rate(design), rate(other))),
      ];
    }),
  );
}

function bodies(book: Book): string {
  const scenes = ['down 1 MB', 'up 1 MB', 'down 25 MB'];
  const cell = (scene: string, design: string) =>
    book.problem(scene, design) ?? number(book.value(scene, design, 'MB/s'), 1);
  const measured = DESIGNS.filter((design) => scenes.some((scene) => cell(scene, design) !== ''));
  const seconds = (design: string) =>
    book.problem('burst', design) ?? number(book.value('burst', design, 'seconds'), 2);
  if (measured.length === 0) return '';
  return table(
    'Large bodies, one after the other (MB/s), and 100 one-second requests at once (s)',
    [...scenes, '100 at once'],
    measured.map((design) => [design, ...scenes.map((scene) => cell(scene, design)), seconds(design)]),
  );
}

function starts(book: Book): string {
  const lines = rows(book, 'agent start', (design) => [number(book.value('agent start', design, 'ms'), 0)]);
  const all = book.value('npm start', 'postern', 'ms');
  if (all !== undefined) lines.push(['`npm start`: emulator, stack and agent, from the cache', number(all, 0)]);
  return table('From the start to a URL that answers (ms)', ['ms'], lines);
}

function memory(book: Book): string {
  const whens = ['memory idle', 'memory after load'];
  const cells = (design: string) =>
    ['agent MB', 'server MB'].flatMap((who) => whens.map((when) => number(book.value(when, design, who), 0)));
  const lines = DESIGNS.map((design): Cells => [design, ...cells(design)]).filter((line) =>
    line.slice(1).some(Boolean),
  );
  return table(
    'Resident memory (MB): the agent; the server, gateway or emulator with its functions',
    ['agent idle', 'agent after load', 'server idle', 'server after load'],
    lines,
  );
}

function agents(book: Book): string {
  const heads = ['seconds to open', 'server MB', 'req/s', 'p50', 'p99'];
  return table(
    'Many agents, each with a tunnel of its own, 32 visitors at once spread over them (postern, push)',
    ['seconds to open', 'emulator MB', 'req/s', 'p50 ms', 'p99 ms'],
    ['1 agent', '20 agents', '1000 agents', 'all'].flatMap((name) =>
      line(book, 'agents', name, () =>
        heads.map((head) => number(book.value('agents', name, head), head.startsWith('p') ? 2 : 0)),
      ),
    ),
  );
}

function tunnels(book: Book): string {
  const lines = (['push', 'poll'] as const).flatMap((rendezvous) => {
    const scene = tunnelsScene(rendezvous);
    return ['1', '100', '10000', 'all'].flatMap((count) =>
      line(
        book,
        scene,
        count,
        () => [number(book.value(scene, count, 'p50'), 2), number(book.value(scene, count, 'req/s'), 0)],
        `${rendezvous}, ${Number(count).toLocaleString('en')} in the table`,
      ),
    );
  });
  return table('Small GET, one at a time, by tunnels in the table', ['p50 ms', 'req/s'], lines);
}

function latency(book: Book): string {
  const lines = [POLL, PUSH, HOPS, 'all'].flatMap((name) =>
    line(book, 'latency', name, () => ['p50', 'p99'].map((head) => number(book.value('latency', name, head), 1))),
  );
  return table('Small GET, one at a time, with `--latency aws` (ms)', ['p50', 'p99'], lines);
}

function prices(book: Book): string {
  const kinds = ['µ$', 'HTTP requests', 'messages', 'invocations', 'GB-ms', 'write units', 'read units', 'egress KB'];
  const lines = PRICED.flatMap(({ size }) =>
    [STORY, POLL, PUSH, STREAM, 'all'].flatMap((design) =>
      line(
        book,
        `price ${size}`,
        design,
        () => kinds.map((kind) => number(book.value(`price ${size}`, design, kind), kind === 'invocations' ? 1 : 2)),
        `${size}: ${design}`,
      ),
    ),
  );
  return table('What AWS would bill for a request, by the size of its text answer', kinds, lines);
}

function goals(book: Book): string {
  const said = (met: boolean | undefined) => (met === undefined ? '' : met ? 'met' : '**missed**');
  return table(
    'Goals',
    ['wanted', 'measured', ''],
    judge(book).map(({ goal, wanted, measured, met }) => [goal, wanted, measured, said(met)]),
  );
}

function mishaps(book: Book): string {
  const lines = book.mishaps().map((mishap) => `- ${oneLine(mishap)}`);
  return lines.length === 0 ? '' : `### What went wrong\n\n${lines.join('\n')}`;
}

function rows(book: Book, scene: string, cells: (design: string) => Cells): Cells[] {
  return DESIGNS.flatMap((design) => line(book, scene, design, () => cells(design)));
}

/** None where it was not measured; why not, where it failed. */
function line(book: Book, scene: string, name: string, cells: () => Cells, title = name): Cells[] {
  const problem = book.problem(scene, name);
  if (problem !== undefined) return [[title, oneLine(problem)]];
  const found = cells();
  return found.some((cell) => cell !== '') ? [[title, ...found]] : [];
}

function table(title: string, heads: readonly string[], lines: readonly Cells[]): string {
  if (lines.length === 0) return '';
  const all: Cells[] = [['', ...heads], ['---', ...heads.map(() => '---')], ...lines];
  return `### ${title}\n\n${all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

function number(value: number | undefined, digits: number): string {
  if (value === undefined) return '';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function times(value: number | undefined, other: number | undefined): string {
  return value === undefined || other === undefined ? '' : `${number(value / other, 2)}`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '/').trim().slice(0, 200);
}
