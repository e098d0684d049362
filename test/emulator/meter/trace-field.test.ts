import { expect } from 'chai';
import { createTraceField } from '../../../emulator/meter/trace-field.ts';

describe('the field that ties messages together', () => {
  const read = createTraceField('request_id');

  for (const [what, message, value] of [
    ['a text', '{"type":"x","request_id":"abc-1"}', 'abc-1'],
    ['spaces', '{ "request_id" : "abc-1" }', 'abc-1'],
    ['behind a body', `{"body":"${'A'.repeat(100_000)}","request_id":"abc-1"}`, 'abc-1'],
    ['the name as a value first', '{"ask":"request_id","request_id":"abc-1"}', 'abc-1'],
    ['a list of that name first', '{"headers":{"request_id":["no"]},"request_id":"abc-1"}', 'abc-1'],
    ['a number', '{"request_id":7}', undefined],
    ['null', '{"request_id":null}', undefined],
    ['nothing', '{"request_id":""}', undefined],
    ['an escape', '{"request_id":"a\\"b"}', undefined],
    ['the name within a text', '{"body":"\\"request_id\\":\\"no\\""}', undefined],
    ['too long', `{"request_id":"${'a'.repeat(257)}"}`, undefined],
    ['no JSON', 'request_id', undefined],
  ] as const) {
    it(`is read: ${what}`, () => {
      expect(read(message)).to.equal(value);
      expect(read(Buffer.from(message)), 'as bytes').to.equal(value);
    });
  }

  it('is found by a name of any characters', () => {
    expect(createTraceField('näme')('{"näme":"wert"}')).to.equal('wert');
    expect(createTraceField('näme')(Buffer.from('{"näme":"wért"}'))).to.equal('wért');
  });

  it('is none where no name is given', () => {
    expect(createTraceField(undefined)('{"undefined":"x","":"y"}')).to.equal(undefined);
    expect(createTraceField('')('{"":"y"}')).to.equal(undefined);
  });
});
