/// <reference types="node" />
/**
 * Development only: opens each page of the console in a real browser against the fixture server, at 1440x900 in both
 * themes, saves screenshots, and fails on any content-policy violation or console error.
 * `node web/dev/look.ts OUT_FOLDER [only-this-name]` (start web/dev/fixture-server.ts first; base URL in LOOK_URL).
 */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openBrowser, watchPage } from './browser.ts';

const BASE = process.env['LOOK_URL'] ?? 'http://127.0.0.1:8599';
const OUT = process.argv[2] ?? '.';
const ONLY = process.argv[3] ?? '';
type Look = { readonly name: string; readonly path: string; readonly act?: (p: Page) => Promise<void> };
const LOOKS: readonly Look[] = [
  { name: 'overview', path: '/', act: (p) => p.waitForTimeout(2500) },
  { name: 'search', path: '/search' },
  {
    name: 'search-open',
    path: '/search?q=sshd&from=-4h&to=now',
    act: async (p) => {
      await p.getByTestId('expand').nth(2).click();
      await p.getByTestId('event-fields').waitFor();
      await p.getByTestId('field').first().click();
      await p.getByTestId('event-fields').locator('[data-field="source.ip"]').click();
    },
  },
  {
    name: 'search-raw',
    path: '/search',
    act: async (p) => {
      await p.getByTestId('expand').nth(1).click();
      await p.getByTestId('tab-raw').click();
      await p.getByText('Show exact bytes').click();
    },
  },
  { name: 'search-error', path: `/search?q=${encodeURIComponent('sshd AND ((user.name == "root" OR x')}` },
  { name: 'search-none', path: '/search?q=nothing' },
  {
    name: 'search-pipe',
    path: `/search?q=${encodeURIComponent('event.outcome == "failure" | stats count() by source.ip | sort -count | head 10')}`,
  },
  { name: 'search-failed', path: '/search?q=boom' },
  { name: 'range', path: '/search?from=-7d&to=now', act: (p) => p.getByTestId('range').click() },
  {
    name: 'alerts',
    path: '/alerts',
    act: async (p) => {
      await p.keyboard.press('j');
      await p.keyboard.press('j');
    },
  },
  {
    name: 'alert-close',
    path: '/alerts',
    act: async (p) => {
      await p.keyboard.press('j');
      await p.keyboard.press('c');
    },
  },
  {
    name: 'alert',
    path: '/alerts',
    act: async (p) => {
      await p.keyboard.press('j');
      await p.keyboard.press('Enter');
      await p.getByTestId('alert-headline').waitFor();
      await p.getByTestId('alert-event').first().click();
    },
  },
  {
    name: 'senders',
    path: '/senders',
    act: (p) => p.getByTestId('ledger-row').nth(3).getByRole('button').first().click(),
  },
  { name: 'rules', path: '/rules' },
  { name: 'rule', path: '/rules?id=rule-2' },
  { name: 'settings-users', path: '/settings' },
  {
    name: 'settings-token',
    path: '/settings?tab=tokens',
    act: async (p) => {
      await p.getByTestId('token-add').click();
      await p.getByTestId('token-name').fill('web servers');
      await p.getByTestId('token-submit').click();
      await p.getByTestId('secret').waitFor();
    },
  },
  { name: 'settings-lists', path: '/settings?tab=lists' },
  { name: 'settings-audit', path: '/settings?tab=audit' },
  { name: 'settings-system', path: '/settings?tab=system' },
  { name: 'help', path: '/', act: (p) => p.keyboard.press('?') },
  { name: 'tenant', path: '/alerts?tenant=demo' },
  { name: 'missing', path: '/nowhere' },
];

const problems: string[] = [];
async function signIn(page: Page): Promise<void> {
  await page.goto(`${BASE}/`);
  await page.waitForTimeout(800);
  await page.screenshot({ path: join(OUT, 'start.png') });
  await page.getByTestId('login-user').fill('admin', { timeout: 5000 });
  await page.getByTestId('login-password').fill('a long pass phrase');
  await page.screenshot({ path: join(OUT, 'login.png') });
  await page.getByTestId('login-submit').click();
  await page.getByTestId('event-rate').waitFor();
}

const chrome = await openBrowser();
for (const theme of ['dark', 'light'] as const) {
  const context = await chrome.newContext({
    locale: 'en-US',
    viewport: { width: 1440, height: 900 },
    colorScheme: theme,
  });
  context.setDefaultTimeout(5000);
  const page = await context.newPage();
  let now = 'login';
  await watchPage(page, BASE, (p) => problems.push(`${theme} ${now}: ${p}`));
  await signIn(page).catch((e) => {
    console.log(problems.join('\n'));
    throw e;
  });
  for (const look of LOOKS) {
    if (ONLY !== '' && !look.name.startsWith(ONLY)) continue;
    now = look.name;
    try {
      await page.goto(`${BASE}${look.path}`);
      await page.waitForTimeout(500);
      await look.act?.(page);
      await page.waitForTimeout(400);
    } catch (e) {
      problems.push(`${theme} ${now}: ${String(e).slice(0, 300)}`);
    }
    await page.screenshot({ path: join(OUT, `${look.name}-${theme}.png`) });
  }
  await context.close();
}
await chrome.close();
console.log(problems.length === 0 ? 'no problems' : problems.join('\n'));
process.exitCode = problems.length === 0 ? 0 : 1;
