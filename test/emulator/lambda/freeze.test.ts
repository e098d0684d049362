import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { startFunction, stopAll } from './fixture.ts';

/** Long enough for a worker that is not frozen to do a lot; nothing is waited for but that nothing happens. */
const A_WHILE_MS = 150;

describe('the freeze between events (LA-02)', () => {
  const leftovers: (() => unknown)[] = [];
  afterEach(async () => {
    await stopAll();
    for (const end of leftovers.splice(0)) end();
  });

  const COUNTING = `
    let ticks = 0;
    setInterval(() => ticks++, 1);
    exports.handler = async () => ticks;`;

  it('holds timers still, from the loading of the handler on', async () => {
    const { call, prepare } = startFunction(COUNTING);
    await prepare();
    const seen: unknown[] = [];
    for (let event = 1; event <= 3; event++) {
      await pause(A_WHILE_MS);
      seen.push(await call());
    }
    for (const [at, ticks] of seen.entries()) expect(ticks, `event ${at + 1}`).to.be.below(10);
  });

  it('can be turned off', async () => {
    const { call } = startFunction(COUNTING, { freeze: false });
    await call();
    await pause(A_WHILE_MS);
    expect(await call()).to.be.above(10);
  });

  it('lets what is overdue happen with the next event', async () => {
    const { call } = startFunction(`
      const done = [];
      exports.handler = async ({ wait = 0, start }) => {
        if (start) setTimeout(() => done.push(start), 20);
        await new Promise((resolve) => setTimeout(resolve, wait));
        return done;
      };`);
    expect(await call({ start: 'a' })).to.deep.equal([]);
    await pause(A_WHILE_MS);
    // Its time went by during the freeze, so it need not run its 20 ms again.
    expect(await call({ wait: 5 })).to.deep.equal(['a']);
  });

  it('keeps a request that nobody awaits from leaving until the next event', async () => {
    let arrived = 0;
    const server = createServer((_request, response) => {
      arrived++;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    leftovers.push(
      () => server.close(),
      () => server.closeAllConnections(),
    );
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`;
    const { call } = startFunction(`
      let sent;
      exports.handler = async ({ send }) => {
        if (send) sent = fetch('${url}').then(({ status }) => status);
        else return sent;
      };`);
    await call({ send: true });
    await pause(A_WHILE_MS);
    expect(arrived, 'while it is frozen').to.equal(0);
    expect(await call()).to.equal(200);
    expect(arrived).to.equal(1);
  });

  it('leaves a kept connection whose other side has closed to be found out with the next event', async () => {
    const peers: Socket[] = [];
    const server = createTcpServer((peer) => peers.push(peer.on('error', () => {}).resume())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    leftovers.push(() => server.close());
    const { call } = startFunction(`
      const net = require('net');
      let socket, closed = false;
      exports.handler = async ({ open }) => {
        if (open) {
          socket = net.connect(${(server.address() as AddressInfo).port}, '127.0.0.1').on('close', () => { closed = true });
          await new Promise((resolve) => socket.once('connect', resolve));
        } else if (!closed) await new Promise((resolve) => socket.once('close', resolve));
        return closed;
      };`);
    expect(await call({ open: true })).to.equal(false);
    for (const peer of peers) peer.destroy();
    await pause(A_WHILE_MS);
    expect(await call()).to.equal(true);
  });

  it('uses no processor time, whatever the function left running', async () => {
    const { call } = startFunction(
      'exports.handler = async () => { setImmediate(function again() { setImmediate(again) }) };',
    );
    await call();
    const before = process.cpuUsage();
    await pause(A_WHILE_MS);
    const { user } = process.cpuUsage(before);
    expect(user / 1_000, 'milliseconds').to.be.below(A_WHILE_MS / 3);
  });

  it('has the result and everything printed leave before', async () => {
    const { call, log } = startFunction(
      "exports.handler = async () => { console.log('one'); process.stdout.write('two'); return 'three' };",
    );
    expect(await call()).to.equal('three');
    const lines = log.map(({ message }) => message.replace(/^.*\t/, '').replace(/ .*/, ''));
    expect(lines.slice(0, 4)).to.deep.equal(['START', 'one', 'two', 'END']);
  });

  it('prints what comes late while the next event is under way', async () => {
    const { call, log } = startFunction(`
      exports.handler = async ({ late }) => {
        if (late) setTimeout(() => console.log('late'), 10);
        else await new Promise((resolve) => setTimeout(resolve, 5));
      };`);
    await call({ late: true });
    await pause(20);
    expect(log.some(({ message }) => message.endsWith('\tlate'))).to.equal(false);
    await call();
    const words = log.map(({ message }) => /^(START|END)|late$/.exec(message)?.[0]).filter((word) => word);
    expect(words).to.deep.equal(['START', 'END', 'START', 'late', 'END']);
  });

  it('fails the next event for an error that nobody caught, and the present one where it comes at once', async () => {
    const { call } = startFunction(`
      exports.handler = async ({ after }) => {
        if (after === 0) Promise.reject(new Error('at once'));
        if (after > 0) setTimeout(() => { throw new TypeError('late') }, after);
        else await new Promise((resolve) => setTimeout(resolve, 50));
        return 'fine';
      };`);
    expect(await call({ after: 20 })).to.equal('fine');
    await pause(30);
    expect(await call({}), 'the next').to.include({ errorType: 'TypeError', errorMessage: 'late' });
    expect(await call({ after: 0 })).to.include({ errorType: 'Runtime.UnhandledPromiseRejection' });
  });

  it('does not keep an environment from ending', async () => {
    const { call, stop } = startFunction('let n = 0; exports.handler = async () => ++n;', { idleMs: 20 });
    expect(await call()).to.equal(1);
    await pause(60);
    expect(await call(), 'after the idle one was ended').to.equal(1);
    const stopping = performance.now();
    await stop();
    expect(performance.now() - stopping).to.be.below(2_000);
  });
});
