import type { ProbeEntry } from '../probe/src/instruction.ts';
import type { Target } from '../target.ts';

/**
 * A probe that was deployed to a real account (`cd test/conformance/probe && npx sls deploy`), by what that printed.
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
  const since = Date.now();
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
      const lines = (await response.text()).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as ProbeEntry);
    },
    functionName: (key) => `postern-probe-dev-${key}`,
    stop: async () => {},
  };
}
