import { expect } from 'chai';
import { judgeEnd } from '../../../agent/session/socket-end.ts';

describe('judgeEnd', () => {
  const rejected = (status: number) => judgeEnd({ kind: 'rejected', status }).retry;
  const failed = (code: string) => judgeEnd({ kind: 'failed', code, message: '' }).retry;

  it('takes 401 and 403 for refused credentials', () => {
    expect([401, 403].map(rejected)).to.deep.equal(['forbidden', 'forbidden']);
  });

  it('tries again what the server or the moment is to blame for', () => {
    expect([408, 500, 502, 503, 504].map(rejected)).to.deep.equal(Array(5).fill('worthwhile'));
    expect(rejected(429)).to.equal('later');
    expect(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', ''].map(failed)).to.deep.equal(Array(4).fill('worthwhile'));
    expect(judgeEnd({ kind: 'closed', code: 1001, reason: 'Going away' })).to.deep.equal({
      why: 'the connection was closed (1001 Going away)',
      retry: 'worthwhile',
    });
  });

  it('knows what a second attempt cannot mend', () => {
    expect([200, 301, 400, 404, 426].map(rejected)).to.deep.equal(Array(5).fill('futile'));
    const codes = ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'EPROTO', 'HPE_INVALID_CONSTANT'];
    expect(codes.map(failed)).to.deep.equal(Array(4).fill('futile'));
  });
});
