import { expect } from 'chai';
import { failureResponse } from '../../src/tunnel/failure-page.ts';
import type { FailureCode } from '../../src/tunnel/outcomes.ts';
import { failureOfAgentError, OUTCOMES } from '../../src/tunnel/outcomes.ts';

const CODES = Object.keys(OUTCOMES) as FailureCode[];
const BROWSER = { method: 'GET', headers: [['Accept', 'text/html,application/xhtml+xml,*/*;q=0.8']] } as const;
const CURL = { method: 'GET', headers: [['accept', '*/*']] } as const;
const REQUEST_ID = '0b8f6c52-93d1-4e07-9c2a-7f1d5be0a364';

function text(body: Uint8Array): string {
  return Buffer.from(body).toString();
}

describe('failureResponse', () => {
  it('has these statuses, which people rely on', () => {
    expect(Object.fromEntries(CODES.map((code) => [code, failureResponse(code, CURL).status]))).to.deep.equal({
      no_tunnel_in_url: 404,
      tunnel_not_found: 404,
      agent_offline: 502,
      agent_lost: 502,
      agent_unreachable: 502,
      request_not_forwardable: 400,
      request_too_large: 413,
      upstream_unreachable: 502,
      upstream_unavailable: 503,
      upstream_failed: 502,
      upstream_timeout: 504,
      response_too_large: 502,
      streaming_only: 501,
      no_answer: 504,
      edge_failed: 500,
    });
  });

  for (const code of CODES) {
    it(`tells a browser of ${code} with a page`, () => {
      const { headers, body } = failureResponse(code, BROWSER, REQUEST_ID);
      expect(headers).to.deep.include(['content-type', 'text/html; charset=utf-8']);
      expect(headers).to.deep.include(['x-postern-error', code]);
      expect(headers).to.deep.include(['cache-control', 'no-store']);
      expect(text(body)).to.match(/^<!doctype html>/);
      for (const told of [OUTCOMES[code].title, OUTCOMES[code].explanation, code, REQUEST_ID]) {
        expect(text(body)).to.include(told);
      }
    });

    it(`tells a program of ${code} with JSON`, () => {
      const { headers, body } = failureResponse(code, CURL, REQUEST_ID);
      expect(headers).to.deep.include(['content-type', 'application/json']);
      expect(headers).to.deep.include(['x-postern-error', code]);
      const { title, explanation } = OUTCOMES[code];
      expect(JSON.parse(text(body))).to.deep.equal({ error: { code, title, explanation, requestId: REQUEST_ID } });
    });

    it(`needs no escapes for ${code}`, () => {
      expect(OUTCOMES[code].title + OUTCOMES[code].explanation + code).to.not.match(/[<>&]/);
    });
  }

  it('has no body for HEAD, and the same headers', () => {
    const { headers, body } = failureResponse('no_answer', { ...BROWSER, method: 'HEAD' });
    expect(body).to.have.lengthOf(0);
    expect(headers).to.deep.equal(failureResponse('no_answer', BROWSER).headers);
  });

  it('names no request where there was none', () => {
    expect(text(failureResponse('no_tunnel_in_url', BROWSER).body)).to.not.include('request ');
    expect(text(failureResponse('no_tunnel_in_url', CURL).body)).to.not.include('requestId');
  });

  it('is JSON for who does not say what they want', () => {
    expect(failureResponse('no_answer', { method: 'GET', headers: [] }).headers).to.deep.include([
      'content-type',
      'application/json',
    ]);
  });
});

describe('failureOfAgentError', () => {
  const statuses = [
    ['invalid_request', 400],
    ['timeout', 504],
    ['local_service_unavailable', 503],
    ['internal_error', 502],
    ['upstream_unreachable', 502],
    ['upstream_failed', 502],
    ['response_too_large', 502],
  ] as const;
  for (const [code, status] of statuses) {
    it(`makes ${status} of ${code}`, () => {
      expect(OUTCOMES[failureOfAgentError(code, '').code].status).to.equal(status);
    });
  }

  it('makes 502 of what nobody knows, and keeps what the agent said for the log', () => {
    expect(failureOfAgentError('teapot', 'short and stout')).to.deep.equal({
      kind: 'failure',
      code: 'upstream_failed',
      detail: 'short and stout',
    });
  });
});
