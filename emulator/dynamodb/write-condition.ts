import type { Condition } from './read-condition.ts';

/** An attribute that nobody has. */
const NOBODYS = 'postern_attribute_of_no_item';
const TRUE = `attribute_not_exists(${NOBODYS})`;
const FALSE = `attribute_exists(${NOBODYS})`;

/**
 * A condition as text that dynalite reads in one go. By itself it reads parentheses twice when no OR follows, twice again
 * when no AND follows, and once more when they begin with another pair, so that a dozen pairs inside each other hold it up
 * for hours. Here something that is always true or always false stands in all of these places.
 */
export function writeCondition(condition: Condition): string {
  const parts = flat('or', condition).map(writeAll);
  const needsEnd = parts.some((part) => part.includes('('));
  return [...parts, ...(needsEnd ? [FALSE] : [])].join(' OR ');
}

function writeAll(condition: Condition): string {
  const parts = flat('and', condition).map(writeOne);
  const needsEnd = parts.at(-1)?.endsWith(')');
  return [...parts, ...(needsEnd ? [TRUE] : [])].join(' AND ');
}

function writeOne(condition: Condition): string {
  if (condition.kind === 'plain') return condition.text;
  if (condition.kind === 'not') {
    const { of } = condition;
    return of.kind === 'plain' ? `NOT ${of.text}` : `NOT ${inParentheses(of)}`;
  }
  return inParentheses(condition);
}

function inParentheses(condition: Condition): string {
  const text = writeCondition(condition);
  return text.startsWith('(') ? `(${TRUE} AND ${text})` : `(${text})`;
}

/** What is joined by one operator, whether it was in parentheses or not. */
function flat(kind: 'or' | 'and', condition: Condition): readonly Condition[] {
  return condition.kind === kind ? condition.of.flatMap((part) => flat(kind, part)) : [condition];
}
