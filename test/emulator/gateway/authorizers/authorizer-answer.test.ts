import { expect } from 'chai';
import fc from 'fast-check';
import { readAnswer } from '../../../../emulator/gateway/authorizers/authorizer-answer.ts';
import { policy } from './authorizers.ts';

const V1 = { payloadFormatVersion: '1.0', simpleResponses: false } as const;
const V2 = { payloadFormatVersion: '2.0', simpleResponses: false } as const;
const SIMPLE = { payloadFormatVersion: '2.0', simpleResponses: true } as const;

const read = (result: unknown, format: Parameters<typeof readAnswer>[1] = V2) =>
  readAnswer(JSON.stringify(result), format, 8_192);

describe('an authorizer’s answer (WS-15)', () => {
  it('is a policy with its principal', () => {
    expect(read(policy('Allow', 'arn:x', { a: 1 }))).to.deep.equal({
      kind: 'policy',
      principalId: 'user-1',
      statements: [{ effect: 'Allow', actions: ['execute-api:Invoke'], resources: ['arn:x'] }],
      context: { a: 1 },
    });
  });

  it('or, with simple responses, a word', () => {
    expect(read({ isAuthorized: true }, SIMPLE)).to.deep.equal({ kind: 'simple', isAuthorized: true });
    expect(read({ isAuthorized: 'true' }, SIMPLE)).to.include({ kind: 'invalid' });
    expect(read({ isAuthorized: true })).to.include({ kind: 'invalid' });
    expect(read(policy('Allow', '*'), SIMPLE)).to.include({ kind: 'invalid' });
  });

  it('has lists and maps in its context with format 2.0 alone', () => {
    const listed = policy('Allow', '*', { list: [1], map: { a: 1 } });
    expect(read(listed)).to.include({ kind: 'policy' });
    expect(read(listed, V1)).to.include({ kind: 'invalid' });
    expect(read(policy('Allow', '*', { text: 'a', number: 1, yes: true, none: null }), V1)).to.include({
      kind: 'policy',
    });
  });

  it('is understood in full or not at all', () => {
    const statement = { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' };
    const broken = [
      { ...statement, Effect: 'allow' },
      { ...statement, Condition: {} },
      { ...statement, Action: 1 },
      { ...statement, Resource: [] },
      { ...statement, Resource: ['*', 1] },
      { ...statement, NotAction: '*' },
      'statement',
    ];
    for (const Statement of [...broken, broken, [], undefined, null]) {
      const result = { principalId: 'u', policyDocument: { Statement } };
      expect(read(result), JSON.stringify(Statement)).to.include({ kind: 'invalid' });
    }
    for (const result of [null, 1, 'x', [], {}, { principalId: 'u' }, { ...policy('Allow', '*'), principalId: 1 }]) {
      expect(read(result), JSON.stringify(result)).to.include({ kind: 'invalid' });
    }
    const negated = { Effect: 'Deny', NotAction: ['a:b'], NotResource: 'arn:x' };
    expect(read({ principalId: 'u', policyDocument: { Statement: negated } })).to.deep.include({
      statements: [{ effect: 'Deny', actions: [], notActions: ['a:b'], resources: [], notResources: ['arn:x'] }],
    });
  });

  it('has at most 8 KB', () => {
    const sized = (bytes: number) => {
      const empty = JSON.stringify({ isAuthorized: true, context: { x: '' } }).length;
      return read({ isAuthorized: true, context: { x: 'x'.repeat(bytes - empty) } }, SIMPLE).kind;
    };
    expect(sized(8_192)).to.equal('simple');
    expect(sized(8_193)).to.equal('invalid');
  });

  it('may hold anything', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(V1, V2, SIMPLE), (payload, format) => {
        expect(readAnswer(payload, format, 8_192).kind).to.be.oneOf(['policy', 'simple', 'invalid']);
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (Statement) => {
        const result = read({ principalId: 'u', policyDocument: { Statement } });
        expect(result.kind).to.be.oneOf(['policy', 'invalid']);
      }),
    );
  });
});
