import { expect } from 'chai';
import fc from 'fast-check';
import { brotli } from '../../src/adapters/compression.ts';
import { hashes } from '../../src/adapters/system.ts';
import type { Progress, Pursuit } from '../../src/tunnel/await-answer.ts';
import { awaitAnswer } from '../../src/tunnel/await-answer.ts';
import { createHearing } from '../../src/tunnel/hearing.ts';
import { failure } from '../../src/tunnel/outcomes.ts';
import type { AnswerPiece } from '../../src/tunnel/ports.ts';
import { createWholeAnswer } from '../../src/tunnel/whole-answer.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createMemoryStores } from '../support/memory-stores.ts';

const ID = 'request';

interface Arrival {
  readonly piece: AnswerPiece;
  /** Milliseconds after the waiting began. */
  readonly after: number;
}

interface Door {
  readonly patience?: number;
  readonly maxBodyBytes?: number;
  readonly hopelessAt?: number;
}

function sha256(bytes: Uint8Array): string {
  return Buffer.from(hashes.sha256(bytes)).toString('base64url');
}

/** Waits for pieces that come at their times; the whole takes no time at all. */
async function awaited(
  arrivals: readonly Arrival[],
  { patience = 28_000, maxBodyBytes = 1_000_000, hopelessAt }: Door = {},
) {
  const clock = createFakeClock();
  const { answers } = createMemoryStores();
  const began = clock.now();
  const asked: { at: number; from: number }[] = [];
  for (const { piece, after } of arrivals) clock.at(began + after, () => answers.put(ID, piece));
  const take: typeof answers.take = (requestId, from) => {
    asked.push({ at: clock.now() - began, from });
    return answers.take(requestId, from);
  };
  const options = { deadline: began + patience, longestPatienceMs: 5_000 };
  const pursued: { at: number; what: string; progress?: Progress }[] = [];
  const at = () => clock.now() - began;
  const pursuit: Pursuit = {
    progressed: async (progress) => void pursued.push({ at: at(), what: 'progressed', progress }),
    lost: async () => {},
    granted: async (bytes) => void pursued.push({ at: at(), what: `granted ${bytes}` }),
    async silent(progress) {
      pursued.push({ at: at(), what: 'silent', progress });
      return hopelessAt !== undefined && at() >= hopelessAt ? failure('agent_lost') : undefined;
    },
  };
  const hearing = createHearing(ID, false, { replyTo: () => '' }, { answers: { take }, clock });
  const assembly = createWholeAnswer(maxBodyBytes, sha256, brotli);
  const result = await awaitAnswer(assembly, hearing, pursuit, options, clock);
  return { result, asked, pursued, ms: at() };
}

function head(body: Uint8Array = new Uint8Array(0), more = false, status = 200): AnswerPiece {
  return { kind: 'head', status, headers: [['content-type', 'text/plain']], body, more };
}

function text(result: Awaited<ReturnType<typeof awaited>>['result']): string {
  return result.kind === 'answered' ? Buffer.from(result.response.body).toString() : `failure ${result.code}`;
}

