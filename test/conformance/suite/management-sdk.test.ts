import { GetConnectionCommand, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { openClient, recordOf, tag } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { expectFrame } from '../expect-frame.ts';
import { refusalOf, watchedClient } from '../watched-client.ts';

const UNKNOWN_ID = 'R0oXAdfD0kwCH6w=';
/** The SDK's own number of attempts. */
const AS_IT_IS = { maxAttempts: undefined };

inSetting('default', (behaviour) => {
  behaviour('MG-13', async (target) => {
    const connection = await openClient(target);
    const { origin } = new URL(target.management);
    const post = (ConnectionId: string, Data = 'x') => new PostToConnectionCommand({ ConnectionId, Data });
    const cases = [
      { status: 400, name: 'BadRequestException', command: post('malformed'), options: AS_IT_IS },
      {
        status: 403,
        name: 'ForbiddenException',
        command: post(UNKNOWN_ID),
        options: { ...AS_IT_IS, endpoint: origin },
      },
      { status: 410, name: 'GoneException', command: post(UNKNOWN_ID), options: AS_IT_IS },
      {
        status: 413,
        name: 'PayloadTooLargeException',
        command: post(connection.connectionId, 'x'.repeat(131_073)),
        options: AS_IT_IS,
      },
    ];
    for (const { status, name, command, options } of cases) {
      const { client, calls } = watchedClient(target, options);
      const refusal = await refusalOf(client.send(command));
      expect(refusal).to.include({ status, name, attempts: 1 });
      expect(calls).to.have.length(1);
    }
    connection.socket.terminate();
  });

  // `brief` has a second; the SDK, which takes wss: for plain HTTP, would wait for ever.
  behaviour('MG-14', async (target) => {
    const connection = await openClient(target);
    const wanted = tag();
    const startedAt = Date.now();
    connection.ask('brief', { tag: wanted, post: { to: 'self', data: 'never', scheme: 'wss' } });

    expectFrame(await connection.message(), 'Internal server error', connection.connectionId);
    expect(Date.now() - startedAt).to.be.at.least(950);
    await recordOf(target, (record) => record.tag === wanted);
    const notes = (await target.entries()).filter((entry) => entry.kind === 'note' && entry.tag === wanted);
    expect(notes, 'what came of the post').to.deep.equal([]);
    connection.socket.terminate();
  });

  behaviour('MG-14', async (target) => {
    const connection = await openClient(target);
    const wanted = tag();
    connection.ask(undefined, { tag: wanted, post: { to: 'self', data: 'with https' } });

    expect(await connection.message()).to.equal('with https');
    connection.socket.terminate();
  });
});

inSetting('posts-throttled', (behaviour) => {
  behaviour('MG-13', async (target) => {
    const connection = await openClient(target);
    const { client, calls } = watchedClient(target, AS_IT_IS);
    const refusal = await refusalOf(client.send(new GetConnectionCommand({ ConnectionId: connection.connectionId })));

    expect(refusal).to.include({ name: 'LimitExceededException', status: 429, attempts: 3 });
    expect(calls.map(({ status }) => status)).to.deep.equal([429, 429, 429]);
    connection.socket.terminate();
  });
});

inSetting('posts-repeated', (behaviour) => {
  behaviour('MG-13', async (target) => {
    const connection = await openClient(target);
    const { client, calls } = watchedClient(target, AS_IT_IS);
    const command = new PostToConnectionCommand({ ConnectionId: connection.connectionId, Data: 'delivered' });
    const refusal = await refusalOf(client.send(command));

    expect(refusal).to.include({ status: 500, attempts: 3 });
    expect(calls.map(({ status }) => status)).to.deep.equal([500, 500, 500]);
    const received = [await connection.message(), await connection.message(), await connection.message()];
    expect(received, 'once an attempt').to.deep.equal(['delivered', 'delivered', 'delivered']);
    connection.socket.terminate();
  });
});
