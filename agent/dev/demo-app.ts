import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface DemoApp {
  /** `http://127.0.0.1:54321` */
  readonly url: string;
  stop(): Promise<void>;
}

/** Something to tunnel for who has nothing yet: a page at `/`, and an echo of the request everywhere else. */
export async function startDemoApp(): Promise<DemoApp> {
  const server = createServer((request, response) => {
    const { method, url = '/', headers } = request;
    if (url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(PAGE);
      return;
    }
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(`${JSON.stringify({ method, url, headers }, null, 2)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>postern</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 1.05rem/1.6 system-ui, sans-serif; max-width: 36rem; margin: 14vh auto; padding: 0 1.5rem; }
  code { font-family: ui-monospace, monospace; }
</style>
<h1>It works</h1>
<p>This page came from a small demo app on your machine, through an HTTP API, two Lambda functions, a WebSocket API and
three tables, all of them on your machine too.</p>
<p>Every other path shows the request as the app got it. To tunnel your own app, run <code>npm start -- 8080</code>.</p>
</html>
`;
