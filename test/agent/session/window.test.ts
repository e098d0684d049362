import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { createWindow } from '../../../agent/session/window.ts';

describe('window', () => {
  /** What has settled so far, once everything that could has. */
  async function settled(...waits: Promise<unknown>[]): Promise<string[]> {
    const found = waits.map(() => 'waits');
    for (const [at, wait] of waits.entries()) {
      wait.then(
        () => (found[at] = 'reached'),
        () => (found[at] = 'failed'),
      );
    }
    await new Promise(setImmediate);
    return found;
  }

  it('lets through what is granted, and the rest when more is', async () => {
    const window = createWindow(10);
    const { signal } = new AbortController();
    expect(await settled(window.reached(10, signal))).to.deep.equal(['reached']);
    const later = window.reached(21, signal);
    expect(await settled(later)).to.deep.equal(['waits']);
    window.grant(20);
    expect(await settled(later)).to.deep.equal(['waits']);
    window.grant(21);
    expect(await settled(later)).to.deep.equal(['reached']);
  });

  it('takes nothing back: a credit that comes late says nothing', async () => {
    const window = createWindow(10);
    window.grant(30);
    window.grant(20);
    expect(await settled(window.reached(30, new AbortController().signal))).to.deep.equal(['reached']);
  });

  it('is no window where nothing bounds it', async () => {
    const window = createWindow(Number.POSITIVE_INFINITY);
    expect(await settled(window.reached(1e15, new AbortController().signal))).to.deep.equal(['reached']);
  });

  it('ends the waiting when it is aborted, before or meanwhile', async () => {
    const controller = new AbortController();
    const window = createWindow(1);
    const before = window.reached(2, controller.signal);
    controller.abort();
    const after = window.reached(2, controller.signal);
    expect(await settled(before, after)).to.deep.equal(['failed', 'failed']);
    expect(await settled(window.reached(1, controller.signal)), 'needs no waiting').to.deep.equal(['reached']);
  });

  it('leaves nothing behind at the signal, however often it waits', async () => {
    const { signal } = new AbortController();
    const window = createWindow(0);
    for (let bytes = 2; bytes <= 40; bytes += 2) {
      const wait = window.reached(bytes, signal);
      expect(getEventListeners(signal, 'abort')).to.have.length(1);
      window.grant(bytes - 1);
      expect(await settled(wait)).to.deep.equal(['waits']);
      window.grant(bytes);
      await wait;
    }
    expect(getEventListeners(signal, 'abort')).to.have.length(0);
  });
});
