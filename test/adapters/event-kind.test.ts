import { expect } from 'chai';
import type { EventKind } from '../../src/adapters/event-kind.ts';
import { eventKind } from '../../src/adapters/event-kind.ts';
import { fixture, fixturesIn } from '../support/fixtures.ts';

/** The beginning of a file's name says what it holds. */
const KINDS: Readonly<Record<string, EventKind>> = {
  'http-1.0': 'http-1.0',
  'http-2.0': 'http-2.0',
  'websocket-': 'websocket',
};

describe('eventKind (WS-39, HA-04, HA-18)', () => {
  for (const { name, value } of fixturesIn('events')) {
    const kind = Object.entries(KINDS).find(([beginning]) => name.startsWith(beginning))?.[1];

    it(`takes ${name} for ${kind}`, () => {
      expect(kind).to.be.a('string');
      expect(eventKind(value)).to.equal(kind);
    });

    it(`takes ${name} for ${kind} whatever its route keys say`, () => {
      const requestContext = { ...(value.requestContext as object), routeKey: '$default' };
      expect(eventKind({ ...value, routeKey: '$default', requestContext })).to.equal(kind);
    });
  }

  it("tells the story's two $default events apart (its bug 6)", () => {
    const web = fixture('events/http-2.0.aws.json');
    const socket = fixture('events/websocket-message.aws.json');
    expect(web.requestContext).to.have.property('routeKey', '$default');
    expect(socket.requestContext).to.have.property('routeKey', '$default');
    expect(eventKind(web)).to.not.equal(eventKind(socket));
  });

  it('knows nothing else', () => {
    const others = [
      undefined,
      null,
      'event',
      [],
      {},
      { requestContext: null },
      { requestContext: [] },
      { httpMethod: 'GET' },
      { requestContext: { http: 'GET', routeKey: '$default' } },
      { requestContext: { connectionId: 'AbC=', routeKey: '$default' } },
      { Records: [{ eventSource: 'aws:sqs' }] },
      { source: 'aws.events', 'detail-type': 'Scheduled Event' },
    ];
    for (const other of others) expect(eventKind(other), JSON.stringify(other)).to.equal('unknown');
  });
});
