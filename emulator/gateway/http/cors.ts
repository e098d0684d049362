import type { Cors } from '../../stack/stack.ts';

type Headers = readonly (readonly [name: string, value: string])[];

/** What a preflight is told by: the developer guide asks for both headers (http-api-cors). */
export interface CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  readonly requestedMethod: string | undefined;
}

/** CORS as the gateway itself does it (HR-13). */
export interface CorsRules {
  isPreflight(request: CorsRequest): boolean;
  /** Of the answer to a preflight; none for an origin that is not allowed, which browsers then refuse. */
  preflightHeaders(origin: string | undefined): Headers;
  /** A response's own headers without the function's CORS, with the configured one. */
  apply(headers: Headers, origin: string | undefined): Headers;
}

const OF_CORS = /^access-control-/i;
/** Origins that stand for all of one scheme. */
const OF_SCHEME = /^(https?:\/\/)\*$/;

export function createCors(cors: Cors): CorsRules {
  const { allowCredentials, allowHeaders, allowMethods, allowOrigins, exposeHeaders, maxAgeS } = cors;

  function shared(origin: string | undefined): Headers {
    const allowed = allowedOrigin(allowOrigins, origin);
    if (allowed === undefined) return [];
    return [
      ['access-control-allow-origin', allowed],
      ...(allowCredentials ? [['access-control-allow-credentials', 'true'] as const] : []),
    ];
  }

  return {
    isPreflight: ({ method, origin, requestedMethod }) =>
      method === 'OPTIONS' && origin !== undefined && requestedMethod !== undefined,
    preflightHeaders(origin) {
      const headers = shared(origin);
      if (headers.length === 0) return [];
      return [
        ...headers,
        ...list('access-control-allow-headers', allowHeaders),
        ...list('access-control-allow-methods', allowMethods),
        ...(maxAgeS === undefined ? [] : [['access-control-max-age', String(maxAgeS)] as const]),
      ];
    },
    apply(headers, origin) {
      const own = headers.filter(([name]) => !OF_CORS.test(name));
      const configured = shared(origin);
      if (configured.length === 0) return own;
      return [...own, ...configured, ...list('access-control-expose-headers', exposeHeaders)];
    },
  };
}

function allowedOrigin(allowed: readonly string[], origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (allowed.includes('*')) return '*';
  const fits = allowed.some((each) => {
    const scheme = OF_SCHEME.exec(each)?.[1];
    return scheme === undefined ? each === origin : origin.startsWith(scheme);
  });
  return fits ? origin : undefined;
}

function list(name: string, values: readonly string[]): Headers {
  return values.length === 0 ? [] : [[name, values.join(',')]];
}
