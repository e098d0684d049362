import type { HttpRoute, Stage } from '../../stack/stack.ts';
import { percentDecode } from '../events/target.ts';

const DEFAULT = '$default';

/**
 * The stage a path asks for: the one its first segment names, else `$default` (HA-01).
 * @returns the stage and the path that its routes see, or nothing when there is no such stage
 */
export function chooseStage(stages: readonly Stage[], path: string): { stage: Stage; routePath: string } | undefined {
  const slash = path.indexOf('/', 1);
  const first = slash < 0 ? path.slice(1) : path.slice(1, slash);
  const named = stages.find((stage) => stage.name === first && stage.name !== DEFAULT);
  if (named) return { stage: named, routePath: slash < 0 ? '/' : path.slice(slash) };
  const fallback = stages.find((stage) => stage.name === DEFAULT);
  return fallback && { stage: fallback, routePath: path };
}

export interface RouteMatch<Route> {
  readonly route: Route;
  /** Decoded (HA-07). */
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface Candidate<Route> {
  readonly route: Route;
  /** `ANY` or a method. */
  readonly method: string;
  readonly segments: readonly Segment[];
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'greedy'; readonly name: string };

/**
 * Makes the function that picks a route: a full match (text before `{variable}`, a method before `ANY`), then a greedy
 * `{proxy+}`, the longest first, then `$default` (HA-02).
 */
export function createRouter<Route extends Pick<HttpRoute, 'routeKey'>>(
  routes: readonly Route[],
): (method: string, path: string) => RouteMatch<Route> | undefined {
  const fallback = routes.find((route) => route.routeKey === DEFAULT);
  const candidates = routes.filter((route) => route !== fallback).map(parseRoute);
  candidates.sort(bySpecificity);
  return (method, path) => {
    const segments = candidates.length > 0 ? path.slice(1).split('/') : [];
    for (const candidate of candidates) {
      if (candidate.method !== 'ANY' && candidate.method !== method) continue;
      const pathParameters = matchSegments(candidate.segments, segments);
      if (pathParameters) return { route: candidate.route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
}

function parseRoute<Route extends Pick<HttpRoute, 'routeKey'>>(route: Route): Candidate<Route> {
  const [method = '', path = ''] = route.routeKey.split(' ', 2);
  return { route, method, segments: path.slice(1).split('/').map(parseSegment) };
}

function parseSegment(text: string): Segment {
  if (!text.startsWith('{') || !text.endsWith('}')) return { kind: 'literal', text };
  return text.endsWith('+}')
    ? { kind: 'greedy', name: text.slice(1, -2) }
    : { kind: 'variable', name: text.slice(1, -1) };
}

function bySpecificity<Route>(left: Candidate<Route>, right: Candidate<Route>): number {
  const greedy = Number(isGreedy(left)) - Number(isGreedy(right));
  if (greedy !== 0) return greedy;
  const shared = Math.min(left.segments.length, right.segments.length);
  for (let index = 0; index < shared; index++) {
    const order = rank(left.segments[index]) - rank(right.segments[index]);
    if (order !== 0) return order;
  }
  const longer = right.segments.length - left.segments.length;
  return longer !== 0 ? longer : Number(left.method === 'ANY') - Number(right.method === 'ANY');
}

function isGreedy(candidate: Candidate<unknown>): boolean {
  return candidate.segments.at(-1)?.kind === 'greedy';
}

function rank(segment: Segment | undefined): number {
  return segment?.kind === 'literal' ? 0 : segment?.kind === 'variable' ? 1 : 2;
}

function matchSegments(pattern: readonly Segment[], path: readonly string[]): Record<string, string> | undefined {
  const parameters: [string, string][] = [];
  for (const [index, segment] of pattern.entries()) {
    if (segment.kind === 'greedy') {
      const rest = path.slice(index).join('/');
      return rest === '' ? undefined : Object.fromEntries([...parameters, [segment.name, percentDecode(rest)]]);
    }
    const actual = percentDecode(path[index] ?? '');
    if (segment.kind === 'variable') {
      if (actual === '') return undefined;
      parameters.push([segment.name, actual]);
    } else if (index >= path.length || actual !== segment.text) {
      return undefined;
    }
  }
  return pattern.length === path.length ? Object.fromEntries(parameters) : undefined;
}
