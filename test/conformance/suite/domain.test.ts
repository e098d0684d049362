import { PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
import { expect } from 'chai';
import { inSetting } from '../behaviour.ts';
import { shakeHands } from '../raw-handshake.ts';
import type { Target } from '../target.ts';
import { refusalOf, watchedClient } from '../watched-client.ts';

const HOST = 'ws.probe.example';

inSetting('domain', (behaviour) => {
  behaviour('WS-21', async (target) => {
    const { connectionId, event, end } = await connect(target);
    end();
    expect(connectionId).to.be.a('string');
    expect(event.requestContext).to.include({ domainName: HOST, stage: 'dev' });

    const withStage = await shakeHands(target, { path: '/dev', headers: { Host: HOST } });
    withStage.end();
    expect(withStage.status).not.to.equal(101);
  });

  behaviour('MG-16', async (target) => {
    const { connectionId: ConnectionId, frame, end } = await connect(target);
    const { origin } = new URL(target.management);
    const command = new PostToConnectionCommand({ ConnectionId, Data: 'by the domain' });
    await watchedClient(target, { endpoint: origin, host: HOST }).client.send(command);
    expect(String((await frame()).payload)).to.equal('by the domain');

    const withStage = watchedClient(target, { endpoint: `${origin}/dev`, host: HOST }).client;
    const { message } = await refusalOf(withStage.send(command));
    expect(message).to.match(/^No method found matching route dev\/@connections\/\S+ for http method POST/);
    end();
  });
});

async function connect(target: Target) {
  const shake = await shakeHands(target, { path: '/', headers: { Host: HOST } });
  expect(shake.status).to.equal(101);
  const { event } = await shake.record();
  const { connectionId } = event.requestContext as { connectionId: string };
  return { connectionId, event, frame: shake.frame, end: shake.end };
}
