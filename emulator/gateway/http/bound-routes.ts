import { executeApiArn, type HttpApi, type HttpRoute, type Stage } from '../../stack/stack.ts';
import type { GatewayContext } from '../context.ts';
import { type BoundIntegration, bindIntegration } from '../integration.ts';
import { routeArnPart } from '../permissions.ts';

/** A route with its ways to its function. */
export interface BoundRoute extends HttpRoute {
  /** A permission names the stage, so each stage has a way of its own; and each method, where the switch says so. */
  way(stage: Stage, method: string): BoundIntegration;
}

/** Joins routes to the ARNs that their functions are invoked as, each once and when it is first needed (HA-27). */
export function bindRoutes(
  { integrations, quotas, stack, switches }: GatewayContext,
  api: HttpApi,
): readonly BoundRoute[] {
  const arn = executeApiArn(stack, api.apiId);
  const { anyInArn } = switches;

  return api.routes.map((route) => {
    const part = routeArnPart(route.routeKey);
    const bound = new Map<string, BoundIntegration>();
    const wayAs = (invocationArn: string) => {
      const way =
        bound.get(invocationArn) ??
        bindIntegration(integrations, route.integration, invocationArn, quotas.httpIntegrationMs);
      bound.set(invocationArn, way);
      return way;
    };
    return {
      ...route,
      way: (stage, method) =>
        wayAs(`${arn}/${stage.name}/${anyInArn === 'method' ? part.replace(/^ANY(?=\/)/, method) : part}`),
    };
  });
}
