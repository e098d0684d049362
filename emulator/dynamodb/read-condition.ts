/** A condition, without the parentheses that were around it. */
export type Condition =
  | { readonly kind: 'or' | 'and'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** A comparison, BETWEEN, IN or a function, as text. */
  | { readonly kind: 'plain'; readonly text: string };

export type ReadCondition =
  | {
      readonly kind: 'read';
      readonly condition: Condition;
      /** Operators and functions as DynamoDB counts them: BETWEEN with its AND is one. */
      readonly operators: number;
      /** Of the IN that has the most. */
      readonly operands: number;
      /** There are two pairs of parentheses around the same. */
      readonly redundant: boolean;
    }
  /** In DynamoDB's words. */
  | { readonly kind: 'malformed'; readonly message: string };

/** What may stand for a value; a function may be a condition too. */
interface Operand {
  readonly kind: 'operand' | 'function';
  readonly text: string;
}

const TOKENS = /[#:]?\w+|<>|<=|>=|\S/g;
const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'BETWEEN', 'IN']);
const COMPARATORS = new Set(['=', '<>', '<', '<=', '>', '>=']);
/** Parentheses inside each other: more cannot be without more than 300 operators, or around nothing. */
const MOST_DEPTH = 700;

/** The number of the token that cannot stand where it stands. */
class Malformed extends Error {
  readonly token: number;

  constructor(token: number) {
    super('malformed');
    this.token = token;
  }
}

/**
 * Reads a condition, filter or key condition expression in one go, which takes as long as it is. What its names and
 * functions mean is not looked at.
 */
export function readCondition(text: string): ReadCondition {
  const tokens = [...text.matchAll(TOKENS)].map(({ 0: token, index }) => ({ token, from: index ?? 0 }));
  const counts = { operators: 0, operands: 0, redundant: false };
  let at = 0;
  let depth = 0;
  /** The last pair of parentheses that was read. */
  let pair = { from: -2, to: -2 };

  const word = () => tokens[at]?.token.toUpperCase() ?? '';
  const fail = (): never => {
    throw new Malformed(at);
  };

  function skip(expected: string): boolean {
    if (word() !== expected) return false;
    at += 1;
    return true;
  }

  function expect(expected: string): void {
    if (!skip(expected)) fail();
  }

  function skipOperator(operator: string): boolean {
    const found = skip(operator);
    if (found) counts.operators += 1;
    return found;
  }

  function conditionOf(part: Condition | Operand): Condition {
    if (!isOperand(part)) return part;
    return part.kind === 'function' ? { kind: 'plain', text: part.text } : fail();
  }

  function joined(kind: 'or' | 'and', operator: string, next: () => Condition | Operand): Condition | Operand {
    const first = next();
    if (word() !== operator) return first;
    const of = [conditionOf(first)];
    while (skipOperator(operator)) of.push(conditionOf(next()));
    return { kind, of };
  }

  const or = () => joined('or', 'OR', and);
  const and = () => joined('and', 'AND', not);

  function not(): Condition | Operand {
    let negations = 0;
    while (skipOperator('NOT')) negations += 1;
    const part = comparison();
    if (negations === 0) return part;
    const condition = conditionOf(part);
    return negations % 2 === 0 ? condition : { kind: 'not', of: condition };
  }

  function comparison(): Condition | Operand {
    const left = primary();
    if (!isOperand(left)) return left;
    const operator = word();
    if (COMPARATORS.has(operator) && skipOperator(operator)) {
      return { kind: 'plain', text: `${left.text} ${operator} ${operand()}` };
    }
    if (skipOperator('BETWEEN')) {
      const low = operand();
      expect('AND');
      return { kind: 'plain', text: `${left.text} BETWEEN ${low} AND ${operand()}` };
    }
    if (skipOperator('IN')) {
      const list = deeper(operands);
      counts.operands = Math.max(counts.operands, list.length);
      return { kind: 'plain', text: `${left.text} IN (${list.join(', ')})` };
    }
    return left;
  }

  function operands(): string[] {
    const list = [operand()];
    while (skip(',')) list.push(operand());
    return list;
  }

  function operand(): string {
    return word() === '(' ? inPair(operand) : named().text;
  }

  function primary(): Condition | Operand {
    return word() === '(' ? inPair(or) : named();
  }

  function inPair<Inside>(read: () => Inside): Inside {
    const from = at;
    const inside = deeper(read);
    if (pair.from === from + 1 && pair.to === at - 2) counts.redundant = true;
    pair = { from, to: at - 1 };
    return inside;
  }

  /** Reads parentheses, of any kind, and what is in them. */
  function deeper<Inside>(read: () => Inside): Inside {
    if (depth === MOST_DEPTH) fail();
    expect('(');
    depth += 1;
    const inside = read();
    depth -= 1;
    expect(')');
    return inside;
  }

  /** A value, a path or a function. */
  function named(): Operand {
    const name = tokens[at]?.token ?? '';
    if (!/^[#:]?\w/.test(name) || /^\d/.test(name) || KEYWORDS.has(word())) fail();
    at += 1;
    if (name.startsWith(':')) return { kind: 'operand', text: name };
    if (!name.startsWith('#') && word() === '(') {
      counts.operators += 1;
      return { kind: 'function', text: `${name}(${deeper(operands).join(', ')})` };
    }
    return { kind: 'operand', text: name + steps() };
  }

  /** `.name` and `[0]`, as many as there are. */
  function steps(): string {
    const from = at;
    for (;;) {
      if (skip('.')) {
        if (!/^(#\w|[A-Z_])/.test(word()) || KEYWORDS.has(word())) fail();
        at += 1;
      } else if (skip('[')) {
        if (!/^\d+$/.test(word())) fail();
        at += 1;
        expect(']');
      } else {
        const read = tokens.slice(from, at);
        return read.map(({ token }) => token).join('');
      }
    }
  }

  try {
    const condition = conditionOf(or());
    if (at < tokens.length) fail();
    return { kind: 'read', condition, ...counts };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { kind: 'malformed', message: syntaxError(text, tokens, error.token) };
  }
}

function isOperand(part: Condition | Operand): part is Operand {
  return part.kind === 'operand' || part.kind === 'function';
}

interface Token {
  readonly token: string;
  /** Characters before it. */
  readonly from: number;
}

function syntaxError(text: string, tokens: readonly Token[], at: number): string {
  const [before, wrong, after] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  const first = before ?? wrong;
  const last = after ?? wrong ?? before;
  const near = first && last ? text.slice(first.from, last.from + last.token.length) : '';
  return `Syntax error; token: "${wrong?.token ?? '<EOF>'}", near: "${near}"`;
}
