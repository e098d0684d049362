import { expect } from 'chai';
import { isRecorded, noteOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { exchange, type HeaderLine } from '../exchange.ts';
import { expectOwn } from '../expect-answer.ts';
import type { Target } from '../target.ts';

/** Bytes of a result as JSON (HR-07), and of `{"statusCode":200,"body":""}`. */
const MOST_RESULT_BYTES = 6_291_556;
const ENVELOPE_BYTES = 28;

/** The switch unknownHostStatus: 403 by default. */
async function expectNobody(target: Target, path: string, headers: readonly HeaderLine[] = []) {
  const wanted = tag();
  const answer = await exchange(target, path, { headers, instruction: { tag: wanted } });
  expect(answer.status, path).to.equal(403);
  expect(await isRecorded(target, (record) => record.tag === wanted, 100), 'was invoked').to.equal(false);
}

inSetting('default', (behaviour) => {
  behaviour('HR-05', async (target) => {
    for (const [path, instruction] of [
      ['/', { throw: 'a secret' }],
      ['/v1/x', { throw: 'a secret' }],
      ['/brief', { sleepMs: 2_000 }],
      ['/', { exit: 1 }],
    ] as const) {
      const answer = await exchange(target, path, { instruction });
      expectOwn(answer, 500, 'Internal Server Error');
      expect(answer.values('content-length')).to.deep.equal(['35']);
    }
  });

  behaviour('HR-06', async (target) => {
    const wanted = tag();
    const late = await exchange(target, '/hasty', { instruction: { sleepMs: 1_000, useTable: true, tag: wanted } });
    expect({ status: late.status, body: String(late.body) }).to.deep.equal({
      status: 503,
      body: '{"message":"Service Unavailable"}',
    });
    expect(late.values('content-length')).to.deep.equal(['33']);
    expect(late.values('content-type')).to.deep.equal([]);
    expect(late.ms).to.be.within(290, 990);
    // The function runs on.
    expect(await noteOf(target, wanted, 4_000)).to.include({ about: 'useTable' });
  });

  behaviour('HR-07', async (target) => {
    const most = MOST_RESULT_BYTES - ENVELOPE_BYTES;
    const fits = await exchange(target, '/', { instruction: { bodyBytes: most } });
    expect(fits.status).to.equal(200);
    expect(fits.body).to.have.length(most);
    expect(fits.values('content-length')).to.deep.equal([String(most)]);

    const over = await exchange(target, '/', { instruction: { bodyBytes: most + 1 } });
    expectOwn(over, 500, 'Internal Server Error');
  });

  behaviour('HR-14', async (target) => {
    const instruction = { sleepMs: 400 };
    const answers = await Promise.all([1, 2].map(() => exchange(target, '/single', { instruction })));
    // The switch lambdaThrottleStatus: 503 by default.
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 503]);
  });

  behaviour('HR-15', async (target) => {
    // A name of API Gateway's own that is no API.
    await expectNobody(target, '/', [['Host', `zzzzzzzzzz.execute-api.${target.region}.amazonaws.com`]]);
  });
});

inSetting('impatient', (behaviour) => {
  behaviour('HR-06', async (target) => {
    // A route without a timeout of its own has the most there is.
    const late = await exchange(target, '/', { instruction: { sleepMs: 2_500 } });
    expect({ status: late.status, body: String(late.body) }).to.deep.equal({
      status: 503,
      body: '{"message":"Service Unavailable"}',
    });
    expect(late.ms).to.be.within(490, 2_400);
  });
});

inSetting('closed', (behaviour) => {
  behaviour('HR-15', async (target) => {
    for (const path of ['/', '/items/7', '/named/items/7']) await expectNobody(target, path);
  });
});

inSetting('domain', (behaviour) => {
  behaviour('HR-15', async (target) => {
    await expectNobody(target, '/mapped/items/7', [['Host', 'nobody.probe.example']]);
    expect((await exchange(target, '/items/7')).status, 'the default endpoint').to.equal(200);
  });
});
