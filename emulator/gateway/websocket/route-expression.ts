import { isRecord } from '../function-result.ts';

/** Text that stands for itself, or a path into the message. */
export type Piece = { readonly text: string } | { readonly path: readonly (string | number)[] };

/** An escaped dollar, a variable in braces, a bare variable, a lone dollar. */
const TOKEN = /\\\$|\$\{([^}]*)\}|\$([A-Za-z_][\w.[\]-]*)|\$/g;
const BODY = /^request\.body((?:\.[^.[\]]+|\[\d+\])*)$/;
const STEP = /\.([^.[\]]+)|\[(\d+)\]/g;

/**
 * Reads a route selection expression: `$request.body.action`, `${request.body.a}/${request.body.b[0]}`, plain text, and
 * `\$default` for a dollar that begins no variable (WS-30).
 * @throws when the expression asks for something other than names and indexes into the message's body
 */
export function parseExpression(expression: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const token of expression.matchAll(TOKEN)) {
    const [whole, braced, bare] = token;
    const text = expression.slice(end, token.index);
    if (text !== '') pieces.push({ text });
    pieces.push(whole === '\\$' ? { text: '$' } : bodyPath(braced ?? bare ?? '', expression));
    end = token.index + whole.length;
  }
  if (end < expression.length) pieces.push({ text: expression.slice(end) });
  return pieces;
}

/** The value of an expression for a message; what the message does not have is empty text. */
export function evaluate(pieces: readonly Piece[], message: unknown): string {
  return pieces.map((piece) => ('text' in piece ? piece.text : asText(valueAt(message, piece.path)))).join('');
}

function bodyPath(variable: string, expression: string): Piece {
  const match = BODY.exec(variable);
  if (!match) {
    throw new Error(
      `route selection expression ${expression}: only names and indexes into $request.body are emulated, not $${variable}`,
    );
  }
  const steps = (match[1] ?? '').matchAll(STEP);
  return { path: Array.from(steps, ([, name, index]) => name ?? Number(index)) };
}

function valueAt(message: unknown, path: readonly (string | number)[]): unknown {
  let value = message;
  for (const step of path) {
    if (typeof step === 'number') {
      if (!Array.isArray(value)) return undefined;
      value = value[step];
    } else {
      if (!isRecord(value) || !Object.hasOwn(value, step)) return undefined;
      value = value[step];
    }
  }
  return value;
}

/** How a value stands in a route key: an array as `[item1, item2]`, nothing as empty text (WS-30). */
function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return `[${value.map(asText).join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
