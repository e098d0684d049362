import { expect } from 'chai';

const REQUEST_ID = /^[A-Za-z0-9_-]{15}=$/;

/**
 * The gateway's own text frame, byte for byte (WS-33, WS-34). Its request id is another one each time.
 * @returns that id
 */
export function expectFrame(text: string, message: string, connectionId: string): string {
  const requestId = /"requestId":"([^"]*)"\}$/.exec(text)?.[1] ?? '';
  expect(text).to.equal(`{"message": "${message}", "connectionId":"${connectionId}", "requestId":"${requestId}"}`);
  expect(requestId).to.match(REQUEST_ID);
  return requestId;
}
