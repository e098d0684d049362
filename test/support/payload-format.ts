import type { Stack } from '../../emulator/stack/stack.ts';

export type PayloadFormat = '1.0' | '2.0';

/** For `startCloud`'s `change`: the HTTP API's functions get their events in this payload format. */
export function withPayloadFormat(version: PayloadFormat) {
  return (stack: Stack): Stack => {
    if (!stack.httpApi) throw new Error('the stack has no HTTP API');
    const routes = stack.httpApi.routes.map((route) => ({
      ...route,
      integration: { ...route.integration, payloadFormatVersion: version },
    }));
    return { ...stack, httpApi: { ...stack.httpApi, routes } };
  };
}
