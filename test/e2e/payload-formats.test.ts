import { expect } from 'chai';
import type { Stack } from '../../emulator/stack/stack.ts';
import { startAgent } from '../support/agent.ts';
import { startCloud } from '../support/cloud.ts';
import { startUpstream } from '../support/upstream.ts';

function withPayloadFormat(version: '1.0' | '2.0') {
  return (stack: Stack): Stack => {
    if (!stack.httpApi) throw new Error('the stack has no HTTP API');
    const routes = stack.httpApi.routes.map((route) => ({
      ...route,
      integration: { ...route.integration, payloadFormatVersion: version },
    }));
    return { ...stack, httpApi: { ...stack.httpApi, routes } };
  };
}

/** What the upstream is asked for, by payload format; `%2F` and `%3F` are what 2.0 loses (HA-05, HA-06). */
const CASES: readonly { sent: string; v1: string; v2: string }[] = [
  { sent: '/plain/path?a=1&b=', v1: '/plain/path?a=1&b=', v2: '/plain/path?a=1&b=' },
  { sent: '/a%20b/%C3%A9', v1: '/a%20b/%C3%A9', v2: '/a%20b/%C3%A9' },
  { sent: '/one%2Ftwo', v1: '/one%2Ftwo', v2: '/one/two' },
  { sent: '/q%3Fx', v1: '/q%3Fx', v2: '/q' },
  { sent: '/?b=2&a=1&b=3', v1: '/?b=2&b=3&a=1', v2: '/?b=2&a=1&b=3' },
  { sent: '/?p=a%2Bb+c', v1: '/?p=a%2Bb%20c', v2: '/?p=a%2Bb+c' },
];

for (const version of ['1.0', '2.0'] as const) {
  describe(`payload format ${version}, through the same function`, () => {
    it('brings every path and query as far as the format can carry it', async () => {
      const seen: string[] = [];
      const upstream = await startUpstream((request, response) => {
        seen.push(request.url ?? '');
        response.setHeader('set-cookie', ['a=1', 'b=2']).end('ok');
      });
      const cloud = await startCloud({ change: withPayloadFormat(version) });
      const agent = await startAgent({ endpoint: cloud.websocket, upstream: upstream.url });
      for (const { sent } of CASES) {
        const response = await fetch(agent.online.publicUrl + sent);
        expect(response.status).to.equal(200);
        expect(response.headers.getSetCookie()).to.deep.equal(['a=1', 'b=2']);
      }
      expect(seen).to.deep.equal(CASES.map(({ v1, v2 }) => (version === '1.0' ? v1 : v2)));
      await agent.stop();
      await Promise.all([cloud.stop(), upstream.stop()]);
    });
  });
}
