import { expect } from 'chai';
import { outcomeFailure } from '../../../agent/cli/outcome.ts';
import type { Outcome } from '../../../agent/session/states.ts';

describe('outcomeFailure', () => {
  const settings = { endpoint: 'wss://x.example/prod' };
  for (const [outcome, exit, code] of [
    [{ kind: 'stopped' }, undefined, undefined],
    [{ kind: 'credentials-refused', why: '401' }, 3, 'credentials_refused'],
    [{ kind: 'tunnel-id-refused', code: 'tunnel_id_taken', why: 'no' }, 4, 'tunnel_id_taken'],
    [{ kind: 'tunnel-id-refused', code: 'tunnel_id_invalid', why: 'no' }, 2, 'tunnel_id_invalid'],
    [{ kind: 'unreachable', why: 'x' }, 5, 'edge_unreachable'],
    [{ kind: 'lost', why: 'x' }, 6, 'edge_lost'],
  ] as [Outcome, number | undefined, string | undefined][]) {
    it(`${outcome.kind} ${code ?? ''} ends with ${exit ?? 0}`, () => {
      const failure = outcomeFailure(outcome, settings);
      expect([failure?.exit, failure?.code]).to.deep.equal([exit, code]);
    });
  }

  it('never shows the token', () => {
    const failure = outcomeFailure({ kind: 'credentials-refused', why: '401' }, { ...settings, token: 'secret' });
    expect(JSON.stringify(failure)).not.to.contain('secret');
  });
});
