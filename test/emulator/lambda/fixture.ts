import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLambda, type Lambda, type LambdaOptions } from '../../../emulator/lambda/create-lambda.ts';
import { systemClock } from '../../../emulator/stack/clock.ts';
import type { LogEntry } from '../../../emulator/stack/log.ts';
import type { LambdaFunction } from '../../../emulator/stack/stack.ts';

const leftovers: (() => unknown)[] = [];

/** Ends every Lambda of the test and deletes its files; for `afterEach`. */
export async function stopAll(): Promise<void> {
  for (const stop of leftovers.splice(0).reverse()) await stop();
}

export interface TestLambda extends Lambda {
  readonly log: readonly LogEntry[];
  readonly fn: LambdaFunction;
  /** Invokes with a value, and gives back what the handler returned, or the whole result if that went wrong. */
  call(event?: unknown, fn?: LambdaFunction): Promise<unknown>;
}

interface Given extends Partial<LambdaOptions> {
  /** Changes to the function. */
  readonly fn?: Partial<LambdaFunction>;
  /** Further files of its code folder. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A function made of the body of `app.cjs`, in a code folder of its own that goes with `stopAll`. */
export function createFunction(
  source: string,
  { fn: changes, files }: Pick<Given, 'fn' | 'files'> = {},
): LambdaFunction {
  const codeFolder = mkdtempSync(join(tmpdir(), 'postern-lambda-'));
  leftovers.push(() => rmSync(codeFolder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries({ 'app.cjs': source, ...files })) {
    mkdirSync(dirname(join(codeFolder, name)), { recursive: true });
    writeFileSync(join(codeFolder, name), text);
  }
  const name = changes?.name ?? 'shop-dev-app';
  return {
    logicalId: 'App',
    name,
    arn: `arn:aws:lambda:eu-central-1:123456789012:function:${name}`,
    codeFolder,
    handler: 'app.handler',
    runtime: 'nodejs22.x',
    timeoutMs: 3_000,
    memoryMb: 256,
    environment: {},
    role: { arn: 'arn:aws:iam::123456789012:role/app' },
    ...changes,
  };
}

/** One function, as a Lambda of its own, with what `options.functions` adds. */
export function startFunction(
  source: string,
  { fn: changes, files, functions = [], ...options }: Given = {},
): TestLambda {
  const fn = createFunction(source, { ...(changes && { fn: changes }), ...(files && { files }) });
  const log: LogEntry[] = [];
  const lambda = createLambda({
    functions: [fn, ...functions],
    region: 'eu-central-1',
    clock: systemClock,
    log: (entry) => log.push(entry),
    ...options,
  });
  leftovers.push(() => lambda.stop());
  return {
    ...lambda,
    fn,
    log,
    async call(event = {}, { arn } = fn) {
      const result = await lambda.invoke(arn, JSON.stringify(event));
      return result.kind === 'returned' ? JSON.parse(result.payload) : result;
    },
  };
}
