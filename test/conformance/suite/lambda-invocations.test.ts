import { expect } from 'chai';
import { isRecorded, pause, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { exchange } from '../exchange.ts';
import { expectOwn } from '../expect-answer.ts';
import { type Invocation, invoke, recordsOf } from '../invoke.ts';

const MOST_EVENT_BYTES = 6 * 1024 * 1024;
const MOST_ASYNC_EVENT_BYTES = 1024 * 1024;
const MOST_RESULT_BYTES = 6_291_556;
/** Of `{"statusCode":200,"body":""}`. */
const ENVELOPE_BYTES = 28;

/** An event of so many bytes as JSON. */
function eventOf(bytes: number, wanted: string): string {
  const empty = JSON.stringify({ do: { quiet: true, tag: wanted }, pad: '' });
  return empty.replace('"pad":"', `"pad":"${'p'.repeat(bytes - empty.length)}`);
}

function expectThrottled({ status, headers, payload }: Invocation, Reason: string): void {
  expect(status).to.equal(429);
  expect(headers.get('x-amzn-errortype')).to.match(/^TooManyRequestsException/);
  expect(JSON.parse(payload)).to.deep.equal({ Reason, Type: 'User', message: 'Rate Exceeded.' });
}

inSetting('default', (behaviour) => {
  behaviour('LA-04', async (target) => {
    expect((await invoke(target, 'http2', eventOf(MOST_EVENT_BYTES - 1, tag()))).status).to.equal(200);
    const wanted = tag();
    expect((await invoke(target, 'http2', eventOf(MOST_EVENT_BYTES + 1, wanted))).status).to.equal(413);
    expect(await isRecorded(target, (record) => record.tag === wanted, 100)).to.equal(false);
  });

  behaviour('LA-04', async (target) => {
    const most = MOST_RESULT_BYTES - ENVELOPE_BYTES;
    const fits = await invoke(target, 'http2', { do: { bodyBytes: most } });
    expect(fits.payload).to.have.length(MOST_RESULT_BYTES);
    expect(fits.headers.get('x-amz-function-error')).to.equal(null);

    const over = await invoke(target, 'http2', { do: { bodyBytes: most + 1 } });
    expect(over.headers.get('x-amz-function-error')).to.equal('Unhandled');
    expect(JSON.parse(over.payload.slice(0, 1_000))).to.deep.equal({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });

  behaviour('LA-04', async (target) => {
    const within = await invoke(target, 'http2', eventOf(MOST_ASYNC_EVENT_BYTES - 1, tag()), 'Event');
    expect(within.status).to.equal(202);
    const over = await invoke(target, 'http2', eventOf(MOST_ASYNC_EVENT_BYTES + 1, tag()), 'Event');
    expect(over.status).to.equal(413);
  });

  behaviour('LA-05', async (target) => {
    const wanted = tag();
    const accepted = await invoke(target, 'http2', { do: { sleepMs: 1_500, tag: wanted } }, 'Event');
    expect(accepted.status).to.equal(202);
    expect(accepted.payload).to.equal('');
    expect(accepted.ms, 'nobody waits for the function').to.be.below(1_000);
    const [record] = await recordsOf(target, wanted, 1);
    expect(record?.event).to.deep.equal({ do: { sleepMs: 1_500, tag: wanted } });
  });

  behaviour('LA-06', async (target) => {
    const both = await Promise.all([1, 2].map(() => invoke(target, 'single', { do: { sleepMs: 500 } })));
    const [done, refused] = both.sort((a, b) => a.status - b.status);
    expect(done?.status).to.equal(200);
    expectThrottled(refused as Invocation, 'ReservedFunctionConcurrentInvocationLimitExceeded');
    expect((await invoke(target, 'single', {})).status, 'free again').to.equal(200);
  });

  behaviour('LA-17', async (target) => {
    // The policy of `locked` lets in another stage of the API only; its owner needs no policy.
    expectOwn(await exchange(target, '/locked'), 500, 'Internal Server Error');
    const wanted = tag();
    expect((await invoke(target, 'locked', { do: { tag: wanted } })).status).to.equal(200);
    expect(await recordsOf(target, wanted, 1)).to.have.length(1);
  });
});

inSetting('narrow', (behaviour) => {
  behaviour('LA-17', async (target) => {
    // The policy of `brief` names an API that is gone, that of `hasty` another service.
    for (const path of ['/brief', '/hasty']) {
      const wanted = tag();
      expectOwn(await exchange(target, path, { instruction: { tag: wanted } }), 500, 'Internal Server Error');
      expect(await isRecorded(target, (record) => record.tag === wanted, 300)).to.equal(false);
    }
    // Asked at every invocation, it lets one route of `http2` in and the other not.
    for (const status of [200, 200]) expect((await exchange(target, '/anything')).status).to.equal(status);
    expect((await exchange(target, '/items/7')).status).to.equal(500);
    expect((await exchange(target, '/anything')).status).to.equal(200);
  });
});

inSetting('crowded', (behaviour) => {
  behaviour('LA-06', async (target) => {
    // Four at once in the account, one of them for `single` alone.
    const all = Array.from({ length: 6 }, () => invoke(target, 'http2', { do: { sleepMs: 1_000 } }));
    await pause(300);
    expect((await invoke(target, 'single', {})).status, 'its own').to.equal(200);
    const answers = await Promise.all(all);
    expect(answers.filter(({ status }) => status === 200)).to.have.length(3);
    for (const refused of answers.filter(({ status }) => status !== 200)) {
      expectThrottled(refused, 'ConcurrentInvocationLimitExceeded');
    }
  });
});

inSetting('repeated', (behaviour) => {
  behaviour('LA-05', async (target) => {
    const failing = tag();
    expect((await invoke(target, 'http2', { do: { throw: 'again', tag: failing } }, 'Event')).status).to.equal(202);
    const attempts = await recordsOf(target, failing, 3);
    expect(attempts, 'attempts').to.have.length(3);
    expect(new Set(attempts.map(({ context }) => context.awsRequestId)).size, 'one request id').to.equal(1);

    const fine = tag();
    expect((await invoke(target, 'http2', { do: { tag: fine } }, 'Event')).status).to.equal(202);
    expect(await recordsOf(target, fine, 2), 'runs although none failed').to.have.length(2);

    await pause(300);
    expect(await recordsOf(target, failing, 3), 'no fourth attempt').to.have.length(3);
  });
});
