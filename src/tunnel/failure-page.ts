import type { FailureCode, Outcome } from './outcomes.ts';
import { OUTCOMES } from './outcomes.ts';
import type { VisitorRequest, VisitorResponse } from './ports.ts';

/**
 * What the visitor is told: a page where a browser asks, JSON otherwise; the same code in both and in a header.
 * @param requestId names the exchange in logs; absent when it never became one
 * @param elsewhere a URL that would do better
 */
export function failureResponse(
  code: FailureCode,
  request: Pick<VisitorRequest, 'method' | 'headers'>,
  requestId?: string,
  elsewhere?: string,
): VisitorResponse {
  const outcome = OUTCOMES[code];
  const html = wantsHtml(request);
  const text = html ? page(code, outcome, requestId, elsewhere) : json(code, outcome, requestId, elsewhere);
  return {
    status: outcome.status,
    headers: [
      ['content-type', html ? 'text/html; charset=utf-8' : 'application/json'],
      ['cache-control', 'no-store'],
      ['x-postern-error', code],
      ...(elsewhere === undefined ? [] : [['link', `<${elsewhere}>; rel="alternate"`] as const]),
    ],
    body: request.method === 'HEAD' ? new Uint8Array(0) : Buffer.from(text),
  };
}

function wantsHtml({ headers }: Pick<VisitorRequest, 'headers'>): boolean {
  return headers.some(([name, value]) => name.toLowerCase() === 'accept' && value.includes('text/html'));
}

function json(code: FailureCode, { title, explanation }: Outcome, requestId?: string, elsewhere?: string): string {
  return `${JSON.stringify({ error: { code, title, explanation, requestId, elsewhere } })}\n`;
}

function page(
  code: FailureCode,
  { status, title, explanation }: Outcome,
  requestId?: string,
  elsewhere?: string,
): string {
  const link = elsewhere?.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status} ${title}</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem; }
  h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
  footer { margin-top: 2.5rem; font: .85rem/1.6 ui-monospace, monospace; opacity: .65; }
</style>
<h1>${title}</h1>
<p>${explanation}</p>${link ? `\n<p><a href="${link}">${link}</a></p>` : ''}
<footer>${status} ${code}${requestId ? `<br>request ${requestId}` : ''}<br>postern</footer>
</html>
`;
}
