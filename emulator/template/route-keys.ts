import type { Protocol } from './api-resources.ts';

const HTTP_ROUTE_KEY = /^(\$default|(ANY|GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) \/\S*)$/;
const VARIABLE = /^\{([^{}+]+)(\+?)\}$/;

/** Why API Gateway would refuse a route key; undefined for one that it takes. */
export function findKeyFault(routeKey: string, protocol: Protocol): string | undefined {
  if (routeKey.trim() === '') return 'must not be empty';
  if (protocol === 'WEBSOCKET') return undefined;
  if (!HTTP_ROUTE_KEY.test(routeKey)) return 'is no method with a path, and not $default';
  const segments = segmentsOf(routeKey);
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    if (!/[{}]/.test(segment)) continue;
    const [, name, greedy] = VARIABLE.exec(segment) ?? [];
    if (name === undefined) return `has ${segment.slice(0, 80)}, which is no variable like {id} or {proxy+}`;
    if (greedy === '+' && index < segments.length - 1) return `has ${segment.slice(0, 80)} before its end`;
    if (names.has(name)) return `has the variable ${name.slice(0, 80)} twice`;
    names.add(name);
  }
  return undefined;
}

/** Equal for two HTTP route keys that the same requests match: those that differ in the names of variables alone. */
export function routeShape(routeKey: string): string {
  return routeKey.replace(/\{[^{}+]*(\+?)\}/g, '{$1}');
}

function segmentsOf(routeKey: string): readonly string[] {
  return routeKey.slice(routeKey.indexOf('/') + 1).split('/');
}
