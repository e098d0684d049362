import { isRecord } from '../function-result.ts';

/** Route keys that no message can ask for by name. */
const LIFECYCLE = new Set(['$connect', '$disconnect', '$default']);
const VARIABLE = /\$\{([^}]*)\}/g;
const BODY = /^request\.body(?:\.(.+))?$/;

/** Text that stands for itself, or a path into the message. */
type Piece = { readonly text: string } | { readonly path: readonly string[] };

/**
 * Makes the function that picks a message's route key: the expression's value where a route has that name, else
 * `$default`, else none (WS-30, WS-31, WS-33).
 * @param expression `$request.body.action`, `${request.body.a}/${request.body.b}` or plain text
 * @throws when the expression asks for something other than the message's body
 */
export function createRouteSelection(
  expression: string,
  routeKeys: readonly string[],
): (body: string) => string | undefined {
  const pieces = parseExpression(expression);
  const custom = new Set(routeKeys.filter((key) => !LIFECYCLE.has(key)));
  const fallback = routeKeys.find((key) => key === '$default');
  // With no route to choose, the body need not be understood.
  if (custom.size === 0) return () => fallback;
  return (body) => {
    const message = parseMessage(body);
    if (message === undefined) return fallback;
    const key = pieces.map((piece) => ('text' in piece ? piece.text : textAt(message, piece.path))).join('');
    return custom.has(key) ? key : fallback;
  };
}

function parseExpression(expression: string): Piece[] {
  if (expression.startsWith('$') && !expression.startsWith('${')) return [bodyPath(expression.slice(1), expression)];
  const pieces: Piece[] = [];
  let end = 0;
  for (const variable of expression.matchAll(VARIABLE)) {
    pieces.push({ text: expression.slice(end, variable.index) }, bodyPath(variable[1] ?? '', expression));
    end = variable.index + variable[0].length;
  }
  return [...pieces, { text: expression.slice(end) }];
}

function bodyPath(variable: string, expression: string): Piece {
  const match = BODY.exec(variable);
  if (!match) {
    throw new Error(`route selection expression ${expression}: only $request.body is emulated, not $${variable}`);
  }
  return { path: match[1]?.split('.') ?? [] };
}

function parseMessage(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function textAt(message: unknown, path: readonly string[]): string {
  let value = message;
  for (const name of path) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return '';
    value = value[name];
  }
  return asText(value);
}

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (Array.isArray(value)) return `[${value.map(asText).join(', ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
