import { expect } from 'chai';
import { encode } from '../../src/protocol/codec.ts';
import {
  CONNECTION_LIFE_SECONDS,
  FRAME_BYTES,
  HANDSHAKE_MS,
  HEARTBEAT_SECONDS,
  MAX_PARTS,
  MESSAGE_BYTES,
  PART_BYTES,
  RENEW_AFTER_SECONDS,
  SENT_FRAME_BYTES,
} from '../../src/protocol/limits.ts';

describe('the limits of both sides', () => {
  it('let the largest part and its envelope into one message (WS-42, MG-11)', () => {
    const largest = encode({
      type: 'response_part',
      requestId: '0b8f6c52-93d1-4e07-9c2a-7f1d5be0a364',
      part: MAX_PARTS,
      body: new Uint8Array(PART_BYTES),
      totalBytes: Number.MAX_SAFE_INTEGER,
      sha256: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
      sessionId: 'qZ3kP0tXw8mB-rYhL_2dVa',
      replyTo: 'L0SM9cOFvHcCIhw=.m3Qk0XbXvF9yqYdE1s7ZpA',
    });
    expect(Buffer.byteLength(largest)).to.be.at.most(MESSAGE_BYTES);
  });

  it('pad no part but the last', () => expect(PART_BYTES % 3).to.equal(0));

  it('keep a sent frame below the largest, its own header included (WS-41)', () => {
    const longestFrameHeader = 14;
    expect(SENT_FRAME_BYTES + longestFrameHeader).to.be.lessThan(FRAME_BYTES);
  });

  it('let a 200 MB body through in parts (LA-12)', () => {
    expect(MAX_PARTS * PART_BYTES).to.be.greaterThan(200 * 1024 * 1024);
  });

  it('ping at least twice in the ten minutes that an idle connection lives (WS-46)', () => {
    expect(HEARTBEAT_SECONDS * 2).to.be.at.most(600);
  });

  it('renew a connection long enough before its two hours end for a 30 s request and a handshake (WS-47)', () => {
    expect(CONNECTION_LIFE_SECONDS).to.equal(2 * 60 * 60);
    expect(RENEW_AFTER_SECONDS + HEARTBEAT_SECONDS + 30 + HANDSHAKE_MS / 1_000).to.be.lessThan(CONNECTION_LIFE_SECONDS);
  });
});
