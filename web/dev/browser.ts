/// <reference types="node" />
/** Development and tests only: a headless browser, and what must never happen on a page of the console. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const SYSTEM = '/usr/bin/chromium';
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The system's Chromium where there is one, else the one that comes with npm. */
export async function openBrowser(): Promise<Browser> {
  if (existsSync(SYSTEM)) return chromium.launch({ executablePath: SYSTEM, args: ARGS });
  // Makes the package unpack its own libraries on a machine without any.
  process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs20.x';
  const packaged = (await import('@sparticuz/chromium')).default;
  return chromium.launch({ executablePath: await packaged.executablePath(), args: ARGS });
}

/** Reports content-policy violations, console errors, uncaught errors and requests to anywhere else. */
export async function watchPage(page: Page, base: string, report: (problem: string) => void): Promise<void> {
  page.on('console', (m) => {
    // Refused searches and missing things are answered with 4xx and 5xx on purpose; the browser logs each.
    if (m.type() === 'error' && !m.text().startsWith('Failed to load resource')) report(m.text());
  });
  page.on('pageerror', (e) => report(e.message));
  page.on('request', (r) => {
    if (!r.url().startsWith(base) && !r.url().startsWith('data:')) report(`outside request ${r.url()}`);
  });
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (e) =>
      console.error(
        `policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber} ${e.sample}`,
      ),
    );
  });
}
