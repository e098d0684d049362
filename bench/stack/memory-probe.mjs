/**
 * Loaded into a process before its program (`node --expose-gc --import …`): tells its parent how much memory it has, when
 * asked, and ends it when the parent is gone.
 */
process.on('message', ({ id, ask, collect }) => {
  if (ask !== 'memory') return;
  if (collect) globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send?.({ id, answer: { rss, heapUsed } });
});
process.once('disconnect', () => process.exit());
// The program ends when it has nothing left to do, as it would alone.
process.channel?.unref();
