import type { ProbeEntry } from '../probe/src/instruction.ts';
import type { Target } from '../target.ts';

/** What the clocks of this machine and of AWS may differ by. Records that are older are of other tests, by their tags. */
const CLOCKS_MS = 60_000;

/**
 * A probe that was deployed to a real account, by what that printed: README.md of the suite has every variable.
 * Credentials are the usual variables. Costs cents; never run in CI.
 * @throws when a variable is missing
 */
export function awsTarget(env: NodeJS.ProcessEnv): Target {
  const need = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set: deploy test/conformance/probe and copy it from what that prints`);
    return value;
  };
  const websocket = need('CONFORMANCE_WS_URL');
  const http = need('CONFORMANCE_HTTP_URL').replace(/\/$/, '');
  const region = env.AWS_REGION ?? 'us-east-1';
  const since = Date.now() - CLOCKS_MS;
  return {
    name: 'aws',
    websocket,
    http,
    management: env.CONFORMANCE_MANAGEMENT_URL ?? websocket.replace(/^wss:/, 'https:'),
    lambda: `https://lambda.${region}.amazonaws.com`,
    dynamodb: `https://dynamodb.${region}.amazonaws.com`,
    ...(env.CONFORMANCE_FUNCTION_URL && { functionUrl: env.CONFORMANCE_FUNCTION_URL.replace(/\/$/, '') }),
    region,
    credentials: {
      accessKeyId: need('AWS_ACCESS_KEY_ID'),
      secretAccessKey: need('AWS_SECRET_ACCESS_KEY'),
      ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
    },
    idleMs: 600_000,
    lifeMs: 7_200_000,
    async entries() {
      // By the named stage: one variant has no other that `http` leads to.
      const response = await fetch(`${http}/named/records?since=${since}`);
      if (!response.ok)
        throw new Error(`the probe's records cannot be read: ${response.status} ${await response.text()}`);
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as ProbeEntry);
    },
    functionName: (key) => `postern-probe-dev-${key}`,
    stop: async () => {},
  };
}
