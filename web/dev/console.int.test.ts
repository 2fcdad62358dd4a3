/// <reference types="node" />
/**
 * The console in a real browser against the fixture server: what people do with it, under the product's content policy.
 * Fails on any policy violation, console error or request to another origin. Builds web/dist first.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser, watchPage } from './browser.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SERVER = join(import.meta.dirname, 'fixture-server.ts');

type Fixture = { readonly child: ChildProcess; readonly base: string; readonly port: number };
async function serve(port: number, ...more: string[]): Promise<Fixture> {
  const child = spawn(process.execPath, [SERVER, String(port), ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const found = /:(\d+)/.exec(String(line).slice('fixture console on http://'.length));
  const real = Number(found?.[1]);
  return { child, base: `http://127.0.0.1:${real}`, port: real };
}
async function stop(f: Fixture): Promise<void> {
  f.child.kill();
  await once(f.child, 'exit');
}

let browser: Browser;
let fixture: Fixture;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

before(async () => {
  execFileSync(process.execPath, [
    join(ROOT, 'node_modules/vite/bin/vite.js'),
    'build',
    join(ROOT, 'web'),
    '--logLevel',
    'warn',
  ]);
  fixture = await serve(0);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  if (fixture !== undefined) await stop(fixture);
});

async function open(base: string): Promise<void> {
  await context?.close();
  context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
  });
  context.setDefaultTimeout(8000);
  page = await context.newPage();
  problems.length = 0;
  await watchPage(page, base, (p) => problems.push(p));
}
async function signIn(base: string, path = '/'): Promise<void> {
  await page.goto(base + path);
  await page.getByTestId('login-user').fill('admin');
  await page.getByTestId('login-password').fill('a long pass phrase');
  await page.getByTestId('login-submit').click();
  await page.getByTestId('live').waitFor();
}
const url = (): URL => new URL(page.url());
const q = (): string | null => url().searchParams.get('q');
const clean = (): void => assert.deepEqual(problems, []);

beforeEach(() => open(fixture.base));

test('a wrong password is said; a right one leads to where one wanted to go', async () => {
  await page.goto(`${fixture.base}/rules?id=rule-2`);
  await page.getByTestId('login-user').fill('admin');
  await page.getByTestId('login-password').fill('wrong');
  await page.getByTestId('login-submit').click();
  assert.equal(await page.getByTestId('login-error').textContent(), 'User or password is wrong');
  await page.getByTestId('login-password').fill('right');
  await page.getByTestId('login-submit').click();
  await page.getByTestId('rule-detail').waitFor();
  assert.equal(url().searchParams.get('id'), 'rule-2');
  clean();
});

test('overview: a live rate, every sender with its ledger', async () => {
  await signIn(fixture.base);
  await page.getByTestId('live').and(page.locator('[data-state=live]')).waitFor();
  const rate = page.getByTestId('event-rate');
  await page.waitForFunction(() =>
    /^\d/.test(document.querySelector('[data-testid=event-rate]')?.textContent ?? ''),
  );
  const first = await rate.textContent();
  await page.waitForFunction(
    (old) => document.querySelector('[data-testid=event-rate]')?.textContent !== old,
    first,
  );
  assert.equal(await page.getByTestId('ledger-row').count(), 7);
  assert.match(
    (await page.getByTestId('ledger-row').first().textContent()) ?? '',
    /412,880.*412,868.*balanced/,
  );
  clean();
});

test('clicked values become exact filters; the back button goes back', async () => {
  await signIn(fixture.base, '/search?q=sshd');
  await page.getByTestId('expand').first().click();
  await page.getByTestId('event-fields').waitFor();
  await page.locator('[data-field="we ird \\"name\\""]').click();
  await page.getByTestId('menu-filter-out').click();
  assert.equal(q(), 'sshd AND NOT ("we ird \\"name\\"" == "a*b? OR \\"c\\" \\\\ d")');
  await page.goBack();
  assert.equal(q(), 'sshd');
  await page.getByTestId('search-row').locator('[data-field="source.ip"]').first().click();
  await page.getByTestId('menu-pivot').click();
  assert.equal(q(), 'ip:198.51.100.7');
  assert.equal(url().searchParams.get('from'), '-24h');
  await page.getByTestId('search-row').first().waitFor();
  clean();
});

test('hostile text stays text: control and bidi characters are shown, markup is not run', async () => {
  await signIn(fixture.base, '/search');
  const row = page.getByTestId('search-row').filter({ hasText: 'cache miss' }).first();
  assert.match((await row.textContent()) ?? '', /\\u\{202e\}gnp\.exe\\u\{7\} <script>alert\(1\)<\/script>/);
  await row.getByTestId('expand').click();
  await page.getByTestId('event-fields').getByText('__proto__').waitFor();
  await page.getByTestId('tab-raw').click();
  await page.getByText('not valid UTF-8').waitFor();
  clean();
});

test('an open row is in the URL and open again after a reload', async () => {
  await signIn(fixture.base, '/search');
  await page.getByTestId('expand').nth(3).click();
  await page.getByTestId('tab-json').click();
  const sel = url().searchParams.get('sel');
  assert.ok(sel);
  assert.equal(url().searchParams.get('tab'), 'json');
  await page.reload();
  await page.getByTestId('event-detail').getByText('"__proto__": "a field').waitFor();
  clean();
});

test('older rows are fetched while one scrolls; only some are in the page', async () => {
  await signIn(fixture.base, '/search');
  await page.getByTestId('search-row').first().waitFor();
  for (let i = 0; i < 12; i++) {
    await page.getByTestId('search-results').evaluate((el) => el.scrollTo(0, el.scrollHeight));
    await page.waitForTimeout(120);
  }
  const height = await page.getByTestId('search-results').evaluate((el) => el.scrollHeight);
  assert.ok(height > 400 * 26, `more than two pages of rows, got ${height} px`);
  assert.ok((await page.getByTestId('search-row').count()) < 120);
  clean();
});

test('dragging over the histogram narrows the range', async () => {
  await signIn(fixture.base, '/search?from=-4h&to=now');
  const box = await page.getByTestId('histogram').boundingBox();
  assert.ok(box);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 300, y);
  await page.mouse.down();
  await page.mouse.move(box.x + 600, y, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=\d{16}/);
  const [from, to] = ['from', 'to'].map((k) => Number(url().searchParams.get(k)));
  assert.ok(from !== undefined && to !== undefined && to > from && to - from < 2 * 3600e6);
  clean();
});

test('a query error is underlined where it is; nothing found says whether there was data', async () => {
  await signIn(fixture.base, `/search?q=${encodeURIComponent('sshd AND ((a OR b')}`);
  assert.equal(await page.getByTestId('query-error-mark').textContent(), '((a OR b');
  assert.match(
    (await page.getByTestId('query-error').textContent()) ?? '',
    /A closing parenthesis is missing/,
  );
  await page.getByTestId('query-fix').click();
  assert.equal(await page.getByTestId('search-bar').inputValue(), 'sshd AND ((a OR b))');
  await page.getByTestId('search-bar').fill('nothing');
  await page.keyboard.press('Enter');
  await page.getByText('There are events in this range, but none fits').waitFor();
  await page.getByTestId('search-bar').fill('emptyrange');
  await page.keyboard.press('Enter');
  await page.getByText('No event at all has a time in this range').waitFor();
  clean();
});

test('the queue by keyboard: move, acknowledge, close with a reason', async () => {
  await signIn(fixture.base, '/alerts');
  await page.getByTestId('alert-row').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  const id = await page.getByTestId('alert-row').nth(1).getAttribute('data-id');
  await page.waitForURL(new RegExp(`sel=${id}`));
  const row = page.locator(`[data-id="${id}"]`);
  await page.keyboard.press('a');
  await row.getByText('Acknowledged').waitFor();
  await page.keyboard.press('c');
  await page.getByTestId('close-reason').fill('planned test');
  await page.getByTestId('close-submit').click();
  await row.waitFor({ state: 'detached' });
  await page.keyboard.press('j');
  await page.waitForURL(/sel=/);
  await page.getByTestId('alert-filter').fill('no such text anywhere');
  await page.keyboard.press('Enter');
  await page.getByText('No alert matches these filters').waitFor();
  await page.goto(`${fixture.base}/alerts/${id}`);
  await page.getByTestId('alert-headline').waitFor();
  await page.getByTestId('alert-steps').getByText('closed: Real attack, handled: planned test').waitFor();
  clean();
});

test('an alert page: pivot to everything that the address did', async () => {
  await signIn(fixture.base, '/alerts');
  await page.getByTestId('alert-row').first().getByRole('link').click();
  assert.match(
    (await page.getByTestId('alert-headline').textContent()) ?? '',
    /^Brute force attack detected from 203/,
  );
  await page.getByTestId('alert-pivot').first().click();
  await page.getByTestId('search-row').first().waitFor();
  assert.equal(q(), 'ip:203.0.113.45');
  clean();
});

test('keys: g and a letter, /, ? and Esc; none fires while one types', async () => {
  await signIn(fixture.base);
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.waitForURL(/\/alerts/);
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.waitForURL(/\/search/);
  await page.getByTestId('search-bar').and(page.locator(':focus')).waitFor();
  await page.keyboard.type('gs?/');
  assert.equal(await page.getByTestId('search-bar').inputValue(), 'gs?/');
  clean();
});

test('another tenant: in the URL, over every page, without what was selected', async () => {
  await signIn(fixture.base, '/alerts?sel=x');
  await page.getByTestId('tenant-switch').selectOption('demo');
  await page.waitForURL(/tenant=demo/);
  assert.equal(url().searchParams.get('sel'), null);
  await page.getByTestId('nav-search').click();
  await page.waitForURL(/\/search\?tenant=demo/);
  clean();
});

test('the theme stays chosen', async () => {
  await signIn(fixture.base);
  await page.getByTestId('theme').click();
  await page.reload();
  await page.getByTestId('theme').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset['theme']), 'light');
  clean();
});

test('a secret is shown once', async () => {
  await signIn(fixture.base, '/settings?tab=tokens');
  await page.getByTestId('token-add').click();
  await page.getByTestId('token-name').fill('web');
  await page.getByTestId('token-submit').click();
  assert.match((await page.getByTestId('secret').textContent()) ?? '', /^vgl_/);
  clean();
});

test('without logs every page says what to do next', async () => {
  const empty = await serve(0, 'empty');
  try {
    await open(empty.base);
    await signIn(empty.base);
    await page.getByText('*.* @@127.0.0.1:5514').first().waitFor();
    for (const [path, text] of [
      ['/search', 'There is nothing to search in this range'],
      ['/alerts', 'No open alerts'],
      ['/senders', 'No logs yet'],
    ] as const) {
      await page.goto(empty.base + path);
      await page.getByText(text).first().waitFor();
    }
    clean();
  } finally {
    await stop(empty);
  }
});

test('a lost connection is said, and live again when the server is back', async () => {
  const first = await serve(0);
  await open(first.base);
  await signIn(first.base);
  await page.getByTestId('live').and(page.locator('[data-state=live]')).waitFor();
  await stop(first);
  await page.getByTestId('live').and(page.locator('[data-state=lost]')).waitFor();
  const again = await serve(first.port);
  try {
    await page.getByTestId('live').and(page.locator('[data-state=live]')).waitFor({ timeout: 15_000 });
  } finally {
    await stop(again);
  }
});
