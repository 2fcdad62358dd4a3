/**
 * Every page in dark and light with an attacker's text on it: no violation of the content policy, no error, no request to
 * elsewhere, no script run. A clicked value matches only itself. Links fill in a search and change nothing. What is wrong
 * with a query, an empty answer and a lost connection are said.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { sleep, startVigil, type Vigil } from '../support/vigil.ts';
import {
  foundEvents,
  go,
  openBrowser,
  openTab,
  type Scheme,
  search,
  shot,
  signIn,
  type Tab,
} from './browser.ts';
import { rfc3164, sshLine } from './syslog-lines.ts';

/** Values as attackers and odd systems write them. Several would match others if they were patterns or query text. */
const HOSTILE = [
  'a*b',
  'axxb',
  'a?b',
  'axb',
  'x OR y',
  'x',
  'q"u"o"te',
  "' OR 1=1 --",
  'back\\slash',
  'back\\\\slash',
  '*',
  '?',
  'NOT',
  '/a.b/',
  'a|b | head 1',
  '(unclosed',
  '\u202egnp.exe',
  'bell\u0007 esc\u001b[31m nul\u0000 tab\t',
  'two\nlines',
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '</pre><svg/onload=alert(1)>',
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'constructor',
  'x'.repeat(6000),
  '\u{1d54f}\u0301\u200b\ufeff',
] as const;
const ATTACKER = '198.51.100.66';

let v: Vigil;
let browser: Browser;
let alertId = '';

before(async () => {
  browser = await openBrowser();
  v = await startVigil({ startMsMax: 60_000 });
  const token = await v.token('ingest');
  const odd = HOSTILE.map((value, i) => ({
    message: `hostile ${i} ${value}`,
    user: { name: value },
    host: { name: value },
    odd: value,
    'we ird "name"': value,
    '<b>name</b>': value,
    // A computed name makes a key of its own, not a prototype.
    ['__proto__']: { polluted: value },
    constructor: value,
  }));
  const body = odd.map((o) => JSON.stringify(o)).join('\n');
  const answer = await v.ingest(token, body, { 'content-type': 'application/x-ndjson' });
  assert.equal(answer.body.accepted, HOSTILE.length);
  const bad = '<img src=x onerror=alert(1)>';
  await v.syslogTcp([
    ...Array.from({ length: 11 }, (_, i) => sshLine({ host: 'web01', ip: ATTACKER, user: `${bad}${i}` })),
    rfc3164('web01', 'app', `\u202e\u001b]0;title\u0007 ${bad} "' \u0001`),
  ]);
  await v.until(async () => (await v.alerts()).total >= 1, 'the alert');
  await v.settled();
  alertId = (await v.alerts()).alerts[0]?.id ?? '';
});
after(async () => {
  await browser?.close();
  await v?.[Symbol.asyncDispose]();
});

async function withTab(scheme: Scheme, path: string, use: (tab: Tab) => Promise<void>): Promise<void> {
  const tab = await openTab(browser, v.url, scheme);
  await signIn(tab, v, path);
  await use(tab);
  await tab.finish();
}

for (const scheme of ['dark', 'light'] as const) {
  test(`every page, ${scheme}, with hostile text: nothing runs, nothing is violated`, async () => {
    await withTab(scheme, '/', async (tab) => {
      const pages: readonly (readonly [string, string, string])[] = [
        ['overview', '/', 'ledger-row'],
        ['search', '/search', 'search-row'],
        ['fields', '/search?q=hostile&fields=1', 'search-row'],
        ['table', `/search?q=${encodeURIComponent('hostile | stats count() by user.name')}`, 'pipe-row'],
        ['alerts', '/alerts', 'alert-row'],
        ['alert', `/alerts/${alertId}`, 'alert-headline'],
        ['senders', '/senders', 'ledger-row'],
        ['rules', '/rules', 'rule-row'],
        ['settings', '/settings', 'nav-settings'],
        ['users', '/settings?tab=users', 'user-row'],
        ['tokens', '/settings?tab=tokens', 'token-row'],
        ['lists', '/settings?tab=lists', 'nav-settings'],
        ['audit', '/settings?tab=audit', 'audit-row'],
        ['nothing', '/no/such/page', 'none'],
      ];
      for (const [name, path, sign] of pages) {
        await tab.page.goto(v.url + path);
        if (sign === 'none') await tab.page.getByText('There is no such page').waitFor();
        else await tab.at(sign).first().waitFor();
        await shot(tab, `page-${name}-${scheme}`);
        assert.deepEqual(tab.problems, [], `on ${path}`);
      }
      await go(tab, v, '/rules');
      await tab.at('rule-row').first().getByRole('button').click();
      await tab.at('rule-detail').waitFor();
      await shot(tab, `page-rule-${scheme}`);
      if (scheme === 'dark') await openEveryView(tab);
    });
  });
}

