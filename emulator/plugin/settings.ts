/**
 * What the framework checks `custom.postern` against: its parts only. The emulator itself checks what is in them, and says
 * more about what is wrong.
 */
export const SETTINGS_SCHEMA = {
  type: 'object',
  properties: {
    postern: {
      type: 'object',
      properties: {
        clockSpeed: {},
        concurrency: {},
        dynamodb: { type: 'string', pattern: '^(embedded|local|https?://.+)$' },
        environment: { type: 'object' },
        environmentIdleMs: {},
        faults: { type: 'object' },
        freeze: {},
        latency: {},
        ports: { type: 'object' },
        quotas: { type: 'object' },
        reload: {},
        seed: {},
        switches: { type: 'object' },
        tls: {},
        traceField: {},
        ttlDelayMs: {},
      },
      additionalProperties: false,
    },
  },
};
