import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Browser {
  /** A page that remembers every failed request and every complaint of its console. */
  open(url: string): Promise<{ readonly page: Page; readonly status: number; readonly complaints: readonly string[] }>;
  stop(): Promise<void>;
}

/**
 * @param elsewhere the JSON that every other host than this machine answers with
 * @throws saying what is missing, where there is no Chromium
 */
export async function startBrowser(elsewhere: object): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no Chromium at ${executablePath}. Install it (Debian: chromium), or name one in CHROMIUM.`,
    );
  }
  const profile = mkdtempSync(join(tmpdir(), 'postern-browser-'));
  const context: BrowserContext = await chromium.launchPersistentContext(profile, { executablePath, args: FLAGS });
  await context.route(
    ({ hostname }) => !/(^|\.)localhost$/.test(hostname),
    (route) => route.fulfill({ json: elsewhere, headers: { 'access-control-allow-origin': '*' } }),
  );
  return {
    async open(url) {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
      page.on('response', (response) => {
        if (response.status() >= 400) complaints.push(`${response.url()} ${response.status()}`);
      });
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      const response = await page.goto(url, { waitUntil: 'load' });
      return { page, status: response?.status() ?? 0, complaints };
    },
    async stop() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}
