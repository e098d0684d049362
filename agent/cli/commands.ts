import { parseUpstream, type UpstreamAddress } from '../proxy/upstream-address.ts';
import { type CommandRequest, parseArguments, type Request } from './arguments.ts';
import type { CliContext } from './context.ts';
import { EXIT, type ExitCode, type Failure, isFailure, printFailure, usageFailure } from './failure.ts';
import { readSettings, type Settings } from './settings.ts';
import { usageText } from './usage.ts';
import { version } from './version.ts';

/** Does what the command line says. Each command is loaded only when asked for: a quick start is worth the words. */
export async function main(context: CliContext): Promise<ExitCode> {
  const result = await dispatch(parseArguments(context.argv), context);
  if (!isFailure(result)) return result;
  printFailure(result, context);
  return result.exit;
}

async function dispatch(request: Request | Failure, context: CliContext): Promise<ExitCode | Failure> {
  if (isFailure(request)) return request;
  switch (request.command) {
    case 'help':
      context.stdout.write(usageText(version()));
      return EXIT.done;
    case 'version':
      context.stdout.write(`postern ${version()}\n`);
      return EXIT.done;
    case 'token': {
      const { runToken } = await import('./token.ts');
      return runToken(request.operands[0], request.options.json === true, context.stdout);
    }
    case 'tunnel': {
      const asked = readTunnelRequest(request, context);
      if (isFailure(asked)) return asked;
      const { upstream, settings } = asked;
      if (!upstream) return usageFailure('The upstream is missing.', 'Say where it listens, like: postern 3000');
      const { openTunnel } = await import('./tunnel.ts');
      return openTunnel(context, upstream, settings);
    }
    case 'up': {
      const { runUp } = await import('./up.ts');
      return runUp(context, request.operands, request.options);
    }
    case 'ids': {
      const { runIds } = await import('./ids.ts');
      return runIds(context, request.operands, request.options);
    }
    case 'config': {
      if (request.operands[0] !== 'validate') {
        return usageFailure('config wants to know what to do.', 'There is: postern config validate');
      }
      const { checkConfig } = await import('./config-check.ts');
      return checkConfig(context, request.options);
    }
    case 'cost': {
      const { runCost } = await import('./cost.ts');
      return runCost(context, request.options);
    }
    case 'emulator': {
      const { runEmulator } = await import('./emulator.ts');
      return runEmulator(context, request.options);
    }
    case 'dev': {
      if (request.options.endpoint !== undefined) {
        return usageFailure(
          '--endpoint says nothing to dev, which runs an edge of its own.',
          'For another edge: postern 3000 --endpoint …',
        );
      }
      const asked = readTunnelRequest(request, context);
      if (isFailure(asked)) return asked;
      const { runDev } = await import('./dev.ts');
      const { once, latency } = request.options;
      return runDev(context, asked.upstream, { settings: asked.settings, once: once === true, latency });
    }
  }
}

interface TunnelRequest {
  readonly upstream: UpstreamAddress | undefined;
  readonly settings: Settings;
}

function readTunnelRequest(request: CommandRequest, context: CliContext): TunnelRequest | Failure {
  const settings = readSettings(request.options, context.env);
  if (isFailure(settings)) return settings;
  const [operand] = request.operands;
  if (operand === undefined) return { upstream: undefined, settings };
  const parsed = parseUpstream(operand);
  if (parsed.kind === 'address') return { upstream: parsed.address, settings };
  // A single word is more likely a command that there is not.
  if (/^[a-z]+$/i.test(operand)) {
    return usageFailure(
      `There is no command ${operand}.`,
      'Commands are dev, up, ids, config, emulator, cost and token: postern --help',
    );
  }
  return usageFailure(`${parsed.problem}.`, 'Give a port, host:port or http(s)://host:port, like: postern 3000');
}
