import type { ImportTable } from './check-imports.ts';

const EMULATOR = [
  'emulator/emulator.ts',
  'emulator/endpoint-lines.ts',
  'emulator/packaging',
  'emulator/settings.ts',
  'emulator/template',
  'emulator/stack',
];

/**
 * Who may import whom; what is not here is forbidden. A row holds for a file, or for a folder and everything below it,
 * and adds to the rows of the folders it lies in. `node` is every module of Node's own; a package is named as it is
 * imported, a scope by its name alone.
 */
export const IMPORT_TABLE: ImportTable = {
  // The edge: handlers, adapters, tunnel, protocol, each of which knows those after it.
  // What AWS charges, for the emulator's meter and the command that estimates.
  'src/prices.ts': [],
  'src/protocol': [],
  'src/tunnel': ['src/protocol'],
  'src/adapters': ['src/tunnel', 'src/protocol', '@aws-sdk', 'node'],
  'src/adapters/reply-socket.ts': ['ws'],
  'src/adapters/s3-large-responses.ts': ['@smithy'],
  'src/handlers': ['src/adapters', 'src/tunnel'],
  'src/handlers/config.ts': ['src/protocol'],
  'src/handlers/wiring.ts': ['@aws-sdk'],

  // The agent knows of the edge what it says on the wire. Its session never sees its proxy (design.md 4.13).
  'agent/bin.mjs': ['agent/launch.mjs', 'tsx'],
  'agent/launch.mjs': ['esbuild', 'node'],
  'agent/main.ts': ['agent/cli'],
  'agent/forward.ts': ['src/protocol'],
  'agent/network-error.ts': [],
  'agent/cli': ['agent/session', 'agent/proxy', 'agent/forward.ts', 'agent/network-error.ts', 'src/protocol', 'node'],
  'agent/cli/arguments.ts': ['cac'],
  'agent/cli/config-document.ts': ['yaml'],
  // Two commands start the emulator, and nothing else of the agent knows of it.
  'agent/cli/dev.ts': ['agent/dev', ...EMULATOR],
  'agent/cli/emulator.ts': EMULATOR,
  'agent/cli/emulator-words.ts': ['emulator/stack'],
  // What AWS charges, which is no part of the edge.
  'agent/cli/cost.ts': ['src/prices.ts'],
  'agent/cli/cost-estimate.ts': ['src/prices.ts'],
  'agent/cli/cost-metered.ts': ['src/prices.ts'],
  'agent/cli/cost-report.ts': ['src/prices.ts'],
  'agent/cli/cost-story.ts': ['src/prices.ts'],
  'agent/dev': ['node'],
  'agent/session': ['agent/forward.ts', 'agent/network-error.ts', 'src/protocol', 'node'],
  'agent/session/socket.ts': ['ws'],
  'agent/proxy': ['agent/forward.ts', 'agent/network-error.ts', 'src/protocol'],
  'agent/proxy/upstream.ts': ['node'],
  'agent/proxy/upload.ts': ['undici'],
  'agent/proxy/spool.ts': ['node'],

  // The emulator: parts that do not know each other, around a leaf that says what to emulate.
  'emulator/stack': [],
  'emulator/iam': ['emulator/stack', 'node'],
  // It counts what gateway, functions and database tell of; two of them know the port, and none the prices.
  'emulator/meter': ['src/prices.ts', 'emulator/stack'],
  'emulator/meter/create-meter.ts': ['node'],
  // Delays of AWS by a table, drawn by seed.
  'emulator/latency': ['emulator/stack'],
  'emulator/gateway': [
    'emulator/iam',
    'emulator/latency/latency.ts',
    'emulator/meter/metering.ts',
    'emulator/stack',
    'node',
  ],
  'emulator/gateway/websocket': ['ws'],
  'emulator/gateway/websocket/lenient-json.ts': ['json5'],
  'emulator/gateway/authorizers/verify-token.ts': ['jose'],
  'emulator/lambda': ['emulator/iam', 'emulator/stack', 'node'],
  'emulator/lambda/worker-code.ts': ['esbuild'],
  'emulator/dynamodb': [
    'emulator/iam',
    'emulator/latency/latency.ts',
    'emulator/latency/steps.ts',
    'emulator/meter/metering.ts',
    'emulator/stack',
    'node',
  ],
  'emulator/dynamodb/embedded-database.ts': ['dynalite'],
  'emulator/template': ['emulator/stack', 'node'],
  'emulator/template/artifacts.ts': ['fflate'],
  'emulator/packaging': ['emulator/emulator.ts', 'emulator/stack', 'node'],
  'emulator/packaging/package-service.ts': ['serverless'],
  'emulator/changes.ts': ['emulator/stack'],
  'emulator/reload.ts': ['emulator/changes.ts', 'emulator/lambda', 'emulator/stack'],
  'emulator/certificate.ts': ['emulator/gateway', 'selfsigned'],
  'emulator/settings.ts': [
    'emulator/latency',
    'emulator/ports.ts',
    'emulator/gateway',
    'emulator/lambda',
    'emulator/dynamodb',
    'emulator/stack',
  ],
  'emulator/local-origins.ts': ['emulator/stack'],
  'emulator/ports.ts': ['emulator/stack'],
  'emulator/endpoint-lines.ts': ['emulator/emulator.ts'],
  'emulator/emulator.ts': [
    'emulator/gateway',
    'emulator/lambda',
    'emulator/dynamodb',
    'emulator/iam',
    'emulator/latency',
    'emulator/meter',
    'emulator/stack',
    'emulator/certificate.ts',
    'emulator/reload.ts',
    'emulator/local-origins.ts',
    'emulator/ports.ts',
    'emulator/settings.ts',
  ],
  'emulator/plugin': [...EMULATOR, 'emulator/ports.ts', 'node'],
  'emulator/plugin/index.cjs': ['tsx'],
};
