import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import {
  createStack,
  openClient,
  startTestGateway,
  stopAll,
  type TestGateway,
  until,
  webSocketApi,
} from '../fixture.ts';

const CONNECTIONS = 1_000;
const MESSAGES = 10_000;
const PATIENCE_MS = 15_000;
/** Generous: a leak of a kilobyte a message, or ten a connection, would be as much. */
const MOST_GROWTH_BYTES = 10 * 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Opens, talks on and closes so many connections, in waves, and forgets what the test itself remembers of them. */
async function round(test: TestGateway, connections: number, messages: number): Promise<void> {
  const { control } = test.gateway;
  const clients = [];
  for (let opened = 0; opened < connections; opened += 100) {
    const wave = Math.min(100, connections - opened);
    clients.push(...(await Promise.all(Array.from({ length: wave }, () => openClient(test.websocket)))));
  }
  expect(control.connections()).to.have.length(connections);
  for (let sent = 0; sent < messages; sent++) clients[sent % connections]?.socket.send(`{"action":"x","n":${sent}}`);
  await until(() => test.invoker.events.length === connections + messages, PATIENCE_MS);
  for (const { socket } of clients) socket.close();
  await Promise.all(clients.map(({ closed }) => closed));
  await until(() => test.invoker.events.length === 2 * connections + messages, PATIENCE_MS);
  expect(control.connections()).to.deep.equal([]);
  expect(test.clock.pending()).to.equal(0);
  test.invoker.events.length = 0;
  test.log.length = 0;
}

async function heapBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

describe('a thousand open connections and ten thousand messages', () => {
  afterEach(stopAll);

  it('leave nothing behind after they close', async () => {
    const stack = createStack({ webSocketApi: webSocketApi({ $connect: 'c', $disconnect: 'x', $default: 'd' }) });
    const quotas = { connectsPerSecond: CONNECTIONS * 2, requestBurst: MESSAGES * 2 };
    const test = await startTestGateway(stack, { c: () => ({ statusCode: 200 }) }, { quotas });
    await round(test, 100, 1_000);
    const before = await heapBytes();
    await round(test, CONNECTIONS, MESSAGES);
    const growth = (await heapBytes()) - before;
    expect(growth, `${Math.round(growth / 1024)} KB`).to.be.lessThan(MOST_GROWTH_BYTES);
  }).timeout(60_000);
});