/** The events with markup and control characters, opened in each of their views. */
async function openEveryView(tab: Tab): Promise<void> {
  for (const part of ['onerror', 'bell', 'xxxxxxxx']) {
    await tab.page.goto(`${v.url}/search?q=${encodeURIComponent(`hostile ${part}*`)}`);
    await tab.at('expand').first().click();
    await tab.at('event-fields').waitFor();
    await tab.at('event-fields').getByText('__proto__.polluted').waitFor();
    await tab.at('tab-json').click();
    await tab.at('event-detail').getByText('"__proto__.polluted"').waitFor();
    await tab.at('tab-raw').click();
    await tab.at('event-raw').waitFor();
  }
  assert.equal(await tab.page.locator('main img').count(), 0, 'no markup of events became elements');
  assert.equal(await tab.page.evaluate('({}).polluted === undefined'), true);
}

test('control and bidi characters are shown, not obeyed', async () => {
  await withTab('dark', `/search?q=${encodeURIComponent('title')}`, async (tab) => {
    const text = (await tab.at('search-row').first().textContent()) ?? '';
    assert.match(text, /\\u\{202e\}/);
    assert.match(text, /\\u\{1b\}/);
    assert.doesNotMatch(text, /[\u0000-\u0008\u000e-\u001f\u202e]/);
  });
});

test('a value clicked as a filter matches only itself, and its opposite all the others', async () => {
  await withTab('dark', '/search', async (tab) => {
    await search(tab, 'hostile');
    await foundEvents(tab, HOSTILE.length);
    for (const i of HOSTILE.keys()) {
      await clickUser(tab, i);
      await tab.at('menu-filter-in').click();
      await foundEvents(tab, 1);
      await hostileRow(tab, i).waitFor();
      await tab.page.goBack();
      await foundEvents(tab, HOSTILE.length);
    }
    for (const i of [0, 4, 6, 8, 10, 17]) {
      await clickUser(tab, i);
      await tab.at('menu-filter-out').click();
      await foundEvents(tab, HOSTILE.length - 1);
      assert.equal(await hostileRow(tab, i).count(), 0);
      await tab.page.goBack();
      await foundEvents(tab, HOSTILE.length);
    }
  });
});

const hostileRow = (tab: Tab, i: number): Locator =>
  tab.at('search-row').filter({ hasText: new RegExp(`hostile ${i}(?!\\d)`) });

/** The value of `user.name` in the row of the i-th hostile event. */
async function clickUser(tab: Tab, i: number): Promise<void> {
  await hostileRow(tab, i).locator('[data-field="user.name"]').click();
}

test('fields with odd names filter exactly too', async () => {
  await withTab('dark', '/search?q=hostile', async (tab) => {
    for (const field of ['we ird "name"', '<b>name</b>', '__proto__.polluted', 'constructor', 'odd']) {
      await search(tab, 'hostile');
      await hostileRow(tab, 4).getByTestId('expand').click();
      await tab
        .at('event-fields')
        .locator(`[data-field=${JSON.stringify(field)}]`)
        .click();
      await tab.at('menu-filter-in').click();
      await foundEvents(tab, 1);
      await hostileRow(tab, 4).waitFor();
    }
  });
});

test('a link fills in a search and changes nothing', async () => {
  const audit = async (): Promise<readonly { action: string }[]> => v.get('/audit?limit=500');
  const before = await audit();
  await withTab('dark', `/alerts/${alertId}?status=closed&reason=x`, async (tab) => {
    const wrote: string[] = [];
    tab.page.on('request', (r) => {
      const path = new URL(r.url()).pathname;
      // A search is a question, though its text travels in a POST; so is asking for help with it.
      if (r.method() !== 'GET' && !/^\/api\/v1\/search(\/assist)?$/.test(path))
        wrote.push(`${r.method()} ${path}`);
    });
    for (const path of [
      `/alerts/${alertId}?status=closed`,
      `/alerts?sel=${alertId}&status=closed&action=close`,
      '/search?q=hostile%20%7C%20head%201&run=1',
      '/settings?tab=tokens&action=create&name=evil&scope=admin',
      '/settings?tab=users&user=evil&role=admin',
      '/rules?id=x&status=disabled',
      '/senders?tenant=other',
      '/login?next=https%3A%2F%2Fexample.com%2F',
      '/login?next=%2F%2Fexample.com',
    ]) {
      if (path.includes('tenant=other')) tab.expected.add('404 /api/v1/ledger').add('403 /api/v1/ledger');
      await tab.page.goto(v.url + path);
      await tab.page.locator('[data-testid=live], [data-testid=login-user]').first().waitFor();
      await sleep(300);
      assert.ok(tab.page.url().startsWith(`${v.url}/`), tab.page.url());
    }
    assert.deepEqual(wrote, []);
    tab.problems.length = 0;
    for (const p of ['alerts', 'live', 'overview', 'senders', 'ledger', 'rules', 'status', 'search'])
      for (const s of [400, 403, 404]) tab.expected.add(`${s} /api/v1/${p}`);
  });
  assert.equal((await v.alerts()).alerts[0]?.status, 'new');
  const changes = (await audit())
    .slice(0, -before.length || undefined)
    .filter((a) => !/^(login|session|search|audit)/.test(a.action));
  assert.deepEqual(changes, []);
});

