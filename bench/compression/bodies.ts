import { randomFillSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What an upstream might answer, or a visitor send. */
export interface Body {
  readonly name: string;
  /** `packed`: has been compressed by its own format, so that nothing is to be gained. */
  readonly kind: 'text' | 'packed';
  readonly bytes: Buffer;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const require = createRequire(import.meta.url);

/** Real files of installed packages, 0.7 KB to 2 MB, smallest first. */
export function readBodies(): readonly Body[] {
  const hooks = webhooks();
  const swagger = folderOf('swagger-ui-dist');
  const playwright = join(folderOf('playwright-core'), 'lib');
  const viewer = join(playwright, 'vite/traceViewer');
  const bodies = [
    text('HTML: swagger-ui, index', read(swagger, 'index.html')),
    text('HTML: trace viewer, index', read(viewer, 'index.html')),
    text('Markdown: swagger-ui README', read(swagger, 'README.md')),
    text('SVG: logo', read(viewer, 'playwright-logo.svg')),
    text('JSON: webhook ping', hooks.one('ping')),
    text('JSON: webhook push', hooks.one('push')),
    text('JSON: webhook issues', hooks.one('issues')),
    text('JSON: webhook pull_request', hooks.one('pull_request')),
    text('Markdown: undici README', read(folderOf('undici'), 'README.md')),
    text('Markdown: serverless-offline README', read(folderOf('serverless-offline'), 'README.md')),
    text('CSS: swagger-ui', read(swagger, 'swagger-ui.css')),
    text('JSON: a package-lock', read(ROOT, 'package-lock.json')),
    text('JSON: a list of webhooks, 300 KB', hooks.all().subarray(0, 300_000)),
    text('JavaScript: swagger-ui core, minified', read(swagger, 'swagger-ui-es-bundle-core.js')),
    text('JavaScript: swagger-ui bundle, minified', read(swagger, 'swagger-ui-bundle.js')),
    text('JSON: source map of the bundle', read(swagger, 'swagger-ui-bundle.js.map')),
    packed('PNG: icon', read(playwright, 'server/chromium/appIcon.png')),
    packed('gzip: swagger-ui.css', gzipSync(read(swagger, 'swagger-ui.css'), { level: 9 })),
    packed('gzip: swagger-ui bundle', gzipSync(read(swagger, 'swagger-ui-bundle.js'), { level: 9 })),
    packed('random: 1 MB', randomFillSync(Buffer.alloc(1_000_000))),
  ];
  return bodies.sort((a, b) => a.bytes.length - b.bytes.length);
}

function text(name: string, bytes: Buffer): Body {
  return { name, kind: 'text', bytes };
}

function packed(name: string, bytes: Buffer): Body {
  return { name, kind: 'packed', bytes };
}

function read(folder: string, path: string): Buffer {
  return readFileSync(join(folder, path));
}

function folderOf(name: string): string {
  return join(ROOT, 'node_modules', name);
}

interface Example {
  readonly name: string;
  readonly examples: readonly object[];
}

/** GitHub's own deliveries, as they are sent: JSON without spaces. */
function webhooks() {
  const all: readonly Example[] = require('@octokit/webhooks-examples/api.github.com/index.json');
  return {
    one: (event: string) => Buffer.from(JSON.stringify(all.find(({ name }) => name === event)?.examples[0])),
    all: () => Buffer.from(JSON.stringify(all)),
  };
}
