import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { CredentialStore } from '../iam/credentials.ts';
import type { Clock } from '../stack/clock.ts';
import type { Log } from '../stack/log.ts';
import type { LambdaFunction } from '../stack/stack.ts';
import { type Environment, startEnvironment } from './environment.ts';
import { functionVariables } from './function-variables.ts';
import { type ColdStart, startingSlowly } from './slow-start.ts';
import type { NetworkSetup } from './worker/messages.ts';
import { workerCode } from './worker-code.ts';

export interface StarterOptions {
  readonly region: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Variables laid over every function's own. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What each function signs with; without it all functions get the same, which nobody checks. */
  readonly credentials?: CredentialStore;
  /** False lets an environment's timers and sockets go on between events, unlike AWS (LA-02). */
  readonly freeze?: boolean;
  /** What a start takes, drawn for each; without it what it takes on this machine. */
  readonly drawColdStart?: () => ColdStart;
}

/** Packages installed here stand for those of Lambda's runtime. */
const SDK_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * How one function's environments are made.
 * @param network asked for as late as the first environment
 * @throws when `credentials` does not know the function
 */
export function createEnvironmentStarter(
  fn: LambdaFunction,
  network: () => Promise<NetworkSetup>,
  { clock, log, region, environment = {}, credentials, freeze = true, drawColdStart }: StarterOptions,
): (initLimitMs: number) => Promise<Environment> {
  const signsWith = credentials?.ofFunction(fn);
  return async (initLimitMs) => {
    const [code, routes] = await Promise.all([workerCode(), network()]);
    const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const logs = { group: `/aws/lambda/${fn.name}`, stream: `${day}/[$LATEST]${randomBytes(16).toString('hex')}` };
    const started = startEnvironment({
      code,
      clock,
      freeze,
      initLimitMs,
      variables: functionVariables(fn, region, logs, environment, signsWith),
      setup: {
        codeFolder: fn.codeFolder,
        handler: fn.handler,
        runtime: fn.runtime,
        functionName: fn.name,
        functionArn: fn.arn,
        memoryMb: fn.memoryMb,
        logGroupName: logs.group,
        logStreamName: logs.stream,
        network: routes,
        sdkFolder: SDK_FOLDER,
      },
      onPrinted: (level, message) => log({ level, source: fn.name, message }),
      onNoted: (behaviour, text) =>
        log({ level: 'warn', source: 'lambda', message: `the function ${fn.name} ${text}`, behaviour }),
      onLost: (reason) =>
        log({ level: 'error', source: fn.name, message: `ended between two events: ${reason}`, behaviour: 'LA-07' }),
    });
    return drawColdStart === undefined ? started : startingSlowly(started, drawColdStart(), clock);
  };
}
