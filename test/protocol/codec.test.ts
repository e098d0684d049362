import { expect } from 'chai';
import fc from 'fast-check';
import { decodeAgentMessage, decodeEdgeMessage, encode } from '../../src/protocol/codec.ts';
import { plain } from '../support/plain.ts';
import { agentMessage, edgeMessage } from './arbitraries.ts';

describe('the codec', () => {
  it('gives back every message an agent can say', () => {
    fc.assert(
      fc.property(agentMessage, (message) => {
        expect(plain(decodeAgentMessage(encode(message)))).to.deep.equal(plain(message));
      }),
    );
  });

  it('gives back every message an edge can say', () => {
    fc.assert(
      fc.property(edgeMessage, (message) => {
        expect(plain(decodeEdgeMessage(encode(message)))).to.deep.equal(plain(message));
      }),
    );
  });

  it('never throws, whatever the text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), agentMessage.map(encode).chain(mutilated));
    fc.assert(
      fc.property(text, (input) => {
        expect(decodeAgentMessage(input).type).to.be.a('string');
        expect(decodeEdgeMessage(input).type).to.be.a('string');
      }),
    );
  });

  it('keeps the order of the values of one name, wherever they stood', () => {
    const headers = [
      ['b', '1'],
      ['a', 'x'],
      ['b', '2'],
    ] as const;
    const text = encode({
      type: 'http_response',
      requestId: 'r',
      status: 200,
      headers,
      body: new Uint8Array(0),
      processingTimeMs: 0,
      more: false,
    });
    expect(JSON.parse(text).headers).to.deep.equal({ b: ['1', '2'], a: ['x'] });
  });

  it('encodes the bytes of a view, not those around it', () => {
    const around = Uint8Array.from([9, 9, 1, 2, 9]);
    const text = encode({ type: 'request_part', requestId: 'r', part: 1, body: around.subarray(2, 4) });
    expect(JSON.parse(text).body).to.equal('AQI=');
  });
});

/** The same JSON with one value replaced by another kind of value. */
function mutilated(text: string): fc.Arbitrary<string> {
  const fields = Object.entries(JSON.parse(text));
  return fc
    .tuple(fc.nat({ max: fields.length - 1 }), fc.jsonValue())
    .map(([at, other]) =>
      JSON.stringify(Object.fromEntries(fields.map(([name, value], index) => [name, index === at ? other : value]))),
    );
}
