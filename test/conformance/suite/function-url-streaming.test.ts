import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestHttps } from 'node:https';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { notThere, type Target } from '../target.ts';

interface Streamed {
  readonly answer: IncomingMessage;
  /** As they came. */
  readonly parts: readonly string[];
}

async function ask({ functionUrl }: Target, path: string): Promise<Streamed> {
  if (functionUrl === undefined) return notThere('function URLs');
  const send = functionUrl.startsWith('https:') ? requestHttps : request;
  const [answer] = (await once(send(functionUrl + path).end(), 'response')) as [IncomingMessage];
  const parts: string[] = [];
  try {
    for await (const part of answer) parts.push(String(part));
  } catch {}
  return { answer, parts };
}

inSetting('streaming-url', (behaviour) => {
  behaviour('LA-12', async (target) => {
    const { answer, parts } = await ask(target, '/');
    expect(answer.statusCode).to.equal(202);
    expect(answer.headers).to.include({ 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' });
    expect(answer.headers['set-cookie']).to.deep.equal(['a=1', 'b=2']);
    expect(parts, 'each when it is there').to.deep.equal(['first', 'second']);
    expect(answer.complete).to.equal(true);
  });

  behaviour('LA-12', async (target) => {
    const { answer, parts } = await ask(target, '/fails');
    expect([answer.statusCode, ...parts, answer.complete]).to.deep.equal([202, 'first', false]);
    const early = await ask(target, '/fails-at-once');
    expect(early.answer.statusCode).to.equal(502);
  });
});
