import type { Behaviour, Section } from './behaviours.ts';
import { NOT_THERE } from './target.ts';

/** `not-there`: the place has nothing of the kind, so that there is nothing to compare. */
export type Result = 'passes' | 'fails' | 'not-there';

/** What became of each id's tests. An id that is absent has none. */
export type Results = ReadonlyMap<string, Result>;

const ID = /^((?:WS|MG|HA|HR|LA|DD)-\d+) /;
/** Held exactly; the rest are assumptions. */
const CERTAIN: readonly string[] = ['documented', 'recorded', 'observed', 'tested'];

export interface Run {
  readonly results: Results;
  /** mocha's own. */
  readonly stats: { readonly passes: number; readonly failures: number };
}

interface Written {
  readonly passes: readonly { readonly title: string }[];
  readonly failures: readonly { readonly title: string; readonly err: { readonly message?: string } }[];
  readonly stats: Run['stats'];
}

/**
 * Reads what mocha's JSON reporter wrote. An id passes when every test of it does; it is not there when no test of it fails
 * but for that reason.
 */
export function readRun(json: string): Run {
  const { passes, failures, stats } = JSON.parse(json) as Written;
  const results = new Map<string, Result>();
  const note = (title: string, result: Result) => {
    const id = ID.exec(title)?.[1];
    if (id !== undefined && results.get(id) !== 'fails') results.set(id, result);
  };
  for (const { title } of passes) note(title, 'passes');
  for (const { title, err } of failures) note(title, err.message?.startsWith(NOT_THERE) ? 'not-there' : 'fails');
  return { results, stats };
}

/** Whether every behaviour that is known exactly has a test, and nothing fails. */
export function isFaithful(sections: readonly Section[], ours: Results): boolean {
  return inScope(sections).every(({ id, confidence }) => {
    const result = ours.get(id);
    return result === 'passes' || (result === undefined && !CERTAIN.includes(confidence));
  });
}

/** One line a place. */
export function summary(sections: readonly Section[], ours: Results, peer: Results): string {
  const all = inScope(sections);
  const having = (results: Results, result: Result) => all.filter(({ id }) => results.get(id) === result).length;
  const gaps = all.filter(({ id }) => !ours.has(id)).map(({ id }) => id);
  return [
    `this emulator      ${having(ours, 'passes')} of ${all.length}`,
    `serverless-offline ${having(peer, 'passes')} of ${all.length - having(peer, 'not-there')}`,
    ...(gaps.length > 0 ? [`without a test: ${gaps.join(', ')}`] : []),
    ...all
      .filter(({ id }) => ['fails', 'not-there'].includes(ours.get(id) ?? ''))
      .map(({ id, title }) => `FAILS: ${id} ${title}`),
  ].join('\n');
}

/** The page that tells how faithful the emulator is. */
export function conformanceReport(
  sections: readonly Section[],
  ours: Results,
  peer: Results,
  peerVersion: string,
): string {
  const tables = sections.map(({ title, behaviours }) => {
    const rows = behaviours.map((behaviour) => row(behaviour, ours, peer));
    return [
      `## ${title}`,
      '',
      '| id | behaviour | known by | postern | serverless-offline |',
      '|---|---|---|---|---|',
      ...rows,
      ...footnotes(behaviours),
    ];
  });
  return [
    '# How faithful the emulator is',
    '',
    'Written by `npm run conformance`, which runs one suite (`test/conformance`) on this emulator and on',
    `serverless-offline ${peerVersion} alone, by their endpoints only. What is known by documents, recordings or observation`,
    'holds exactly. What is inferred, unknown or conflicting is an assumption: beside it is the switch, quota or fault',
    '(`SETTINGS.md`) that changes it, or why there is none, and the test holds the default. So it is with a detail of what is',
    'known otherwise. Limits of minutes and throttles of a whole account are tested with short ones in their place. An id',
    'without a test is a gap, never a pass; `n/a` is what a place has nothing of, left out of its count; † is explained',
    'below its table. Nothing here has been compared with a real account yet; the suite can be pointed at one',
    '(`test/conformance/README.md`).',
    '',
    '```',
    summary(sections, ours, peer),
    '```',
    '',
    ...tables.flatMap((lines) => [...lines, '']),
  ].join('\n');
}

function row({ id, title, confidence, held, notTested, outOfScope }: Behaviour, ours: Results, peer: Results): string {
  const cells =
    outOfScope === undefined ? [word(ours.get(id)), word(peer.get(id))] : [`out of scope: ${outOfScope}`, ''];
  const knownBy = held === undefined ? confidence : `${confidence} (${held})`;
  return `| ${[notTested === undefined ? id : `${id} †`, title, knownBy, ...cells].join(' | ')} |`;
}

/** What the tests of some ids leave out, below their table. */
function footnotes(behaviours: readonly Behaviour[]): string[] {
  return behaviours.flatMap(({ id, notTested }) =>
    notTested === undefined ? [] : ['', `† ${id}, not tested: ${notTested}.`],
  );
}

function word(result: Result | undefined): string {
  switch (result) {
    case 'passes':
      return 'yes';
    case 'fails':
      return '**no**';
    case 'not-there':
      return 'n/a';
    case undefined:
      return 'gap';
  }
}

function inScope(sections: readonly Section[]): Behaviour[] {
  return sections.flatMap(({ behaviours }) => behaviours).filter(({ outOfScope }) => outOfScope === undefined);
}
