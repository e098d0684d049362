import { expect } from 'chai';
import type { WebSocketEvent } from '../../src/adapters/websocket-event.ts';
import { disconnectReason, headerOf } from '../../src/adapters/websocket-event.ts';
import { fixture } from '../support/fixtures.ts';

function event(name: string): WebSocketEvent {
  return fixture<WebSocketEvent>(`events/${name}.json`);
}

describe('headerOf', () => {
  it('finds a header in either spelling (WS-12)', () => {
    const token = 'Bearer pst_4Jm2vQ8xTn0sYb6Kd1Lc9W';
    expect(headerOf(event('websocket-connect.aws'), 'authorization')).to.equal(token);
    expect(headerOf(event('websocket-connect-with-query.aws'), 'authorization')).to.equal(token);
  });

  it('finds nothing in a MESSAGE, which has no headers (WS-37)', () => {
    expect(headerOf(event('websocket-message.aws'), 'host')).to.equal(undefined);
  });

  it("finds nothing in the story's CONNECT, which leaves them out", () => {
    expect(headerOf(event('websocket-connect.story'), 'authorization')).to.equal(undefined);
  });
});

describe('disconnectReason', () => {
  function reason(code?: number, text?: string): string {
    const { requestContext } = event('websocket-disconnect.aws');
    const { disconnectStatusCode: _, disconnectReason: __, ...rest } = requestContext;
    return disconnectReason({
      requestContext: {
        ...rest,
        ...(code !== undefined && { disconnectStatusCode: code }),
        ...(text !== undefined && { disconnectReason: text }),
      },
    });
  }

  it('is code and text (WS-61)', () => {
    expect(disconnectReason(event('websocket-disconnect.aws'))).to.equal('1001 Going away');
  });

  it('is the code alone where there is no text (WS-62)', () => expect(reason(1001, '')).to.equal('1001'));

  it('is 1005 where the event says nothing', () => expect(reason()).to.equal('1005'));
});
