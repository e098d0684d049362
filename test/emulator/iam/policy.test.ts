import { expect } from 'chai';
import fc from 'fast-check';
import { judgeByPolicies } from '../../../emulator/iam/policy.ts';
import { denial, isAllowed } from '../../../emulator/iam/signature.ts';
import type { PolicyStatement } from '../../../emulator/stack/stack.ts';
import { wildcardMatches } from '../../../emulator/stack/wildcard.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:123456789012:table/things';
const allow = (actions: string[], resources: string[]): PolicyStatement => ({ effect: 'Allow', actions, resources });
const deny = (actions: string[], resources: string[]): PolicyStatement => ({ effect: 'Deny', actions, resources });

describe('judgeByPolicies', () => {
  it('wants a statement that allows, and none that denies', () => {
    const read = allow(['dynamodb:GetItem', 'dynamodb:Batch*'], [TABLE]);
    expect(judgeByPolicies([], 'dynamodb:GetItem', TABLE)).to.equal('not-allowed');
    expect(judgeByPolicies([read], 'dynamodb:GetItem', TABLE)).to.equal('allowed');
    expect(judgeByPolicies([read], 'dynamodb:BatchGetItem', TABLE)).to.equal('allowed');
    expect(judgeByPolicies([read], 'dynamodb:PutItem', TABLE)).to.equal('not-allowed');
    expect(judgeByPolicies([read], 'dynamodb:GetItem', `${TABLE}/index/by-colour`)).to.equal('not-allowed');
    expect(judgeByPolicies([read, deny(['*'], ['*'])], 'dynamodb:GetItem', TABLE)).to.equal('denied');
    expect(judgeByPolicies([deny(['dynamodb:Delete*'], ['*']), read], 'dynamodb:GetItem', TABLE)).to.equal('allowed');
  });

  it('takes actions in any case, and resources as they are', () => {
    expect(judgeByPolicies([allow(['DynamoDB:getitem'], ['*'])], 'dynamodb:GetItem', TABLE)).to.equal('allowed');
    expect(judgeByPolicies([allow(['*'], [TABLE.toUpperCase()])], 'dynamodb:GetItem', TABLE)).to.equal('not-allowed');
  });

  it('is never widened by a denial, nor narrowed by an allowance', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', ':'), maxLength: 4 });
    const list = fc.array(pattern, { maxLength: 3 });
    const effect = fc.constantFrom<PolicyStatement['effect']>('Allow', 'Deny');
    const statement = fc.record({ effect, actions: list, resources: list });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', ':'), maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 5 }),
        list,
        list,
        text,
        text,
        (statements, actions, resources, action, arn) => {
          const before = judgeByPolicies(statements, action, arn);
          if (judgeByPolicies([...statements, deny(actions, resources)], action, arn) === 'allowed')
            expect(before).to.equal('allowed');
          if (before === 'allowed')
            expect(judgeByPolicies([...statements, allow(actions, resources)], action, arn)).to.equal('allowed');
          if (before === 'denied') expect(judgeByPolicies([...statements].reverse(), action, arn)).to.equal('denied');
        },
      ),
    );
  });
});

describe('wildcardMatches', () => {
  it('agrees with the regular expression that means the same', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.', '$'), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '$', '\n'), maxLength: 10 });
    fc.assert(
      fc.property(pattern, text, (wanted, given) => {
        const source = wanted.replace(/[.$]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
        expect(wildcardMatches(wanted, given)).to.equal(new RegExp(`^${source}$`, 's').test(given));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes no longer for many stars', () => {
    expect(wildcardMatches(`${'*a'.repeat(500)}b`, 'a'.repeat(5_000))).to.equal(false);
  });
});

describe('denial', () => {
  const arn = 'arn:aws:sts::123456789012:assumed-role/worker-role/worker';

  it('says what AWS says, for what nobody allows and for what somebody denies', () => {
    const sentence = `User: ${arn} is not authorized to perform: dynamodb:PutItem on resource: ${TABLE} `;
    const nobody = { arn, statements: [allow(['dynamodb:GetItem'], ['*'])] };
    expect(denial(nobody, 'dynamodb:PutItem', TABLE)).to.equal(
      `${sentence}because no identity-based policy allows the dynamodb:PutItem action`,
    );
    const somebody = { arn, statements: [allow(['*'], ['*']), deny(['dynamodb:Put*'], [TABLE])] };
    expect(denial(somebody, 'dynamodb:PutItem', TABLE)).to.equal(
      `${sentence}with an explicit deny in an identity-based policy`,
    );
  });

  it('is for those whose policies are known', () => {
    expect(isAllowed({ arn }, 'dynamodb:PutItem', TABLE)).to.equal(true);
    expect(isAllowed({ arn, statements: [] }, 'dynamodb:PutItem', TABLE)).to.equal(false);
  });
});
