/** One stretch of time, in milliseconds of one clock. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** The invocation that it belongs to; undefined where nobody said. */
  readonly parent: string | undefined;
}

export interface TableSpan extends Span {
  readonly reads: number;
  readonly writes: number;
}

/** An invocation that has ended. */
export interface InvocationSpan extends Span {
  readonly functionName: string;
  /** Until an environment took the event, what starting one took included. */
  readonly queuedMs: number;
  /** Where the environment was new. */
  readonly cold: boolean;
}

/** What is known of a request that was answered. */
export interface RequestMarks {
  readonly arrivedAt: number;
  readonly answeredAt: number;
  /** The door's own invocation; absent where none ran, or it runs still. */
  readonly door?: InvocationSpan;
  /** Those of messages that belong to the request. */
  readonly others: readonly InvocationSpan[];
  readonly tableCalls: readonly TableSpan[];
  readonly posts: readonly Span[];
  /** When messages came that belong to the request. */
  readonly messagesAt: readonly number[];
}

export type HopName =
  /** The gateway, before anything ran: head, body, authorization. */
  | 'door'
  /** Waiting for an environment: one that was there, or one that was started. */
  | 'warm'
  | 'cold'
  /** The database, before the function posts, or while it runs where it posts nothing. */
  | 'table'
  /** The function's own work in that time. */
  | 'function'
  /** The first post to a connection. */
  | 'post'
  /** From there until the first message comes back: the line, the client and what it asks. */
  | 'agent'
  /** From there until the last message has been handed on: messages' own functions, their posts and writes. */
  | 'message'
  /** From there until the door's function returns: how it learns of the answer, and what it makes of it. */
  | 'rendezvous'
  /** The gateway again, until the answer is written. */
  | 'back';

/** One part of a request's time. Hops follow each other and add up to the whole; what ran side by side is in the note. */
export interface Hop {
  readonly name: HopName;
  readonly ms: number;
  readonly note?: string;
}

/** Lays what is known of a request one after the other. A hop that did not happen is left out. */
export function hopsOf(marks: RequestMarks): readonly Hop[] {
  const { arrivedAt, answeredAt, door } = marks;
  if (door === undefined) return [{ name: 'door', ms: answeredAt - arrivedAt }];
  const asked = clamp(door.from, arrivedAt, answeredAt);
  const served = clamp(door.from + door.queuedMs, asked, answeredAt);
  const returned = clamp(door.to, served, answeredAt);
  return [
    { name: 'door', ms: asked - arrivedAt },
    { name: door.cold ? 'cold' : 'warm', ms: served - asked },
    ...withinDoor(marks, door, served, returned),
    { name: 'back', ms: answeredAt - returned },
  ];
}

function withinDoor(marks: RequestMarks, door: InvocationSpan, served: number, returned: number): Hop[] {
  const own = marks.tableCalls.filter(({ parent }) => parent === door.parent);
  const posts = marks.posts.filter(({ parent }) => parent === door.parent);
  const [post] = posts;
  if (post === undefined) return ownWork(own, served, returned);
  const posting = clamp(post.from, served, returned);
  const before = ownWork(own, served, posting);
  const answeredFrom = marks.messagesAt.find((at) => at >= post.from);
  const back = clamp(answeredFrom ?? returned, posting, returned);
  // The answer may be here before the post itself is answered.
  const posted = clamp(post.to, posting, back);
  const overlaps = answeredFrom !== undefined && post.to > answeredFrom;
  const postNote = notes(posts.length > 1 && `${posts.length} posts`, overlaps && 'the agent beside it');
  const hops = [...before, { name: 'post' as const, ms: posted - posting, ...postNote }];
  const reads = own.filter(({ from }) => from >= post.to).length;
  const polling = notes(reads > 0 && `${plural(reads, 'table call')}`);
  if (answeredFrom === undefined) return [...hops, { name: 'rendezvous', ms: returned - posted, ...polling }];
  const handedOn = clamp(lastDelivery(marks, answeredFrom, returned), back, returned);
  return [
    ...hops,
    { name: 'agent', ms: back - posted },
    { name: 'message', ms: handedOn - back, ...messageNote(marks, answeredFrom) },
    { name: 'rendezvous', ms: returned - handedOn, ...polling },
  ];
}

/** A function's time that is spent on nothing else: with the database, and by itself. */
function ownWork(tableCalls: readonly TableSpan[], from: number, to: number): Hop[] {
  const within = tableCalls.filter((call) => call.from >= from && call.from < to);
  if (within.length === 0) return to > from ? [{ name: 'function', ms: to - from }] : [];
  const ms = coveredMs(within, to);
  const each = within.reduce((total, call) => total + Math.min(call.to, to) - call.from, 0);
  const sideBySide = each > ms * 1.05;
  const note = notes(plural(within.length, 'call'), sideBySide && 'side by side');
  return [
    { name: 'table', ms, ...note },
    { name: 'function', ms: to - from - ms },
  ];
}

/** When what the messages brought had been handed on: by a post or by a write, else when their functions were done. */
function lastDelivery({ others, tableCalls, posts }: RequestMarks, from: number, returned: number): number {
  const parents = new Set(others.map(({ parent }) => parent));
  const writes = tableCalls.filter(({ writes }) => writes > 0);
  const deliveries = [...posts, ...writes].filter(
    (span) => span.parent !== undefined && parents.has(span.parent) && span.from >= from && span.from <= returned,
  );
  const ends = (deliveries.length > 0 ? deliveries : others).map(({ to }) => to);
  return ends.length === 0 ? from : Math.max(...ends.map((end) => Math.min(end, returned)));
}

function messageNote({ others, messagesAt }: RequestMarks, from: number): { note?: string } {
  const count = messagesAt.filter((at) => at >= from).length;
  const cold = others.filter((each) => each.cold).length;
  return notes(count > 1 && `${count} messages side by side`, cold > 0 && `${cold} cold`);
}

/** Milliseconds in which at least one of them was under way. */
function coveredMs(spans: readonly Span[], end: number): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to } of [...spans].sort((left, right) => left.from - right.from)) {
    const last = Math.min(to, end);
    if (last > until) covered += last - Math.max(from, until);
    until = Math.max(until, last);
  }
  return covered;
}

function notes(...given: readonly (string | false)[]): { note?: string } {
  const said = given.filter((each) => each !== false);
  return said.length === 0 ? {} : { note: said.join(', ') };
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