test('an answer to a link over GET alone never changes state', async () => {
  for (const path of [
    `/alerts/${alertId}/status?status=closed`,
    '/session/password?next=x',
    '/tokens/x?_method=DELETE',
  ]) {
    const r = await v.api('GET', path);
    assert.ok(r.status === 404 || r.status === 405, `${path}: ${r.status}`);
  }
  assert.equal((await v.alerts()).alerts[0]?.status, 'new');
});

test('a query error is shown where it stands, with what would be right; one click mends it', async () => {
  await withTab('dark', '/search', async (tab) => {
    tab.expected.add('400 /api/v1/search');
    await search(tab, 'hostile | stat count()');
    const error = tab.at('query-error');
    await error.waitFor();
    assert.equal(await tab.at('query-error-mark').textContent(), 'stat');
    assert.equal(await tab.at('query-fix').textContent(), 'stats');
    await shot(tab, 'query-error');
    await tab.at('query-fix').click();
    assert.equal(await tab.at('search-bar').inputValue(), 'hostile | stats count()');
    await tab
      .at('pipe-row')
      .filter({ hasText: String(HOSTILE.length) })
      .waitFor();
    await search(tab, 'hostile AND (user.name == "x"');
    assert.match((await error.textContent()) ?? '', /parenthes/);
  });
});

test('what may come next is offered while typing, by keyboard', async () => {
  await withTab('dark', '/search', async (tab) => {
    const bar = tab.at('search-bar');
    const list = tab.at('search-completions');
    await bar.click();
    await tab.page.keyboard.type('user.na');
    await list.getByText('user.name:', { exact: true }).waitFor();
    await tab.page.keyboard.press('Tab');
    assert.equal(await bar.inputValue(), 'user.name:');
    await tab.page.keyboard.type('"x" | hea');
    await list.getByText('head', { exact: true }).waitFor();
    await tab.page.keyboard.press('ArrowDown');
    await tab.page.keyboard.press('Enter');
    assert.equal(await bar.inputValue(), 'user.name:"x" | head');
    // Enter without a choice searches for what stands there.
    await tab.page.keyboard.type(' 1');
    const answer = tab.page.waitForResponse((r) => r.url().endsWith('/api/v1/search'));
    await tab.page.keyboard.press('Enter');
    assert.equal((await answer).status(), 200);
    await list.waitFor({ state: 'detached' });
  });
});

test('nothing found: it says whether there was anything to search', async () => {
  await withTab('dark', '/search?q=nobodywrotethis', async (tab) => {
    await tab.at('search-empty').getByText('There are events in this range, but none fits').waitFor();
    await shot(tab, 'search-none');
    const from = Date.UTC(2001, 0, 1) * 1000;
    await tab.page.goto(`${v.url}/search?q=hostile&from=${from}&to=${from + 3600e6}`);
    await tab.at('search-empty').getByText('No event at all has a time in this range').waitFor();
  });
});

test('the server goes away: the page says so; it comes back: live again by itself', async () => {
  const tab = await openTab(browser, v.url);
  await signIn(tab, v, '/alerts');
  const state = (s: string): Promise<void> =>
    tab
      .at('live')
      .and(tab.page.locator(`[data-state=${s}]`))
      .waitFor({ timeout: 20_000 });
  await state('live');
  await v.stop();
  await state('lost');
  await tab.page.getByText('Not live').waitFor();
  await shot(tab, 'lost');
  assert.equal(
    await tab.at('alert-row').filter({ hasText: ATTACKER }).count(),
    2,
    'what was read stays readable',
  );
  await sleep(500);
  await v.start();
  await state('live');
  await v.syslogTcp(
    Array.from({ length: 11 }, (_, i) =>
      sshLine({ host: 'db01', ip: '198.51.100.77', user: 'root', port: 40_000 + i }),
    ),
  );
  await tab.at('alert-row').filter({ hasText: '198.51.100.77' }).waitFor();
  await tab.context.close();
  const odd = tab.problems.filter(
    (p) => !/ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET/.test(p),
  );
  assert.deepEqual(odd, []);
});
