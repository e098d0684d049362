/** One option: how cac reads it and how the help shows it. */
export interface Flag {
  readonly name: string;
  readonly text: string;
}

const EDGE_FLAGS: readonly Flag[] = [
  { name: '--endpoint <url>', text: 'the edge (POSTERN_ENDPOINT, else ws://localhost:4001/dev)' },
  { name: '--token <token>', text: 'who you are to the edge (POSTERN_TOKEN)' },
];

/** What `postern` and `postern dev` understand alike. */
export const TUNNEL_FLAGS: readonly Flag[] = [
  ...EDGE_FLAGS,
  { name: '--tunnel-id <id>', text: 'the tunnel id to ask for (POSTERN_TUNNEL_ID, else a random one)' },
  {
    name: '--host-header <mode>',
    text: 'host for the upstream: preserve the visitor’s (default), rewrite, or a value',
  },
  {
    name: '--balance <mode>',
    text: 'several agents on one id: spread requests (default), sticky by visitor, or failover to the first',
  },
  { name: '--connect-timeout <time>', text: 'give up when not online by then (10s)' },
  { name: '--request-timeout <time>', text: 'how long the upstream may be silent (25s)' },
  { name: '--json', text: 'one JSON object a line: online, request, reconnecting, offline, error; dev also check' },
  { name: '--verbose', text: 'queries, too, and what was passed over' },
  { name: '--quiet', text: 'no line for each request' },
];

const LATENCY: Flag = { name: '--latency <profile>', text: 'delays as in the cloud: aws, or none (default)' };

export const DEV_FLAGS: readonly Flag[] = [{ name: '--once', text: 'end after the self-check' }, LATENCY];

export const IDS_FLAGS: readonly Flag[] = [
  ...EDGE_FLAGS,
  { name: '--connect-timeout <time>', text: 'give up when not answered by then (10s)' },
  { name: '--json', text: 'one JSON object' },
];

const CONFIG_FILE: Flag = { name: '--config <file>', text: 'the file that names the tunnels (postern.yml)' };

export const UP_FLAGS: readonly Flag[] = [
  CONFIG_FILE,
  { name: '--json', text: 'one JSON object a line, each with its tunnel’s name' },
  { name: '--verbose', text: 'queries, too, and what was passed over' },
  { name: '--quiet', text: 'no line for each request' },
];

export const CONFIG_FLAGS: readonly Flag[] = [CONFIG_FILE, { name: '--json', text: 'one JSON object' }];

export const EMULATOR_FLAGS: readonly Flag[] = [
  { name: '--template <path>', text: 'a compiled CloudFormation template, or what `sls package` left (.serverless)' },
  { name: '--stack-name <name>', text: 'CloudFormation’s name of the stack, where the path does not tell' },
  { name: '--region <region>', text: 'the region to be in, where the path does not tell (us-east-1)' },
  { name: '--parameter <name=value>', text: 'a parameter of the template; may be given often' },
  LATENCY,
  { name: '--set <name=value>', text: 'a setting of emulator/SETTINGS.md; may be given often' },
  { name: '--json', text: 'one JSON object a line: ready, log, error' },
  { name: '--verbose', text: 'every invocation, too' },
];

export const COST_FLAGS: readonly Flag[] = [
  { name: '--requests-per-day <n>', text: 'of visitors (10000)' },
  { name: '--request-bytes <n>', text: 'of a request’s body (500)' },
  { name: '--response-bytes <n>', text: 'of an answer’s body (4096)' },
  { name: '--compressible', text: 'bodies are text that is not compressed yet' },
  { name: '--upstream-ms <n>', text: 'how long the upstream takes (50)' },
  { name: '--agents <n>', text: 'connected all day (1)' },
  { name: '--rendezvous <way>', text: 'push (default) or poll' },
  { name: '--door <door>', text: 'http (default) or stream' },
  { name: '--metered', text: 'what a running emulator has metered, instead of a described load' },
  { name: '--emulator <url>', text: 'its Lambda address (http://127.0.0.1:3002)' },
  { name: '--reset', text: 'with --metered: count anew from now on' },
  { name: '--json', text: 'one JSON object' },
];

export const TOKEN_FLAGS: readonly Flag[] = [{ name: '--json', text: 'one JSON object' }];

export const GENERAL_FLAGS: readonly Flag[] = [
  { name: '-h, --help', text: 'this text' },
  { name: '-v, --version', text: 'the version' },
];
