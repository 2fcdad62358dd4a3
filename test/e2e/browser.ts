/**
 * A real browser for the end-to-end tests: the system's Chromium where there is one, else the one that comes from npm. Each
 * page is watched: a violation of the content policy, an error on its console, an uncaught error and a request to anywhere
 * but the tested Vigil are collected, and `finish` fails where it finds one. Held by the tests that use it.
 *
 * Code that runs in the page is text, since this folder is compiled without the browser's types.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { ROOT, type Vigil } from '../support/vigil.ts';

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
/** How long anything on a page may take on a machine that is busy with other tests, milliseconds. */
export const STEP_MS_MAX = 10_000;
/** Folder for pictures of the pages; empty: none are taken. */
const SHOTS = process.env['VIGIL_TEST_SHOTS'] ?? '';

/** `VIGIL_TEST_BROWSER=packaged` takes the one from npm even where the system has one. */
export async function openBrowser(): Promise<Browser> {
  builtConsole();
  if (existsSync(SYSTEM) && process.env['VIGIL_TEST_BROWSER'] !== 'packaged')
    return chromium.launch({ executablePath: SYSTEM, args: ARGS });
  // Makes the package unpack its own libraries on a machine without any.
  process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs20.x';
  const packaged = (await import('@sparticuz/chromium')).default;
  return chromium.launch({ executablePath: await packaged.executablePath(), args: ARGS });
}

/** `npm test` has built the console already; a test run by hand builds it once. */
function builtConsole(): void {
  if (existsSync(join(ROOT, 'web/dist/index.html'))) return;
  execFileSync(process.execPath, [
    join(ROOT, 'node_modules/vite/bin/vite.js'),
    'build',
    join(ROOT, 'web'),
    '--logLevel',
    'warn',
  ]);
}

export type Scheme = 'dark' | 'light';
export type Tab = {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: string[];
  /** Answers that the test provokes, such as `400 /api/v1/search`: no problem, though the browser logs them. */
  readonly expected: Set<string>;
  at(testid: string): Locator;
  /** The URL's own state. */
  param(name: string): string | null;
  /** Closes it; fails where anything was wrong. */
  finish(): Promise<void>;
};

export async function openTab(browser: Browser, base: string, scheme: Scheme = 'dark'): Promise<Tab> {
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1440, height: 900 },
    colorScheme: scheme,
  });
  context.setDefaultTimeout(STEP_MS_MAX);
  const page = await context.newPage();
  const problems: string[] = [];
  // Whoever is not signed in is told so with 401 before the login page is shown.
  const expected = new Set(['401 /api/v1/session']);
  const refused: string[] = [];
  page.on('response', (r) => {
    if (r.status() >= 400) refused.push(`${r.status()} ${new URL(r.url()).pathname}`);
  });
  page.on('console', (m) => {
    if (m.type() !== 'error' && !m.text().startsWith('VIGIL-POLICY')) return;
    const path = /^https?:/.test(m.location().url) ? new URL(m.location().url).pathname : '';
    const status = /status of (\d{3})/.exec(m.text())?.[1];
    if (status !== undefined && expected.has(`${status} ${path}`)) return;
    problems.push(`console: ${m.text()} ${path}`);
  });
  page.on('pageerror', (e) => problems.push(`uncaught: ${e.stack ?? e.message}`));
  page.on('dialog', (d) => {
    problems.push(`a dialog opened: ${d.message()}`);
    void d.dismiss();
  });
  page.on('request', (r) => {
    const u = r.url();
    if (!u.startsWith(`${base}/`) && !u.startsWith('data:')) problems.push(`request to elsewhere: ${u}`);
  });
  await page.addInitScript(`addEventListener('securitypolicyviolation', (e) =>
    console.error('VIGIL-POLICY', e.violatedDirective, e.blockedURI, e.sourceFile + ':' + e.lineNumber, e.sample))`);
  return {
    page,
    context,
    problems,
    expected,
    at: (id) => page.getByTestId(id),
    param: (name) => new URL(page.url()).searchParams.get(name),
    finish: async () => {
      await context.close();
      const odd = refused.filter((r) => !expected.has(r));
      assert.deepEqual([...problems, ...odd.map((r) => `refused: ${r}`)], []);
    },
  };
}

/** Opens a page of the console as its administrator; goes through the login page as a person does. */
export async function signIn(tab: Tab, v: Vigil, path = '/'): Promise<void> {
  await tab.page.goto(v.url + path);
  await tab.at('login-user').fill('admin');
  await tab.at('login-password').fill(v.password);
  await tab.at('login-submit').click();
  await tab.at('live').waitFor();
}

/** Goes to another page of the console without a reload of the whole. */
export async function go(tab: Tab, v: Vigil, path: string): Promise<void> {
  await tab.page.goto(v.url + path);
  await tab.at('live').waitFor();
}

/** Types a search and waits for its answer. */
export async function search(tab: Tab, query: string): Promise<void> {
  await tab.at('search-bar').fill(query);
  const answer = tab.page.waitForResponse((r) => r.url().endsWith('/api/v1/search'));
  await tab.at('search-submit').click();
  await answer;
}

/** Waits until the summary of the search page says this many events. */
export async function foundEvents(tab: Tab, n: number): Promise<void> {
  const text = n === 1 ? '1 event' : `${n.toLocaleString('en-US')} events`;
  try {
    await tab.at('search-summary').getByText(text, { exact: true }).waitFor();
  } catch (cause) {
    await shot(tab, 'failed');
    const main = (await tab.page.locator('main').textContent()) ?? '';
    throw new Error(`not '${text}' at ${tab.page.url()}: ${main.slice(0, 400)}`, { cause });
  }
}

export async function shot(tab: Tab, name: string): Promise<void> {
  if (SHOTS === '') return;
  mkdirSync(SHOTS, { recursive: true });
  await tab.page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
