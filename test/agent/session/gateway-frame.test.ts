import { expect } from 'chai';
import { readGatewayFrame } from '../../../agent/session/gateway-frame.ts';

describe('readGatewayFrame', () => {
  it('reads the recorded frame of a failed integration (WS-34)', () => {
    const text =
      '{"message": "Internal server error", "connectionId":"VNRUSeldSwMCIRQ=", "requestId":"VNRXVFJOywMF3-Q="}';
    expect(readGatewayFrame(text)).to.deep.equal({
      message: 'Internal server error',
      connectionId: 'VNRUSeldSwMCIRQ=',
      gatewayRequestId: 'VNRXVFJOywMF3-Q=',
    });
  });

  it('reads the frame for a missing route (WS-33)', () => {
    const text = '{"message": "Forbidden", "connectionId":"a=", "requestId":"b="}';
    expect(readGatewayFrame(text)?.message).to.equal('Forbidden');
  });

  for (const text of [
    '{"type":"error","message":"x","connectionId":"a","requestId":"b"}',
    '{"message":"x","connectionId":"a"}',
    '{"message":1,"connectionId":"a","requestId":"b"}',
    '{"message":"x","requestId":"b"}',
    '"message"',
    'null',
    '{',
  ]) {
    it(`leaves ${text} alone`, () => expect(readGatewayFrame(text)).to.equal(undefined));
  }
});