describe('awaitAnswer', () => {
  it('gives a whole answer at the first look, 50 ms after the request', async () => {
    const { result, ms } = await awaited([{ piece: head(Buffer.from('hi')), after: 0 }]);
    expect(text(result)).to.equal('hi');
    expect(ms).to.equal(50);
  });

  it('joins the parts in any order and however often they come', async () => {
    const parts = ['one ', 'two ', 'three ', 'four'];
    const pieces = parts.map((part, at): AnswerPiece => {
      const body = Buffer.from(part);
      if (at === 0) return head(body, true);
      const last = at === parts.length - 1;
      return { kind: 'part', part: at, body, ...(last && { totalBytes: parts.join('').length }) };
    });
    const arrivals = fc.array(fc.record({ piece: fc.constantFrom(...pieces), after: fc.nat({ max: 20_000 }) }));
    await fc.assert(
      fc.asyncProperty(arrivals, fc.shuffledSubarray(pieces, { minLength: pieces.length }), async (early, order) => {
        const all = order.map((piece, at) => ({ piece, after: at * 700 }));
        expect(text((await awaited([...early, ...all])).result)).to.equal(parts.join(''));
      }),
      { numRuns: 50 },
    );
  });

  it('takes an answer that comes with the deadline, and none after it', async () => {
    expect(text((await awaited([{ piece: head(), after: 5_000 }], { patience: 5_000 })).result)).to.equal('');
    const late = await awaited([{ piece: head(), after: 5_001 }], { patience: 5_000 });
    expect(text(late.result)).to.equal('failure no_answer');
    expect(late.ms).to.equal(5_000);
  });

  it('gives up at once where there is no time left', async () => {
    const { result, asked } = await awaited([{ piece: head(), after: 0 }], { patience: 0 });
    expect(text(result)).to.equal('failure no_answer');
    expect(asked).to.deep.equal([]);
  });

  it('gives up where parts are missing to the end', async () => {
    const { result } = await awaited([{ piece: head(Buffer.from('a'), true), after: 10 }]);
    expect(text(result)).to.equal('failure no_answer');
  });

  for (const [name, value] of [
    ['x a', 'v'],
    ['', 'v'],
    ['x', 'a\r\nSet-Cookie: b=1'],
    ['x', '日本'],
  ] as const) {
    it(`fails on a header that HTTP cannot carry: ${JSON.stringify([name, value])}`, async () => {
      const piece: AnswerPiece = {
        kind: 'head',
        status: 200,
        headers: [[name, value]],
        body: new Uint8Array(0),
        more: false,
      };
      const { result } = await awaited([{ piece, after: 0 }]);
      expect(result).to.include({ kind: 'failure', code: 'upstream_failed' });
    });
  }

  it('looks less than a hundred times in 28 s, never more than 400 ms apart', async () => {
    const { asked } = await awaited([]);
    expect(asked).to.have.lengthOf.below(100);
    const gaps = asked.map(({ at }, index) => at - (asked[index - 1]?.at ?? 0));
    expect(Math.max(...gaps)).to.be.at.most(400);
    expect(gaps[0]).to.equal(50);
  });

  it('looks more often again once pieces come', async () => {
    const { asked } = await awaited([
      { piece: head(Buffer.from('a'), true), after: 20_000 },
      { piece: { kind: 'part', part: 1, body: Buffer.from('b'), totalBytes: 2 }, after: 27_000 },
    ]);
    const first = asked.findIndex(({ at }) => at >= 20_000);
    expect((asked[first + 1]?.at ?? 0) - (asked[first]?.at ?? 0)).to.be.at.most(75);
  });

  it('asks for nothing that it has already', async () => {
    const { asked } = await awaited([
      { piece: head(Buffer.from('a'), true), after: 0 },
      { piece: { kind: 'part', part: 2, body: Buffer.from('c'), totalBytes: 3 }, after: 0 },
      { piece: { kind: 'part', part: 1, body: Buffer.from('b') }, after: 1_000 },
    ]);
    expect(asked[0]?.from).to.equal(0);
    expect(new Set(asked.slice(1).map(({ from }) => from))).to.deep.equal(new Set([1]));
  });

  it('ends with an error, also after the head', async () => {
    const { result } = await awaited([
      { piece: head(Buffer.from('a'), true), after: 0 },
      { piece: { kind: 'error', code: 'timeout', message: 'after 25 s' }, after: 300 },
    ]);
    expect(result).to.deep.equal({ kind: 'failure', code: 'upstream_timeout', detail: 'after 25 s' });
  });

  it('ends with the answer where an error comes too late', async () => {
    const { result } = await awaited([
      { piece: head(Buffer.from('whole')), after: 0 },
      { piece: { kind: 'error', code: 'timeout', message: '' }, after: 0 },
    ]);
    expect(text(result)).to.equal('whole');
  });

  it('refuses a body larger than the door, as soon as it is known to be', async () => {
    const piece: AnswerPiece = { kind: 'part', part: 9, body: new Uint8Array(1), totalBytes: 70_000 };
    const { result, ms } = await awaited([{ piece, after: 0 }], { maxBodyBytes: 10 });
    expect(text(result)).to.equal('failure response_too_large');
    expect(ms).to.equal(50);
  });

  it('refuses parts that contradict each other', async () => {
    const { result } = await awaited([
      { piece: head(Buffer.from('a'), true), after: 0 },
      { piece: { kind: 'part', part: 1, body: Buffer.from('b'), totalBytes: 7 }, after: 0 },
    ]);
    expect(text(result)).to.equal('failure upstream_failed');
  });

  for (const status of [0, 100, 101, 199, 600, 65_535]) {
    it(`refuses the status ${status}, which no door can give`, async () => {
      const { result } = await awaited([{ piece: head(new Uint8Array(0), false, status), after: 0 }]);
      expect(result).to.deep.equal({ kind: 'failure', code: 'upstream_failed', detail: `status ${status}` });
    });
  }

  it('refuses a body whose hash is not what was said', async () => {
    const body = Buffer.from('b');
    const said = { kind: 'part', part: 1, body, totalBytes: 2, sha256: sha256(Buffer.from('aB')) } as const;
    const { result } = await awaited([
      { piece: head(Buffer.from('a'), true), after: 0 },
      { piece: said, after: 0 },
    ]);
    expect(text(result)).to.equal('failure upstream_failed');
    const right = { ...said, sha256: sha256(Buffer.from('ab')) };
    const whole = await awaited([
      { piece: head(Buffer.from('a'), true), after: 0 },
      { piece: right, after: 0 },
    ]);
    expect(text(whole.result)).to.equal('ab');
  });

  it('expands what was compressed, and never to more than the door can give back', async () => {
    const long = Buffer.alloc(100_000, 'postern ');
    const piece: AnswerPiece = { ...(head(brotli.compress(long)) as AnswerPiece & { kind: 'head' }), encoding: 'br' };
    expect(text((await awaited([{ piece, after: 0 }])).result)).to.equal(long.toString());
    const bomb = await awaited([{ piece, after: 0 }], { maxBodyBytes: 99_999 });
    expect(text(bomb.result)).to.equal('failure response_too_large');
  });

  it('has somebody look after a silence, more seldom each time, and tells what is missing', async () => {
    const { pursued } = await awaited([
      { piece: head(Buffer.from('a'), true), after: 100 },
      { piece: { kind: 'part', part: 3, body: Buffer.from('d') }, after: 100 },
    ]);
    const silences = pursued.filter(({ what }) => what === 'silent');
    expect(silences[0]?.progress).to.deep.equal({ accepted: true, from: 1, seen: [3], bytes: 1 });
    expect(silences[0]?.at).to.be.within(2_500, 3_200);
    const gaps = silences.slice(1).map(({ at }, index) => at - (silences[index]?.at ?? 0));
    expect(Math.max(...gaps)).to.be.at.most(5_400);
    expect(gaps).to.deep.equal([...gaps].sort((a, b) => a - b));
  });

  it('takes no look at what is new as silence, and gives credit on', async () => {
    const parts = Array.from({ length: 12 }, (_, at) => ({
      piece: { kind: 'part', part: at + 1, body: Buffer.from('x') } as const,
      after: at * 2_000,
    }));
    const { pursued } = await awaited([
      { piece: head(Buffer.from('x'), true), after: 0 },
      ...parts,
      { piece: { kind: 'credit', bytes: 7 }, after: 10 },
    ]);
    expect(pursued.filter(({ what, at }) => what === 'silent' && at < 22_000)).to.deep.equal([]);
    expect(pursued.filter(({ what }) => what.startsWith('granted'))).to.have.lengthOf(1);
  });

  it('takes what comes beyond a gap for silence all the same', async () => {
    const parts = Array.from({ length: 12 }, (_, at) => ({
      piece: { kind: 'part', part: at + 1, body: Buffer.from('x') } as const,
      after: at * 1_000,
    }));
    const { pursued } = await awaited(parts);
    const [first] = pursued.filter(({ what }) => what === 'silent');
    expect(first?.at).to.equal(2_500);
    expect(first?.progress).to.include({ from: 0 });
  });

  it('ends where whoever looked says that it is of no use', async () => {
    const { result, ms } = await awaited([{ piece: { kind: 'accepted' }, after: 0 }], { hopelessAt: 9_000 });
    expect(text(result)).to.equal('failure agent_lost');
    expect(ms).to.be.below(15_000);
  });
});
