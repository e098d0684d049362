import { expect } from 'chai';
import type { Exchange } from './exchange.ts';

/** The gateway's own answer, byte for byte: `{"message":"Not Found"}`, as JSON. */
export function expectOwn(answer: Exchange, status: number, message: string): void {
  const body = `{"message":"${message}"}`;
  const got = String(answer.body.subarray(0, 1_000)); // a wrong one may have megabytes
  expect({ status: answer.status, body: got }).to.deep.equal({ status, body });
  expect(answer.values('content-type')).to.deep.equal(['application/json']);
  expect(answer.values('content-length')).to.deep.equal([String(body.length)]);
}
