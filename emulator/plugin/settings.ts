import type { EmulatorOptions } from '../emulator.ts';

/** `custom.postern` in serverless.yml. */
export interface Settings
  extends Pick<EmulatorOptions, 'environment' | 'seed' | 'switches' | 'quotas' | 'ttlDelayMs' | 'ports'> {
  /** `embedded` (the default), `local` for the real DynamoDB Local, or the URL of one that runs already. */
  readonly dynamodb?: string;
}

const port = {
  anyOf: [
    { type: 'integer', minimum: 0, maximum: 65_535 },
    { type: 'string', pattern: '^\\d{1,5}$' },
  ],
};
const scalar = { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] };

/** What the framework checks `custom.postern` against, so that a misspelt setting is an error and not a surprise. */
export const SETTINGS_SCHEMA = {
  type: 'object',
  properties: {
    postern: {
      type: 'object',
      properties: {
        ports: {
          type: 'object',
          properties: { http: port, websocket: port, lambda: port, dynamodb: port },
          additionalProperties: false,
        },
        dynamodb: { type: 'string', pattern: '^(embedded|local|https?://.+)$' },
        environment: { type: 'object', additionalProperties: { type: 'string' } },
        seed: { type: 'integer' },
        ttlDelayMs: { type: 'integer', minimum: 0 },
        switches: { type: 'object', additionalProperties: scalar },
        quotas: { type: 'object', additionalProperties: { type: 'number' } },
      },
      additionalProperties: false,
    },
  },
};
