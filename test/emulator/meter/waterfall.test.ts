import { expect } from 'chai';
import { type Hop, hopsOf, type InvocationSpan, type RequestMarks } from '../../../emulator/meter/waterfall.ts';

const DOOR: InvocationSpan = { from: 2, to: 90, parent: 'd', functionName: 'forward', queuedMs: 3, cold: false };
const MESSAGE: InvocationSpan = { from: 50, to: 70, parent: 'm', functionName: 'message', queuedMs: 1, cold: false };

function marks(more: Partial<RequestMarks> = {}): RequestMarks {
  const nothing = { others: [], tableCalls: [], posts: [], messagesAt: [] };
  return { arrivedAt: 0, answeredAt: 100, door: DOOR, ...nothing, ...more };
}

function table(parent: string, from: number, to: number, writes = 0) {
  return { parent, from, to, reads: 1, writes };
}

const short = (hops: readonly Hop[]) => hops.map(({ name, ms, note }) => [name, ms, ...(note ? [note] : [])]);
const sum = (hops: readonly Hop[]) => hops.reduce((total, { ms }) => total + ms, 0);

describe('a waterfall', () => {
  it('is the door alone where no function ran', () => {
    const { door: _, ...rest } = marks();
    expect(short(hopsOf(rest))).to.deep.equal([['door', 100]]);
  });

  it('shows a function that posts nothing, with what the database took of it', () => {
    const hops = hopsOf(marks({ tableCalls: [table('d', 10, 20), table('d', 30, 34)] }));
    expect(short(hops)).to.deep.equal([
      ['door', 2],
      ['warm', 3],
      ['table', 14, '2 calls'],
      ['function', 71],
      ['back', 10],
    ]);
  });

  it('marks table calls that ran side by side, and counts their time once', () => {
    const hops = hopsOf(marks({ tableCalls: [table('d', 10, 20), table('d', 12, 22)] }));
    expect(short(hops)).to.deep.include(['table', 12, '2 calls, side by side']);
  });

  it('follows a request to the agent and its answer back by a post', () => {
    const hops = hopsOf(
      marks({
        others: [MESSAGE],
        tableCalls: [table('d', 6, 9)],
        posts: [
          { parent: 'd', from: 10, to: 15 },
          { parent: 'm', from: 60, to: 66 },
        ],
        messagesAt: [50],
      }),
    );
    expect(short(hops)).to.deep.equal([
      ['door', 2],
      ['warm', 3],
      ['table', 3, '1 call'],
      ['function', 2],
      ['post', 5],
      ['agent', 35],
      ['message', 16],
      ['rendezvous', 24],
      ['back', 10],
    ]);
  });

  it('follows an answer through the table, and counts the polls', () => {
    const hops = hopsOf(
      marks({
        door: { ...DOOR, cold: true },
        others: [{ ...MESSAGE, cold: true }],
        tableCalls: [table('d', 20, 22), table('d', 75, 77), table('m', 60, 68, 2)],
        posts: [{ parent: 'd', from: 10, to: 15 }],
        messagesAt: [50],
      }),
    );
    expect(short(hops).slice(1)).to.deep.equal([
      ['cold', 3],
      ['function', 5],
      ['post', 5],
      ['agent', 35],
      ['message', 18, '1 cold'],
      ['rendezvous', 22, '2 table calls'],
      ['back', 10],
    ]);
  });

  it('marks what overlaps: an answer before its post is answered, messages side by side', () => {
    const hops = hopsOf(
      marks({
        others: [MESSAGE, { ...MESSAGE, parent: 'n' }],
        posts: [
          { parent: 'd', from: 10, to: 60 },
          { parent: 'm', from: 60, to: 95 },
          { parent: 'n', from: 61, to: 64 },
        ],
        messagesAt: [50, 52],
      }),
    );
    expect(short(hops).slice(3)).to.deep.equal([
      ['post', 40, 'the agent beside it'],
      ['agent', 0],
      ['message', 40, '2 messages side by side'],
      ['rendezvous', 0],
      ['back', 10],
    ]);
  });

  it('waits to the end where no message came', () => {
    const hops = hopsOf(marks({ posts: [{ parent: 'd', from: 10, to: 15 }] }));
    expect(short(hops).slice(3)).to.deep.equal([
      ['post', 5],
      ['rendezvous', 75],
      ['back', 10],
    ]);
  });

  it('always adds up to the whole, whatever is reported', () => {
    const odd = [-5, 0, 1, 7, 40, 99, 100, 130];
    for (const from of odd) {
      for (const to of odd) {
        const span = { parent: 'd', from, to: Math.max(from, to) };
        const given = marks({
          door: { ...DOOR, ...span, queuedMs: 30 },
          others: [{ ...MESSAGE, from: to, to: to + 9 }],
          tableCalls: [{ ...span, reads: 1, writes: 0 }, table('m', to, to + 50, 1)],
          posts: [span],
          messagesAt: [to],
        });
        const hops = hopsOf(given);
        expect(sum(hops), `${from} to ${to}`).to.be.closeTo(100, 1e-9);
        for (const { ms } of hops) expect(ms).to.be.at.least(0);
      }
    }
  });
});
