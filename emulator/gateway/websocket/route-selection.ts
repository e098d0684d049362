import { evaluate, type Piece, parseExpression } from './route-expression.ts';

/** Route keys that no message can ask for by name. */
const LIFECYCLE = new Set(['$connect', '$disconnect', '$default']);

/** What a message means, or `undefined` where it is no JSON. */
export type ReadMessage = (body: string) => unknown;

/** Makes the function that picks a message's route key. */
export type RouteSelection = (body: string) => string | undefined;

/**
 * The expression's value where a route has that name, else `$default`, else none (WS-30, WS-31, WS-33).
 * @param expression as `parseExpression` reads it
 * @param readMessage strict JSON unless given (WS-32)
 * @throws when the expression asks for what is not emulated
 */
export function createRouteSelection(
  expression: string,
  routeKeys: readonly string[],
  readMessage: ReadMessage = readJson,
): RouteSelection {
  const pieces = parseExpression(expression);
  const custom = new Set(routeKeys.filter((key) => !LIFECYCLE.has(key)));
  const fallback = routeKeys.find((key) => key === '$default');
  // With no route to choose, the body need not be understood.
  if (custom.size === 0) return () => fallback;
  return (body) => {
    const message = readMessage(body);
    if (message === undefined) return fallback;
    const key = keyOf(pieces, message);
    return key !== undefined && custom.has(key) ? key : fallback;
  };
}

function keyOf(pieces: readonly Piece[], message: unknown): string | undefined {
  try {
    return evaluate(pieces, message);
  } catch {
    return undefined; // nested deeper than our stack: no route has such a name
  }
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
