import type { Cors } from '../stack/stack.ts';
import type { Properties } from './properties.ts';

/** Methods that the two services take, beside `*`; a function URL answers OPTIONS itself whatever its list says. */
const METHODS = {
  api: new Set(['*', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
  url: new Set(['*', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']),
};

/**
 * CORS of an HTTP API (`CorsConfiguration`, HR-13) or of a function URL (`Cors`); undefined where the template has none.
 * @param kind an API refuses credentials for every origin; a function URL does not
 */
export function readCors(owner: Properties, name: string, kind: 'api' | 'url'): Cors | undefined {
  const section = owner.section(name);
  if (section === undefined) return undefined;
  const maxAgeS = section.optionalNumber('MaxAge', { min: kind === 'api' ? -1 : 0, max: 86_400 });
  const cors = {
    allowOrigins: section.strings('AllowOrigins'),
    allowMethods: section.strings('AllowMethods'),
    allowHeaders: section.strings('AllowHeaders'),
    exposeHeaders: section.strings('ExposeHeaders'),
    allowCredentials: section.boolean('AllowCredentials'),
    ...(maxAgeS !== undefined && { maxAgeS }),
  };
  section.refuseOthers();
  for (const method of cors.allowMethods) {
    if (METHODS[kind].has(method)) continue;
    section.report('AllowMethods', `${method.slice(0, 80)} is none of ${[...METHODS[kind]].join(', ')}`);
  }
  if (kind === 'api' && cors.allowCredentials && cors.allowOrigins.includes('*')) {
    section.report('AllowCredentials', 'API Gateway refuses credentials for the origin *: name the origins');
  }
  if (!Object.values(cors).some((value) => value !== false && (!Array.isArray(value) || value.length > 0))) {
    owner.report(name, 'says nothing: leave it out, or allow something');
  }
  return cors;
}
