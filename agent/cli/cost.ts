import { billOf, priceOf, timesUsage } from '../../src/prices.ts';
import type { CliContext } from './context.ts';
import { estimate } from './cost-estimate.ts';
import { readLoad } from './cost-load.ts';
import { askMeter, DEFAULT_EMULATOR, type Metered, monthOfMetered } from './cost-metered.ts';
import { BASIS, billTable, dollars, estimateText } from './cost-report.ts';
import { estimateStory } from './cost-story.ts';
import { EXIT, type ExitCode, type Failure, isFailure, usageFailure } from './failure.ts';
import { formatMs } from './format.ts';
import type { RawOptions } from './settings.ts';

/** What describes a load, and says nothing where one was metered. */
const LOAD_OPTIONS = [
  'requestsPerDay',
  'requestBytes',
  'responseBytes',
  'compressible',
  'upstreamMs',
  'agents',
  'rendezvous',
  'door',
];

/** The command `postern cost`: what a month costs, for a load that is described or for what a running emulator has metered. */
export async function runCost(context: CliContext, options: RawOptions): Promise<ExitCode | Failure> {
  return options.metered === true ? tellMetered(context, options) : tellEstimate(context, options);
}

function tellEstimate({ stdout }: CliContext, options: RawOptions): ExitCode | Failure {
  for (const name of ['reset', 'emulator']) {
    if (options[name] !== undefined)
      return usageFailure(`--${name} is about what was metered.`, 'Say --metered as well.');
  }
  const load = readLoad(options);
  if (isFailure(load)) return load;
  const [ours, story] = [estimate(load), estimateStory(load)];
  if (options.json !== true) {
    stdout.write(estimateText(load, ours, story));
    return EXIT.done;
  }
  const told = {
    load,
    request: { usage: ours.request, microDollars: priceOf(ours.request) },
    month: { usage: ours.month, bill: billOf(ours.month), microDollars: priceOf(ours.month) },
    story: { request: { microDollars: priceOf(story.request) }, month: { microDollars: priceOf(story.month) } },
  };
  stdout.write(`${JSON.stringify({ event: 'cost', at: Date.now(), ...told })}\n`);
  return EXIT.done;
}

async function tellMetered({ stdout, stop }: CliContext, options: RawOptions): Promise<ExitCode | Failure> {
  const described = LOAD_OPTIONS.filter((name) => options[name] !== undefined);
  if (described.length > 0) {
    return usageFailure('--metered and a described load exclude each other.', 'Leave one of them out.');
  }
  const { emulator = DEFAULT_EMULATOR } = options;
  if (typeof emulator !== 'string')
    return usageFailure('--emulator wants one URL.', `Like: --emulator ${DEFAULT_EMULATOR}`);
  const metered = await askMeter(emulator, options.reset === true, stop);
  if (isFailure(metered)) return metered;
  stdout.write(options.json === true ? meteredJson(metered) : meteredText(metered));
  return EXIT.done;
}

function meteredJson(metered: Metered): string {
  const month = monthOfMetered(metered);
  const { ms, requests, usage } = metered;
  const told = {
    ms,
    requests,
    metered: { usage, bill: billOf(usage), microDollars: priceOf(usage) },
    month: { usage: month, bill: billOf(month), microDollars: priceOf(month) },
  };
  return `${JSON.stringify({ event: 'cost', at: Date.now(), ...told })}\n`;
}

function meteredText(metered: Metered): string {
  const { ms, requests, usage } = metered;
  const each =
    requests === 0
      ? ''
      : `, ${priceOf(timesUsage(usage, 1 / requests)).toFixed(2)} µ$ each with all that was there besides`;
  return (
    `Metered in ${formatMs(ms)}: ${requests} request${requests === 1 ? '' : 's'}, ${dollars(priceOf(usage))} $${each}\n\n` +
    `A month that goes on like that:\n${billTable(monthOfMetered(metered))}${BASIS}`
  );
}
