import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

/** Where something stands in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface ConfigProblem extends Place {
  readonly message: string;
}

/** A piece of YAML as far as a configuration file needs it, with its place. */
export type ConfigNode =
  | { readonly kind: 'map'; readonly at: Place; readonly entries: readonly ConfigEntry[] }
  /** Numbers are text as well, as somebody wrote them: `012345678901` keeps its zero. */
  | { readonly kind: 'text'; readonly at: Place; readonly text: string }
  | { readonly kind: 'switch'; readonly at: Place; readonly on: boolean }
  | { readonly kind: 'list'; readonly at: Place }
  | { readonly kind: 'nothing'; readonly at: Place };

export interface ConfigEntry {
  readonly key: string;
  readonly at: Place;
  readonly value: ConfigNode;
}

/** Deeper than any key that is known; an alias within itself ends here. */
const DEEPEST = 4;

/** Reads YAML 1.2. Where its syntax is wrong, nothing else is looked at: what follows would be a guess. */
export function readConfigDocument(
  text: string,
): { readonly root: ConfigNode } | { readonly problems: ConfigProblem[] } {
  const source = text.replace(/^\uFEFF/, '');
  const lines = new LineCounter();
  // Pretty messages quote the lines around a problem, in which a token may stand. Keys that come twice are found later.
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });

  function place(offset: number): Place {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  const problems: ConfigProblem[] = [...document.errors, ...document.warnings].map((problem) => ({
    ...place(problem.pos[0]),
    message: syntaxMessage(problem, source),
  }));

  function convert(node: unknown, otherwise: Place, depth: number): ConfigNode {
    const range = isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? node.range : undefined;
    const at = range ? place(range[0]) : otherwise;
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target) return convert(target, at, depth);
      problems.push({ ...at, message: `there is no anchor &${node.source}` });
      return { kind: 'nothing', at };
    }
    if (isSeq(node)) return { kind: 'list', at };
    if (isMap(node)) return { kind: 'map', at, entries: depth < DEEPEST ? node.items.map(convertPair) : [] };
    if (!isScalar(node) || node.value === null) return { kind: 'nothing', at };
    if (typeof node.value === 'boolean') return { kind: 'switch', at, on: node.value };
    return { kind: 'text', at, text: node.source ?? String(node.value) };

    function convertPair({ key, value }: { key: unknown; value: unknown }): ConfigEntry {
      const name = isScalar(key) ? (key.source ?? String(key.value)) : '(not a word)';
      const place = convert(key, at, DEEPEST).at;
      return { key: name, at: place, value: convert(value, place, depth + 1) };
    }
  }

  const root = convert(document.contents, { line: 1, column: 1 }, 0);
  return problems.length > 0 ? { problems: firstOfEachLine(problems) } : { root };
}

/** What follows the first problem of a line is mostly its consequence. */
function firstOfEachLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.filter(({ line }, index) => problems.findIndex((other) => other.line === line) === index);
}

function syntaxMessage(
  { code, pos, message }: { code: string; pos: [number, number]; message: string },
  source: string,
) {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here; only one is read';
  if (source.slice(pos[0] - 1, pos[0] + 1) === '${') return 'a reference within { } or [ ] needs quotes: "${NAME}"';
  // Some messages end with what stands there, which may be a token.
  return message.replace(/: ".*"$/s, '').replace(/closing (["'])quote/, 'closing $1');
}
