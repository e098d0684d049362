import { expect } from 'chai';
import { createBounds } from '../../../emulator/template/bounds.ts';
import {
  DEPLOYED_ONLY,
  evaluateCondition,
  NO_VALUE,
  resolve,
  resolveKnown,
  type Scope,
} from '../../../emulator/template/intrinsics.ts';
import { Unresolvable } from '../../../emulator/template/unresolvable.ts';

const names: Record<string, unknown> = { Name: 'blue', List: ['a', 'b'], 'AWS::NoValue': NO_VALUE, Count: 3 };
const scope: Scope = {
  ...createBounds(),
  languageExtensions: false,
  ref: (name) => (Object.hasOwn(names, name) ? names[name] : undefined),
  attribute: (logicalId, attribute) => (logicalId === 'Api' ? `${logicalId}/${attribute}` : undefined),
  mapping: (map, key, second) => (`${map}.${key}.${second}` === 'Sizes.dev.memory' ? 128 : undefined),
  condition: (name) => ({ Yes: true, No: false })[name],
};

const resolved = (value: unknown) => resolve(value, scope, 'Fn.Properties.X');

describe('intrinsics', () => {
  const cases: [what: string, value: unknown, expected: unknown][] = [
    ['plain values', { a: [1, 'two', true, null] }, { a: [1, 'two', true, null] }],
    ['Ref', { Ref: 'Name' }, 'blue'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Api', 'Arn'] }, 'Api/Arn'],
    ['Fn::GetAtt as a string, with a nested attribute', { 'Fn::GetAtt': 'Api.Outputs.Url' }, 'Api/Outputs.Url'],
    ['Fn::Sub', { 'Fn::Sub': '${Name}-${Count}: ${Api.Arn}' }, 'blue-3: Api/Arn'],
    [
      'Fn::Sub with variables, which go first',
      { 'Fn::Sub': ['${Name}/${v}', { Name: 'red', v: { Ref: 'Name' } }] },
      'red/blue',
    ],
    ['Fn::Sub with a literal ${!x}', { 'Fn::Sub': '${!Name} ${Name}' }, '${Name} blue'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Name' }, 1]] }, 'a-blue-1'],
    ['Fn::Join of a list that is itself resolved', { 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b'],
    ['Fn::Split and Fn::Select', { 'Fn::Select': ['1', { 'Fn::Split': ['/', 'x/y/z'] }] }, 'y'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', 'dev', 'memory'] }, 128],
    ['Fn::Base64', { 'Fn::Base64': { Ref: 'Name' } }, 'Ymx1ZQ=='],
    ['Fn::If', { 'Fn::If': ['Yes', { Ref: 'Name' }, 'other'] }, 'blue'],
    ['Fn::If on the other side', { 'Fn::If': ['No', { Ref: 'Nowhere' }, 'other'] }, 'other'],
    ['AWS::NoValue, which takes the property away', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['Fn::FindInMap by keys that are resolved', { 'Fn::FindInMap': ['Sizes', { 'Fn::Sub': 'dev' }, 'memory'] }, 128],
    ['a Fn::Sub that has braces of its own', { 'Fn::Sub': '{"a": {"b": "${Name}"}}' }, '{"a": {"b": "blue"}}'],
    ['AWS::NoValue in a list', ['a', { 'Fn::If': ['No', 'b', { Ref: 'AWS::NoValue' }] }], ['a']],
  ];
  for (const [what, value, expected] of cases) {
    it(`resolves ${what}`, () => {
      expect(resolved(value)).to.deep.equal(expected);
    });
  }

  it('knows the functions of AWS::LanguageExtensions where the template asks for it', () => {
    const extended: Scope = { ...scope, languageExtensions: true };
    const value = {
      length: { 'Fn::Length': { Ref: 'List' } },
      json: { 'Fn::ToJsonString': { a: [{ Ref: 'Name' }] } },
      map: { 'Fn::FindInMap': ['Sizes', 'prod', 'memory', { DefaultValue: { Ref: 'Count' } }] },
    };
    expect(resolve(value, extended, 'X')).to.deep.equal({ length: 2, json: '{"a":["blue"]}', map: 3 });
  });

  it('leaves a mark where only a deployment knows the value, and still reports what is wrong', () => {
    const known = (value: unknown) => resolveKnown(value, scope, 'X');
    const imported = { 'Fn::ImportValue': 'other' };
    const joined = { 'Fn::Join': ['/', [imported, 'a']] };
    expect(known({ a: imported, b: [joined, { Ref: 'Name' }], c: '{{resolve:ssm:/key}}' })).to.deep.equal({
      a: DEPLOYED_ONLY,
      b: [DEPLOYED_ONLY, 'blue'],
      c: DEPLOYED_ONLY,
    });
    expect(() => known({ 'Fn::Join': ['/', [imported, { Ref: 'Nowhere' }]] })).to.throw(Unresolvable, /Nowhere/);
  });

  it('evaluates conditions', () => {
    const holds = (value: unknown) => evaluateCondition(value, scope, 'Conditions.C');
    expect(holds({ 'Fn::Equals': [{ Ref: 'Name' }, 'blue'] })).to.equal(true);
    expect(holds({ 'Fn::Equals': [{ Ref: 'Count' }, '3'] }), 'numbers compare as text').to.equal(true);
    expect(holds({ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] })).to.equal(false);
    expect(holds({ 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] })).to.equal(true);
    expect(holds({ 'Fn::Not': [{ Condition: 'No' }] })).to.equal(true);
  });

  const failures: [what: string, value: unknown, path: string, reason: RegExp][] = [
    ['a Ref to nothing', { a: [{ Ref: 'Nowhere' }] }, 'Fn.Properties.X.a[0]', /Ref Nowhere names no/],
    ['an unknown attribute', { 'Fn::GetAtt': ['Other', 'Nope'] }, 'Fn.Properties.X', /Other\.Nope is not an attribute/],
    ['a Fn::Sub of nothing', { 'Fn::Sub': 'a ${Nowhere}' }, 'Fn.Properties.X', /\$\{Nowhere\}/],
    ['Fn::ImportValue', { 'Fn::ImportValue': 'other-stack-url' }, 'Fn.Properties.X', /ImportValue "other-stack-url"/],
    ['a function beside other keys', { 'Fn::Sub': 'a', b: 1 }, 'Fn.Properties.X', /Fn::Sub cannot stand beside/],
    ['Fn::GetAZs', { 'Fn::GetAZs': '' }, 'Fn.Properties.X', /known only when deployed/],
    ['a loop', { 'Fn::ForEach::Names': ['x', ['a'], {}] }, 'Fn.Properties.X', /Fn::ForEach::Names is not supported/],
    ['a macro', { 'Fn::Transform': { Name: 'AWS::Include' } }, 'Fn.Properties.X', /macros are expanded only/],
    ['an extension nobody asked for', { 'Fn::Length': [1] }, 'Fn.Properties.X', /needs the template's Transform/],
    ['a name that every object has', { 'Fn::Sub': '${constructor}' }, 'Fn.Properties.X', /\$\{constructor\} names no/],
    ['an unknown function', { 'Fn::Cidr': [] }, 'Fn.Properties.X', /Fn::Cidr is not supported/],
    ['a dynamic reference', '{{resolve:ssm:/key:1}}', 'Fn.Properties.X', /known only when deployed/],
    ['an unknown condition', { 'Fn::If': ['Maybe', 1, 2] }, 'Fn.Properties.X', /no condition Maybe/],
    ['an index past the end', { 'Fn::Select': [9, ['a']] }, 'Fn.Properties.X', /no item 9/],
    ['a list where a string belongs', { 'Fn::Sub': '${List}' }, 'Fn.Properties.X', /needs a string/],
  ];
  for (const [what, value, path, reason] of failures) {
    it(`names the place of ${what}`, () => {
      expect(() => resolved(value))
        .to.throw(Unresolvable, reason)
        .with.nested.property('faults[0].path', path);
    });
  }
});
