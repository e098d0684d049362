import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { managementClient, noteOf, openClient, tag, within } from '../ask.ts';
import { inSetting } from '../behaviour.ts';
import { refusalOf, watchedClient } from '../watched-client.ts';

const UNKNOWN_ID = 'R0oXAdfD0kwCH6w=';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const MOST_BYTES = 131_072;

inSetting('default', (behaviour) => {
  behaviour('MG-01', async (target) => {
    const connection = await openClient(target);
    const { stage } = connection.connect.event.requestContext as { stage: string };
    const { origin } = new URL(target.management);
    const { client, calls } = watchedClient(target, { endpoint: `${origin}/${stage}` });
    const ConnectionId = connection.connectionId;
    await client.send(new PostToConnectionCommand({ ConnectionId, Data: 'sent' }));
    expect(await connection.message()).to.equal('sent');
    await client.send(new GetConnectionCommand({ ConnectionId }));
    await client.send(new DeleteConnectionCommand({ ConnectionId }));
    await within(connection.closed, 'the connection stayed open');

    const path = `/${stage}/@connections/${ConnectionId.replace('=', '%3D')}`;
    expect(calls.map((call) => [call.method, call.path])).to.deep.equal([
      ['POST', path],
      ['GET', path],
      ['DELETE', path],
    ]);
  });

  behaviour('MG-02', async (target) => {
    const { connectionId, socket } = await openClient(target);
    const { client, calls } = watchedClient(target, { endpoint: new URL(target.management).origin });
    const refusal = await refusalOf(
      client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: 'x' })),
    );

    expect(refusal).to.include({ name: 'ForbiddenException', status: 403 });
    expect(calls[0]?.body).to.equal('{"message":"Forbidden"}');
    socket.terminate();
  });

  behaviour('MG-03', async (target) => {
    const { connectionId, socket } = await openClient(target);
    const url = `${target.management}/@connections/${encodeURIComponent(connectionId)}`;
    for (const method of ['POST', 'GET', 'DELETE']) {
      const response = await fetch(url, { method, ...(method === 'POST' && { body: 'unsigned' }) });
      expect(await response.text(), method).to.equal('{"message":"Missing Authentication Token"}');
      expect(response.status).to.equal(403);
      expect(response.headers.get('x-amzn-errortype')).to.equal('MissingAuthenticationTokenException');
    }
    socket.terminate();
  });

  behaviour('MG-03', async (target) => {
    const { connectionId: ConnectionId, socket } = await openClient(target);
    const { accessKeyId } = target.credentials;
    const wrong = {
      'another secret': { credentials: { ...target.credentials, secretAccessKey: 'x'.repeat(40) } },
      'an unknown key': { credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) } },
      'another region': { region: target.region === 'eu-west-1' ? 'eu-west-2' : 'eu-west-1' },
    };
    for (const [what, options] of Object.entries(wrong)) {
      const { client } = watchedClient(target, options);
      const refusal = await refusalOf(client.send(new PostToConnectionCommand({ ConnectionId, Data: accessKeyId })));
      expect(refusal.status, what).to.equal(403);
    }
    await managementClient(target).send(new PostToConnectionCommand({ ConnectionId, Data: 'rightly signed' }));
    socket.terminate();
  });

  behaviour('MG-04', async (target) => {
    const connection = await openClient(target);
    const wanted = tag();
    connection.ask('powerless', { tag: wanted, post: { to: 'self', data: 'not allowed' } });
    const { about, name, status } = await noteOf(target, wanted);
    expect({ about, name, status }).to.deep.equal({ about: 'post', name: 'ForbiddenException', status: 403 });

    connection.ask(undefined, { post: { to: 'self', data: 'allowed' } });
    expect(await connection.message()).to.equal('allowed');
    connection.socket.terminate();
  });

  behaviour('MG-05', async (target) => {
    const wanted = tag();
    const connection = await openClient(target, {
      instruction: { tag: wanted, post: { to: 'self', data: 'too early' } },
    });
    const { about, status } = await noteOf(target, wanted);
    expect({ about, status }).to.deep.equal({ about: 'post', status: 410 });

    // After the 101 it may.
    connection.ask(undefined, { post: { to: 'self', data: 'in time' } });
    expect(await connection.message()).to.equal('in time');
    connection.socket.terminate();
  });

  behaviour('MG-06', async (target) => {
    const { client, calls } = watchedClient(target);
    const command = new PostToConnectionCommand({ ConnectionId: UNKNOWN_ID, Data: 'nobody is there' });
    const refusal = await refusalOf(client.send(command));

    expect(refusal).to.include({ name: 'GoneException', status: 410 });
    expect(calls[0]?.headers).to.include({ 'x-amzn-errortype': 'GoneException' });
    expect(calls[0]?.body).to.equal('');
  });

  behaviour('MG-07', async (target) => {
    const management = managementClient(target);
    const commands = (ConnectionId: string) => [
      new PostToConnectionCommand({ ConnectionId, Data: 'x' }),
      new GetConnectionCommand({ ConnectionId }),
      new DeleteConnectionCommand({ ConnectionId }),
    ];
    const sending = (command: ReturnType<typeof commands>[number]) =>
      refusalOf(management.send(command as GetConnectionCommand));
    for (const command of commands(UNKNOWN_ID)) expect((await sending(command)).status).to.equal(410);
    for (const id of ['malformed', '00000000-0000-4000-8000-000000000000']) {
      for (const command of commands(id)) {
        const refusal = await sending(command);
        expect(refusal).to.include({ name: 'BadRequestException', status: 400 });
        expect(refusal.message).to.match(new RegExp(`^Invalid connectionId: ${id}`));
      }
    }
  });

  behaviour('MG-08', async (target) => {
    const connection = await openClient(target);
    const { client, calls } = watchedClient(target);
    await client.send(new PostToConnectionCommand({ ConnectionId: connection.connectionId, Data: 'sent' }));

    expect(calls.map(({ status, body }) => ({ status, body }))).to.deep.equal([{ status: 200, body: '' }]);
    expect(await connection.message()).to.equal('sent');
    connection.socket.terminate();
  });

  behaviour('MG-09', async (target) => {
    const connection = await openClient(target, { headers: { 'User-Agent': 'probe/1' } });
    const { client, calls } = watchedClient(target);
    const command = new GetConnectionCommand({ ConnectionId: connection.connectionId });
    const told = await client.send(command);

    const { connectedAt, identity } = connection.connect.event.requestContext as {
      connectedAt: number;
      identity: { sourceIp: string };
    };
    expect(calls[0]?.status).to.equal(200);
    const body = JSON.parse(calls[0]?.body ?? '') as Record<string, string>;
    expect(body).to.have.all.keys('connectedAt', 'identity', 'lastActiveAt');
    expect(body.connectedAt).to.match(ISO);
    expect(body.lastActiveAt).to.match(ISO);
    expect(body.identity).to.deep.equal({ sourceIp: identity.sourceIp, userAgent: 'probe/1' });
    expect(Number(told.ConnectedAt) - connectedAt).to.be.within(-1_000, 1_000);
    expect(told.Identity).to.deep.equal({ SourceIp: identity.sourceIp, UserAgent: 'probe/1' });
    expect(Number(told.LastActiveAt)).to.be.at.least(Number(told.ConnectedAt) - 1_000);
    connection.socket.terminate();
  });

  behaviour('MG-10', async (target) => {
    const connection = await openClient(target);
    const { client, calls } = watchedClient(target);
    const ConnectionId = connection.connectionId;
    await client.send(new DeleteConnectionCommand({ ConnectionId }));
    await within(connection.closed, 'the connection stayed open');

    const later = [
      await refusalOf(client.send(new PostToConnectionCommand({ ConnectionId, Data: 'x' }))),
      await refusalOf(client.send(new DeleteConnectionCommand({ ConnectionId }))),
    ];
    expect(calls[0]).to.include({ status: 204, body: '' });
    expect(later.map(({ status }) => status)).to.deep.equal([410, 410]);
  });

  behaviour('MG-11', async (target) => {
    const connection = await openClient(target);
    const ConnectionId = connection.connectionId;
    const management = managementClient(target);
    const whole = 'x'.repeat(MOST_BYTES);
    await management.send(new PostToConnectionCommand({ ConnectionId, Data: whole }));
    expect((await connection.message()) === whole, 'the most that is allowed arrives').to.equal(true);

    const refusal = await refusalOf(management.send(new PostToConnectionCommand({ ConnectionId, Data: `${whole}x` })));
    expect(refusal).to.include({ name: 'PayloadTooLargeException', status: 413 });
    expect(refusal.message).to.match(/\w/).and.not.equal('UnknownError');
    connection.socket.terminate();
  });

  behaviour('MG-15', async (target) => {
    const connection = await openClient(target);
    const isText = new Promise<boolean>((resolve) =>
      connection.socket.once('message', (_, binary) => resolve(!binary)),
    );
    const Data = Buffer.from('bytes, which are é');
    await managementClient(target).send(new PostToConnectionCommand({ ConnectionId: connection.connectionId, Data }));

    expect(await connection.message()).to.equal('bytes, which are é');
    expect(await isText).to.equal(true);
    connection.socket.terminate();
  });

  behaviour('MG-18', async (target) => {
    const connection = await openClient(target);
    const management = managementClient(target);
    await management.send(new PostToConnectionCommand({ ConnectionId: connection.connectionId, Data: 'at once' }));

    expect(await connection.message()).to.equal('at once');
    connection.socket.terminate();
  });
});
