import type { Behaviour, Section } from './behaviours.ts';

/** What became of each id's tests. An id that is absent has none. */
export type Results = ReadonlyMap<string, 'passes' | 'fails'>;

const ID = /^((?:WS|MG|HA|HR|LA|DD)-\d+) /;
/** Held exactly; the rest are switches. */
const CERTAIN: readonly string[] = ['documented', 'recorded', 'observed', 'tested'];

export interface Run {
  readonly results: Results;
  /** mocha's own. */
  readonly stats: { readonly passes: number; readonly failures: number };
}

interface Written extends Record<'passes' | 'failures', readonly { readonly title: string }[]> {
  readonly stats: Run['stats'];
}

/** Reads what mocha's JSON reporter wrote. An id passes when every test of it does, and its target could be started. */
export function readRun(json: string): Run {
  const { passes, failures, stats } = JSON.parse(json) as Written;
  const results = new Map<string, 'passes' | 'fails'>();
  const note = (state: 'passes' | 'fails') => {
    return ({ title }: { readonly title: string }) => {
      // A target that does not start is reported as `"before all" hook for "WS-01 …"`.
      const id = ID.exec(title.replace(/^.*hook for "/, ''))?.[1];
      if (id !== undefined) results.set(id, state);
    };
  };
  passes.forEach(note('passes'));
  failures.forEach(note('fails'));
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
  const count = (results: Results) => all.filter(({ id }) => results.get(id) === 'passes').length;
  const gaps = all.filter(({ id }) => !ours.has(id)).map(({ id }) => id);
  return [
    `this emulator      ${count(ours)} of ${all.length}`,
    `serverless-offline ${count(peer)} of ${all.length}`,
    ...(gaps.length > 0 ? [`without a test: ${gaps.join(', ')}`] : []),
    ...all.filter(({ id }) => ours.get(id) === 'fails').map(({ id, title }) => `FAILS: ${id} ${title}`),
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
    ];
  });
  return [
    '# How faithful the emulator is',
    '',
    'Written by `npm run conformance`, which runs one suite (`test/conformance`) on this emulator and on',
    `serverless-offline ${peerVersion} alone, by their endpoints only. What is known by documents, recordings or observation`,
    'holds exactly; what is inferred, unknown or conflicting is a switch (`SETTINGS.md`), whose default the test holds. An id',
    'without a test is a gap, never a pass. Nothing here has been compared with a real account yet; the suite can be',
    'pointed at one (`test/conformance/targets/aws.ts`).',
    '',
    '```',
    summary(sections, ours, peer),
    '```',
    '',
    ...tables.flatMap((lines) => [...lines, '']),
  ].join('\n');
}

function row({ id, title, confidence, outOfScope }: Behaviour, ours: Results, peer: Results): string {
  const cells =
    outOfScope === undefined ? [word(ours.get(id)), word(peer.get(id))] : [`out of scope: ${outOfScope}`, ''];
  return `| ${[id, title, confidence, ...cells].join(' | ')} |`;
}

function word(result: 'passes' | 'fails' | undefined): string {
  return result === 'passes' ? 'yes' : result === 'fails' ? '**no**' : 'gap';
}

function inScope(sections: readonly Section[]): Behaviour[] {
  return sections.flatMap(({ behaviours }) => behaviours).filter(({ outOfScope }) => outOfScope === undefined);
}
