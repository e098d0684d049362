import { expect } from 'chai';
import type { HttpApiEventV2 } from '../../src/adapters/http-api-event.ts';
import { handler } from '../../src/handlers/forward.ts';
import { fixture } from '../support/fixtures.ts';

const context = { getRemainingTimeInMillis: () => 29_000 };

describe('the forward function', () => {
  it('refuses an event of the WebSocket API, though its route key is $default too (WS-39)', async () => {
    const event = fixture<HttpApiEventV2>('events/websocket-message.aws.json');
    const error = await handler(event, context).catch((thrown: Error) => thrown);
    expect(error).to.have.property('message', 'this function serves HTTP APIs; the event is websocket');
  });
});
