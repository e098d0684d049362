import { expect } from 'chai';
import { rememberTunnels } from '../../src/tunnel/recent-tunnels.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { createMemoryStores } from '../support/memory-stores.ts';

function tunnel(tunnelId: string, version = 1) {
  return { tunnelId, owner: 'subject:ada', sessions: {}, balance: 'spread' as const, version };
}

describe('rememberTunnels', () => {
  async function start() {
    const clock = createFakeClock();
    const stores = createMemoryStores();
    await stores.tunnels.write(tunnel('blue-harbour'));
    return { clock, stores, recent: rememberTunnels(stores.tunnels, clock) };
  }

  it('recalls what it read for five seconds, and nothing it has not read', async () => {
    const { clock, recent } = await start();
    expect(recent.recall('blue-harbour')).to.equal(undefined);
    await recent.read('blue-harbour');
    await clock.sleep(4_999);
    expect(recent.recall('blue-harbour')).to.include({ version: 1 });
    await clock.sleep(1);
    expect(recent.recall('blue-harbour')).to.equal(undefined);
  });

  it('always reads when it is told to read, and remembers that instead', async () => {
    const { stores, recent } = await start();
    await recent.read('blue-harbour');
    await stores.tunnels.write(tunnel('blue-harbour', 2));
    expect(recent.recall('blue-harbour')).to.include({ version: 1 });
    expect(await recent.read('blue-harbour')).to.include({ version: 2 });
    expect(recent.recall('blue-harbour')).to.include({ version: 2 });
  });

  it('forgets what it writes, what it is told to, and what is not there', async () => {
    const { recent } = await start();
    await recent.read('blue-harbour');
    await recent.write(tunnel('blue-harbour', 2));
    expect(recent.recall('blue-harbour')).to.equal(undefined);
    await recent.read('blue-harbour');
    recent.forget('blue-harbour');
    expect(recent.recall('blue-harbour')).to.equal(undefined);
    await recent.read('never-there');
    expect(recent.recall('never-there')).to.equal(undefined);
  });

  it('remembers a thousand, those of the last moment', async () => {
    const { stores, recent } = await start();
    for (let at = 0; at < 1_001; at += 1) {
      await stores.tunnels.write(tunnel(`tunnel-${at}`));
      await recent.read(`tunnel-${at}`);
    }
    expect(recent.recall('tunnel-0')).to.equal(undefined);
    expect(recent.recall('tunnel-1')).to.not.equal(undefined);
    expect(recent.recall('tunnel-1000')).to.not.equal(undefined);
  });
});
