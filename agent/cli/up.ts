import { setMaxListeners } from 'node:events';
import type { Report } from '../session/events.ts';
import { type ConfigFile, loadConfig } from './config-file.ts';
import type { ConfiguredTunnel } from './config-tunnels.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode, type Failure, isFailure, usageFailure } from './failure.ts';
import { LABEL_COLOURS, labelled } from './labelled-output.ts';
import { nearestWord } from './nearest-word.ts';
import { createReport } from './report.ts';
import type { RawOptions } from './settings.ts';
import { keepHeapSmall } from './small-heap.ts';
import { loadKey, runTunnel } from './tunnel.ts';

/**
 * The command `postern up`: the tunnels of the configuration file, each with a session of its own, in this one process.
 * One that ends for good leaves the others be.
 * @param names those to open; all when there is none
 * @returns 0 when all were stopped, else the code of the first that failed, once all have ended
 */
export async function runUp(
  context: CliContext,
  names: readonly string[],
  options: RawOptions,
): Promise<ExitCode | Failure> {
  const config = loadConfig(options, context.env);
  if (isFailure(config)) return config;
  const tunnels = choose(config, names);
  if (isFailure(tunnels)) return tunnels;
  const { env, stop, kill } = context;
  const agentKey = loadKey(env, createReport({ json: options.json === true, detail: 'normal' }, context));
  // Each tunnel listens, and Node takes more than ten listeners for a leak.
  setMaxListeners(0, stop, kill);
  let firstFailure: ExitCode = EXIT.done;
  await Promise.all(
    tunnels.map(async (tunnel, index) => {
      const report = tunnelReport(tunnel, { context, index, width: widthOf(tunnels) });
      const { upstream, settings } = tunnel;
      const onOnline = keepHeapSmall;
      const exit = await runTunnel({ upstream, settings, env, report, stop, kill, agentKey, onOnline });
      if (firstFailure === EXIT.done) firstFailure = exit;
    }),
  );
  return firstFailure;
}

/** In the order of the file, each once, whatever the order of the names. */
function choose({ file, tunnels }: ConfigFile, names: readonly string[]): readonly ConfiguredTunnel[] | Failure {
  const known = tunnels.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names.length === 0 ? tunnels : tunnels.filter(({ name }) => names.includes(name));
  const near = nearestWord(unknown, known);
  return usageFailure(
    `There is no tunnel ${unknown} in ${file}.`,
    `${near ? `Did you mean ${near}? ` : ''}Its tunnels are: ${known.join(', ')}.`,
  );
}

function widthOf(tunnels: readonly ConfiguredTunnel[]): number {
  return Math.max(...tunnels.map(({ name }) => name.length));
}

interface Position {
  readonly context: CliContext;
  /** Which of the tunnels it is, for its colour. */
  readonly index: number;
  readonly width: number;
}

/** Programs get the tunnel's name in each event, people before each line. */
function tunnelReport({ name, settings }: ConfiguredTunnel, { context, index, width }: Position): Report {
  if (settings.json) return createReport(settings, context, { tunnel: name });
  const colour = LABEL_COLOURS[index % LABEL_COLOURS.length] ?? 'cyan';
  return createReport(settings, labelled(context, { label: name.padEnd(width), colour }));
}
