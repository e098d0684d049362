import { expect } from 'chai';
import type { Upload, UploadedBody, UploadResult } from '../../../agent/forward.ts';
import type { HeaderPair } from '../../../src/protocol/messages.ts';
import { answering, pieces, startExchange, whole } from '../support/exchange-run.ts';

const LARGE = { uploadUrl: 'https://place.example/put', maxResponseBytes: 10_000 };
const VIDEO: HeaderPair[] = [['content-type', 'video/mp4']];
const announcing = (bytes: number): HeaderPair[] => [...VIDEO, ['Content-Length', String(bytes)]];

/** A place that takes every body, unless it is told to answer otherwise. */
function place(result?: UploadResult) {
  const taken: { url: string; bytes: number; given: UploadedBody }[] = [];
  const upload: Upload = async (url, given) => {
    const bytes = (await whole(given.body)).length;
    taken.push({ url, bytes, given });
    return result ?? { kind: 'stored', bytes };
  };
  return { taken, upload };
}

describe('a large answer with a place to put it', () => {
  it('is put there, and said with its length once it is there', async () => {
    const { taken, upload } = place();
    const { report, sent } = startExchange(answering(200, announcing(20_000), pieces(2, 10_000)), LARGE, { upload });
    expect(await report).to.deep.equal({ status: 200, ms: 0, bytes: 20_000 });
    expect(taken.map(({ url, bytes }) => [url, bytes])).to.deep.equal([[LARGE.uploadUrl, 20_000]]);
    expect(taken[0]?.given).to.deep.include({ contentLength: 20_000, headers: announcing(20_000) });
    expect(sent).to.have.length(1);
    expect(sent[0]).to.deep.include({ type: 'http_response', status: 200, storedBytes: 20_000, more: false });
    expect(sent[0]).to.deep.include({ headers: announcing(20_000), body: Buffer.alloc(0) });
  });

  it('is put there too where its length shows only as it comes', async () => {
    const { taken, upload } = place();
    const { report, sent } = startExchange(answering(200, VIDEO, pieces(3, 5_000)), LARGE, { upload });
    expect((await report).bytes).to.equal(15_000);
    expect(taken.map(({ bytes, given }) => [bytes, given.contentLength])).to.deep.equal([[15_000, undefined]]);
    expect(sent[0]).to.include({ storedBytes: 15_000 });
  });

  it('is not, where the door can give it back', async () => {
    for (const headers of [VIDEO, announcing(10_000)]) {
      const { taken, upload } = place();
      const { report, sent } = startExchange(answering(200, headers, pieces(2, 5_000)), LARGE, { upload });
      expect((await report).bytes).to.equal(10_000);
      expect(taken).to.deep.equal([]);
      expect(sent[0]).to.not.have.property('storedBytes');
    }
  });

  it('is refused where nobody could be sent there', async () => {
    for (const [status, request, given] of [
      [206, LARGE, true],
      [404, LARGE, true],
      [200, { maxResponseBytes: 10_000 }, true],
      [200, LARGE, false],
    ] as const) {
      const { taken, upload } = place();
      const large = answering(status, announcing(20_000), pieces(2, 10_000));
      const { report, sent } = startExchange(large, request, given ? { upload } : {});
      expect((await report).failure?.code).to.equal('response_too_large');
      expect(taken).to.deep.equal([]);
      expect(sent.map(({ type }) => type)).to.deep.equal(['error']);
    }
  });

  it('fails as what failed: the place, its limit, or the upstream', async () => {
    for (const [result, code, message] of [
      [{ kind: 'failed', at: 'place', message: 'it says 403' }, 'response_too_large', 'it says 403'],
      [{ kind: 'too-large', message: 'more than 1 GB' }, 'response_too_large', 'more than 1 GB'],
      [{ kind: 'failed', at: 'body', message: 'socket hang up' }, 'upstream_failed', 'socket hang up'],
    ] as const) {
      const { upload } = place(result);
      const { report, sent } = startExchange(answering(200, announcing(20_000), pieces(2, 10_000)), LARGE, { upload });
      const { status, failure } = await report;
      expect([status, failure?.code]).to.deep.equal([502, code]);
      expect(failure?.message).to.include(message);
      expect(sent.map(({ type }) => type)).to.deep.equal(['error']);
    }
  });

  it('ends without a word when it is cancelled meanwhile', async () => {
    const upload: Upload = (_url, _body, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'failed', at: 'place', message: 'aborted' }));
      });
    const { report, sent, cancel, clock } = startExchange(
      answering(200, announcing(20_000), pieces(2, 10_000)),
      LARGE,
      { upload },
    );
    await new Promise(setImmediate);
    cancel.abort();
    expect((await report).status).to.equal(499);
    expect(sent).to.deep.equal([]);
    expect(clock.pending()).to.equal(0);
  });
});
