import { type AgentEvent, STOPPED } from '../session/events.ts';
import type { CliContext } from './context.ts';
import { createPaint, formatBytes, formatMs, formatTime, type Paint, printable } from './format.ts';

/** Lines for a person: aligned, coloured on a terminal only, safe to print whatever a visitor wrote. */
export function createHumanReport({ stdout, stderr, env }: CliContext, now = () => new Date()): Print {
  const paint = createPaint(stdout.isTTY === true && !env.NO_COLOR);
  const line = (text: string) => stdout.write(`${paint.dim(formatTime(now()))}  ${text}\n`);
  let shownUrl = '';

  return (event) => {
    switch (event.event) {
      case 'online':
        if (event.publicUrl === shownUrl) line(paint.green('online again'));
        else stdout.write(`${urls(event, paint)}\n`);
        shownUrl = event.publicUrl;
        break;
      case 'request':
        line(requestLine(event, paint, stdout.columns));
        break;
      case 'offline':
        line(event.why === STOPPED ? paint.dim('stopped') : paint.yellow(`offline: ${printable(event.why)}`));
        break;
      case 'reconnecting':
        line(
          paint.yellow(`trying again in ${formatMs(event.inMs)} (attempt ${event.attempt}): ${printable(event.why)}`),
        );
        break;
      case 'error':
        stderr.write(`${paint.dim(formatTime(now()))}  ${paint.red(event.code)}  ${printable(event.message)}\n`);
        break;
      case 'note':
        line(paint.dim(printable(event.message)));
        break;
    }
  };
}

type Print = (event: AgentEvent) => void;

function urls(event: AgentEvent & { event: 'online' }, paint: Paint): string {
  const rows = [`\n  public URL      ${paint.bold(printable(asPage(event.publicUrl)))}`];
  if (event.subdomainUrl) rows.push(`  subdomain URL   ${paint.bold(printable(asPage(event.subdomainUrl)))}`);
  if (event.streamingUrl) rows.push(`  streaming URL   ${paint.bold(printable(asPage(event.streamingUrl)))}`);
  return `${rows.join('\n')}\n`;
}

/** With the slash that a browser needs to resolve a page's relative links below the tunnel and not beside it. */
function asPage(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/** Columns beside the path: time, method, status, duration, size, and two spaces between them. */
const OTHER_COLUMNS = 8 + 7 + 3 + 8 + 8 + 10;

function requestLine(event: AgentEvent & { event: 'request' }, paint: Paint, columns = 100): string {
  const width = Math.max(16, Math.min(columns, 140) - OTHER_COLUMNS);
  const path = printable(event.path);
  const shown = path.length > width ? `${path.slice(0, width - 1)}…` : path.padEnd(width);
  const status = statusPaint(event.status, paint)(String(event.status));
  const method = printable(event.method).padEnd(7);
  return `${method}  ${shown}  ${status}  ${formatMs(event.ms).padStart(8)}  ${formatBytes(event.bytes).padStart(8)}`;
}

function statusPaint(status: number, paint: Paint): (text: string) => string {
  if (status >= 500) return paint.red;
  if (status >= 400) return paint.yellow;
  return status >= 300 ? paint.cyan : paint.green;
}
