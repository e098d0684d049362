import { fileURLToPath } from 'node:url';
import { startEmulator } from '../../../emulator/emulator.ts';
import { DEVELOPER_CREDENTIALS } from '../../../emulator/iam/credentials.ts';
import { packageService } from '../../../emulator/packaging/package-service.ts';
import { readPackagedService } from '../../../emulator/template/packaged-service.ts';
import { startRecorder } from '../recorder.ts';
import type { Setting, Target } from '../target.ts';

const PROBE = fileURLToPath(new URL('../probe', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../.postern/probe', import.meta.url));

/** Our emulator, running what `sls package` makes of the probe. */
export async function startEmulatorTarget({ variant, emulator: settings = {} }: Setting): Promise<Target> {
  const packaged = await packageService({
    service: PROBE,
    stage: 'dev',
    cache: CACHE,
    kept: 20,
    environment: { ...process.env, POSTERN_PROBE_VARIANT: variant, POSTERN_PROBE_HOST: 'aws' },
  });
  if (packaged.kind === 'failed') throw new Error(`the probe does not compile:\n${packaged.output}`);
  const { stack } = readPackagedService(packaged.folder, `${packaged.folder}/code`);
  const recorder = await startRecorder();
  const emulator = await startEmulator(stack, {
    ports: { http: 0, websocket: 0, lambda: 0, dynamodb: 0, functionUrl: 0 },
    seed: 1,
    ...settings,
    environment: { RECORDER_URL: recorder.url },
  });
  const { http = '', websocket = '', management = '', lambda, dynamodb, functions } = emulator.urls;
  const functionName = (key: string) => `postern-probe-dev-${key}`;
  const functionUrl = functions?.[functionName('url')];
  const quotas = { idleMs: 600_000, lifeMs: 7_200_000, ...(settings.quotas as object) };
  return {
    name: 'emulator',
    websocket,
    http,
    management,
    lambda,
    ...(dynamodb && { dynamodb }),
    ...(functionUrl && { functionUrl }),
    region: 'us-east-1',
    credentials: DEVELOPER_CREDENTIALS,
    idleMs: quotas.idleMs,
    lifeMs: quotas.lifeMs,
    entries: async () => recorder.entries,
    functionName,
    async stop() {
      await emulator.stop();
      await recorder.stop();
    },
  };
}
