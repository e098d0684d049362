import { expect } from 'chai';
import { decodeAgentMessage, decodeEdgeMessage, encode } from '../../src/protocol/codec.ts';
import type { AgentMessage, EdgeMessage } from '../../src/protocol/messages.ts';
import { fixture, fixturesIn } from '../support/fixtures.ts';
import { plain } from '../support/plain.ts';

/** One key a message, so that a new one does not compile here, and then fails below, until it has a golden file. */
const AGENT_TYPES: Record<AgentMessage['type'], true> = {
  ready: true,
  ping: true,
  pong: true,
  http_response: true,
  response_part: true,
  error: true,
  accepted: true,
  credit: true,
  leave: true,
  ids: true,
  reply_ready: true,
};
const EDGE_TYPES: Record<EdgeMessage['type'], true> = {
  connection_established: true,
  ping: true,
  pong: true,
  http_request: true,
  request_part: true,
  error: true,
  refused: true,
  url_updated: true,
  cancel: true,
  credit: true,
  again: true,
  left: true,
  ids_result: true,
  ids_refused: true,
  reply_connection: true,
  proof: true,
};

const DIRECTIONS = [
  { sender: 'agent', decode: decodeAgentMessage, types: AGENT_TYPES },
  { sender: 'edge', decode: decodeEdgeMessage, types: EDGE_TYPES },
] as const;

for (const { sender, decode, types } of DIRECTIONS) {
  describe(`messages of the ${sender}, as fixtures/wire has them`, () => {
    const golden = ['v1', 'v2'].flatMap((version) =>
      fixturesIn(`wire/${version}/${sender}`).map(({ name, value }) => ({ name: `${version} ${name}`, value })),
    );

    it('has a golden file for every type', () => {
      expect(new Set(golden.map(({ value }) => value.type))).to.deep.equal(new Set(Object.keys(types)));
    });

    for (const { name, value } of golden) {
      it(`${name} is decoded, and encoded again to the same JSON`, () => {
        const message = decode(JSON.stringify(value));
        if (message.type === 'malformed' || message.type === 'unknown') {
          return expect.fail(`${name} is not understood: ${JSON.stringify(message)}`);
        }
        expect(message.type).to.equal(value.type);
        expect(JSON.parse(encode(message))).to.deep.equal(value);
      });

      it(`${name} means the same with a field that nobody knows`, () => {
        const extended = { invented_later: { at: [1, null] }, ...value };
        expect(plain(decode(JSON.stringify(extended)))).to.deep.equal(plain(decode(JSON.stringify(value))));
      });
    }

    interface Refused {
      readonly name: string;
      readonly field: string;
      readonly message: unknown;
    }
    for (const { name, field, message } of fixture<Refused[]>(`wire/refused/${sender}.json`)) {
      it(`refuses ${name}, naming ${field || 'the whole'}`, () => {
        expect(decode(JSON.stringify(message))).to.include({ type: 'malformed', field });
      });
    }

    it('passes over types it does not know', () => {
      expect(decode('{"type":"invented_later","body":null}')).to.deep.equal({
        type: 'unknown',
        name: 'invented_later',
      });
    });

    it('refuses what is no JSON object', () => {
      for (const text of ['', 'ready', '{"type":"ready"', 'null', '"ready"', '[]', '7']) {
        expect(decode(text), text).to.include({ type: 'malformed', field: '' });
      }
    });
  });
}

describe('messages that only one side sends', () => {
  it('are unknown when they come from the other', () => {
    expect(decodeEdgeMessage('{"type":"ready"}')).to.deep.equal({ type: 'unknown', name: 'ready' });
    expect(decodeAgentMessage('{"type":"cancel","request_id":"r"}')).to.deep.equal({ type: 'unknown', name: 'cancel' });
  });
});

describe('version 1 defaults', () => {
  it('are an empty body and no processing time', () => {
    const message = decodeAgentMessage('{"type":"http_response","request_id":"r","status_code":204,"headers":{}}');
    expect(plain(message)).to.include({ body: '', processingTimeMs: 0, more: false });
  });

  it('are version 1 for a peer that announces a version nobody has', () => {
    expect(decodeAgentMessage('{"type":"ready","protocol":3}')).to.deep.equal({ type: 'ready' });
  });
});

describe('names that JavaScript takes for its own', () => {
  const names = '{"__proto__":["a","b"],"constructor":["c"],"toString":["d"]}';

  it('are headers like any other', () => {
    const text = `{"type":"http_response","request_id":"r","status_code":200,"headers":${names},"body":""}`;
    const message = decodeAgentMessage(text);
    if (message.type !== 'http_response') return expect.fail(message.type);
    expect(message.headers).to.deep.equal([
      ['__proto__', 'a'],
      ['__proto__', 'b'],
      ['constructor', 'c'],
      ['toString', 'd'],
    ]);
    expect(encode(message)).to.include(`"headers":${names}`);
  });

  it('are neither fields nor types', () => {
    expect(decodeAgentMessage('{"__proto__":{"type":"ping"}}')).to.include({ type: 'malformed', field: 'type' });
    expect(decodeAgentMessage('{"type":"__proto__"}')).to.deep.equal({ type: 'unknown', name: '__proto__' });
    expect(Object.hasOwn(Object.prototype, 'type')).to.equal(false);
  });
});
