import { existsSync } from 'node:fs';
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

export interface OpenedPage {
  readonly page: Page;
  readonly status: number;
  /** Every failed request, every error of the console and every uncaught one, of this page and those that it opens. */
  readonly complaints: readonly string[];
}

export interface Browser {
  /** Opens a page that shares nothing with those before it, and waits until it is loaded. */
  open(url: string): Promise<OpenedPage>;
  stop(): Promise<void>;
}

/**
 * Headless, with a profile of its own that is gone afterwards.
 * @param elsewhere the JSON that every other host than this machine answers with
 * @throws saying what is missing, where there is no Chromium
 */
export async function startBrowser(elsewhere: object): Promise<Browser> {
  const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no Chromium at ${executablePath}. Install it (Debian: chromium), or name one in CHROMIUM.`,
    );
  }
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  return {
    async open(url) {
      const context = await browser.newContext();
      await context.route(
        ({ hostname }) => !/(^|\.)localhost$/.test(hostname),
        (route) => route.fulfill({ json: elsewhere, headers: { 'access-control-allow-origin': '*' } }),
      );
      const complaints = complaintsOf(context);
      const page = await context.newPage();
      const response = await page.goto(url, { waitUntil: 'load' });
      return { page, status: response?.status() ?? 0, complaints };
    },
    stop: () => browser.close(),
  };
}

/** Grows as they come. */
function complaintsOf(context: BrowserContext): readonly string[] {
  const complaints: string[] = [];
  context.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  context.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()} ${response.status()}`);
  });
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  return complaints;
}
