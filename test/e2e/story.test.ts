/**
 * What a person does with Vigil in the first minutes, in a real browser on a real Vigil: log in, point syslog at it, find the
 * lines, fumble a password eleven times, read the alert, look at what the address did, close it, and check that nothing was
 * missed. The steps build on each other.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startVigil, type Vigil } from '../support/vigil.ts';
import { foundEvents, go, openBrowser, openTab, search, shot, signIn, type Tab } from './browser.ts';
import { counted, rfc3164, rfc5424, sshLine, sshText } from './syslog-lines.ts';

const ATTACKER = '203.0.113.45';
/** From the last byte sent to the alert on the screen, milliseconds. */
const ALERT_SEEN_MS_MAX = 3000;

let v: Vigil;
let browser: Browser;
let tab: Tab;
/** Every message that this test has sent, by what the ledger must say of it. */
const sent = { messages: 0, bytes: 0 };

before(async () => {
  browser = await openBrowser();
  v = await startVigil({ startMsMax: 30_000 });
  tab = await openTab(browser, v.url);
});
after(async () => {
  await browser?.close();
  await v?.[Symbol.asyncDispose]();
});

/** One connection, as rsyslog keeps it: framed by newlines, or counted in octets. */
async function send(lines: readonly string[], framing: 'newline' | 'counted' = 'newline'): Promise<void> {
  sent.messages += lines.length;
  sent.bytes += lines.reduce((n, l) => n + Buffer.byteLength(l), 0);
  const bytes = lines.map((l) => (framing === 'counted' ? counted(l) : `${l}\n`)).join('');
  const socket = connect(v.syslogPort, '127.0.0.1');
  socket.resume();
  socket.end(bytes);
  await new Promise((done, failed) => {
    socket.once('close', done);
    socket.once('error', failed);
  });
}

const text = async (id: string): Promise<string> => (await tab.at(id).first().textContent()) ?? '';
const row = (part: string) => tab.at('search-row').filter({ hasText: part });

test('log in with the password that was handed over', async () => {
  await signIn(tab, v);
  assert.equal(new URL(tab.page.url()).pathname, '/');
  assert.equal(await tab.page.title(), 'Overview · Vigil');
  await tab.page.getByText('*.* @@127.0.0.1:').first().waitFor();
  await shot(tab, 'overview-empty');
});

test('lines sent by syslog in every framing are found within seconds', async () => {
  await send([
    rfc3164(
      'web01',
      'sshd[811]',
      'Accepted publickey for alice from 10.0.1.5 port 40022 ssh2: ED25519 SHA256:abcdefghijklmnop',
    ),
    rfc3164(
      'web01',
      'sudo',
      '   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt update',
    ),
  ]);
  await send([rfc5424('db01', 'CRON', 99, '(root) CMD (/usr/local/bin/backup --all)')]);
  await send(
    [
      rfc3164('mail01', 'kernel', 'something with words nobody else uses: zanzibar 42'),
      rfc5424('mail01', 'app', 7, 'an umlaut in a counted frame: Zürich'),
    ],
    'counted',
  );
  const from = performance.now();
  await go(tab, v, '/search');
  for (;;) {
    await search(tab, '');
    if ((await tab.at('search-summary').getByText('5 events', { exact: true }).count()) === 1) break;
    assert.ok(
      performance.now() - from < 5000,
      `5 events within seconds, not: ${await text('search-summary')}`,
    );
  }
  console.log(`# wire to search page: ${Math.round(performance.now() - from)} ms`);
  await row('Zürich').waitFor();
  await search(tab, 'zanzibar');
  await foundEvents(tab, 1);
  await search(tab, 'user.name == "alice"');
  await foundEvents(tab, 2);
  await shot(tab, 'search');
});

test('a row opens: fields, JSON, raw bytes; the URL holds it over a reload', async () => {
  await search(tab, 'publickey');
  await row('Accepted publickey').getByTestId('expand').click();
  const fields = tab.at('event-fields');
  await fields.waitFor();
  const all = (await fields.textContent()) ?? '';
  for (const part of [
    'source.ip10.0.1.5',
    'user.namealice',
    'host.nameweb01',
    'event.outcomesuccess',
    'source.port40022',
  ])
    assert.ok(all.includes(part), `${part} among the fields: ${all}`);
  await shot(tab, 'search-open');
  await tab.at('tab-json').click();
  await tab.at('event-detail').getByText('"user.name": "alice"').waitFor();
  await tab.at('tab-raw').click();
  assert.match(
    await text('event-raw'),
    /^<38>\w{3} [ \d]\d [\d:]{8} web01 sshd\[811\]: Accepted publickey for alice/,
  );
  const url = tab.page.url();
  await tab.page.reload();
  assert.match(await text('event-raw'), /Accepted publickey for alice/);
  assert.equal(tab.page.url(), url);
  assert.equal(await tab.at('search-bar').inputValue(), 'publickey');
});

test('a click on a value filters in and out; back and forward go back and forward', async () => {
  await search(tab, '');
  await foundEvents(tab, 5);
  await row('Zürich').locator('[data-field="host.name"]').click();
  await tab.at('menu-filter-in').click();
  await foundEvents(tab, 2);
  assert.equal(tab.param('q'), 'host.name == "mail01"');
  await row('zanzibar').locator('[data-field="vigil.source"]').click();
  await tab.at('menu-filter-out').click();
  await tab.page.waitForURL(/NOT/);
  const narrowed = tab.param('q') ?? '';
  assert.match(narrowed, /^host\.name == "mail01" AND NOT \(vigil\.source == "[\w-]+"\)$/);
  await tab.page.goBack();
  await foundEvents(tab, 2);
  assert.equal(tab.param('q'), 'host.name == "mail01"');
  await tab.page.goBack();
  await foundEvents(tab, 5);
  await tab.page.goForward();
  await foundEvents(tab, 2);
  assert.equal(await tab.at('search-bar').inputValue(), 'host.name == "mail01"');
});

test('eleven failed passwords: the alert comes up by itself on the open queue', async () => {
  await go(tab, v, '/alerts');
  await tab.at('live').and(tab.page.locator('[data-state=live]')).waitFor();
  await tab.page.getByText('No open alerts').waitFor();
  let navigations = 0;
  tab.page.on('framenavigated', () => navigations++);
  const tries = (n: number, from: number): string[] =>
    Array.from({ length: n }, (_, i) =>
      sshLine({ host: 'web01', ip: ATTACKER, user: 'root', port: 50_000 + from + i }),
    );
  await send(tries(10, 0));
  await v.until(
    async () => (await v.count(`source.ip == "${ATTACKER}"`)) === 10,
    'ten failures to be stored',
  );
  await v.settled();
  assert.equal((await v.alerts()).total, 0, 'ten failures are no alert yet');
  const from = performance.now();
  await send(tries(1, 10));
  await tab.at('alert-row').waitFor();
  const ms = performance.now() - from;
  console.log(`# wire to alert on the screen: ${Math.round(ms)} ms`);
  assert.ok(ms < ALERT_SEEN_MS_MAX, `seen after ${Math.round(ms)} ms`);
  assert.equal(navigations, 0, 'without a reload');
  assert.equal(await tab.at('alert-row').count(), 1);
  await shot(tab, 'alerts');
});

test('the alert says who did what where, how grave, how it is known, and what to do', async () => {
  await tab.page.keyboard.press('j');
  await tab.page.waitForURL(/sel=/);
  await tab.page.keyboard.press('Enter');
  await tab.page.waitForURL(/\/alerts\/[^?]+/);
  assert.equal(
    await text('alert-headline'),
    `Brute force attack detected from ${ATTACKER} targeting SSH on 1 server (web01)`,
  );
  const page = (await tab.page.locator('main').textContent()) ?? '';
  for (const part of [
    'High',
    'T1110.001',
    'Brute force: Password guessing',
    '11 occurrences',
    'What to do next',
    'Block the address at the firewall',
  ])
    assert.ok(page.includes(part), `'${part}' on the alert's page: ${page}`);
  assert.equal(await tab.at('alert-event').count(), 11);
  await shot(tab, 'alert');
});

test('from the alert to everything that the address did in the last 24 hours', async () => {
  await tab.at('alert-pivot').filter({ hasText: ATTACKER }).click();
  await tab.at('search-row').first().waitFor();
  // An alert is seen before its newest event can be searched (within 2 s): whoever is quicker searches again.
  await v.until(
    async () => (await v.count(`source.ip == "${ATTACKER}"`)) === 11,
    'all eleven to be found',
    2000,
  );
  await tab.page.getByLabel('Search again, up to now').click();
  await foundEvents(tab, 11);
  assert.equal(tab.param('q'), `ip:${ATTACKER}`);
  assert.equal(tab.param('from'), '-24h');
  assert.equal(await row('Failed password for root').count(), 11);
  await tab.page.goBack();
  await tab.at('alert-headline').waitFor();
});

test('acknowledged; a login that succeeds raises the same alert under the eyes of who reads it', async () => {
  await tab.at('acknowledge').click();
  await tab
    .at('alert-steps')
    .getByText(/acknowledged/i)
    .first()
    .waitFor();
  await send([sshLine({ host: 'web01', ip: ATTACKER, user: 'root', ok: true, port: 50_100 })]);
  await tab.at('alert-headline').filter({ hasText: 'then a successful login as root on web01' }).waitFor();
  await tab.page.locator('main').getByText('Critical').first().waitFor();
  await tab.page.getByText('Treat the account as taken over').waitFor();
  const alerts = await v.alerts();
  assert.equal(alerts.alerts.filter((a) => a.sentence.includes(ATTACKER)).length, 1, 'raised, not doubled');
  assert.equal(alerts.alerts[0]?.severity, 'critical');
  await shot(tab, 'alert-raised');
});

test('closed with a reason; the queue is empty, the closed one is kept', async () => {
  await tab.at('close').click();
  await tab.at('close-reason').fill('the machine was taken off the net');
  await tab.at('close-submit').click();
  await tab
    .at('alert-steps')
    .getByText(/the machine was taken off the net/)
    .waitFor();
  await go(tab, v, '/alerts');
  await tab.page.getByText('No open alerts').waitFor();
  await go(tab, v, '/alerts?status=closed');
  await tab.at('alert-row').filter({ hasText: ATTACKER }).waitFor();
});

test('the senders page accounts for every message that was sent', async () => {
  await v.settled();
  await go(tab, v, '/senders');
  const line = tab.at('ledger-row').filter({ hasText: 'syslog-tcp' });
  await line.waitFor();
  const cells = (await line.locator('td.num').allTextContents()).map(Number);
  assert.deepEqual(
    cells,
    [sent.messages, sent.messages, 0, 0, 0],
    'received, stored, dropped, quarantined, waiting',
  );
  assert.match((await line.textContent()) ?? '', /127\.0\.0\.1.*balanced/);
  assert.equal(await tab.at('ledger-row').count(), 1);
  await line.getByRole('button').click();
  await tab.at('ledger-minute').first().waitFor();
  const minutes = await tab.at('ledger-minute').locator('td.num:nth-child(2)').allTextContents();
  assert.equal(
    minutes.reduce((n, t) => n + Number(t), 0),
    sent.messages,
    'the minutes add up',
  );
  const ledger = (await v.ledger()).totals[0];
  assert.equal(ledger?.bytes, sent.bytes, 'the ledger counts the bytes of the messages');
  assert.equal(await v.count(''), sent.messages, 'the store holds as many');
  await shot(tab, 'senders');
});

test('overview: the rate moves, the attacker and the host lead the lists', async () => {
  await go(tab, v, '/');
  const rate = tab.at('event-rate');
  await rate.filter({ hasText: /^0/ }).waitFor();
  const stop = keepSending();
  await rate.filter({ hasText: /^[1-9]|^0\.[1-9]/ }).waitFor();
  await stop();
  await v.settled();
  await go(tab, v, '/');
  const main = tab.page.locator('main');
  await main.locator('[data-field="source.ip"]', { hasText: ATTACKER }).first().waitFor();
  await main.locator('[data-field="host.name"]', { hasText: 'web01' }).first().waitFor();
  await shot(tab, 'overview');
  await main.locator('[data-field="source.ip"]', { hasText: ATTACKER }).first().click();
  await tab.at('menu-filter-in').click();
  await foundEvents(tab, 12);
});

/** A few lines a second until stopped. */
function keepSending(): () => Promise<void> {
  let on = true;
  const done = (async () => {
    while (on) {
      await send([rfc3164('web01', 'app', sshText({ host: 'x', ip: '10.9.9.9', user: 'u' }).slice(0, 4))]);
      await new Promise((r) => setTimeout(r, 120));
    }
  })();
  return async () => {
    on = false;
    await done;
  };
}

test('the keyboard alone: /, g o, g s, g a, j, k, Enter, ?, Esc', async () => {
  const { keyboard } = tab.page;
  await go(tab, v, '/');
  const chord = async (second: string, path: RegExp): Promise<void> => {
    await keyboard.press('g');
    await keyboard.press(second);
    await tab.page.waitForURL(path);
  };
  await chord('a', /\/alerts$/);
  await chord('o', /\/$/);
  await chord('s', /\/search$/);
  await tab.at('search-row').first().waitFor();
  await keyboard.press('Escape');
  await keyboard.press('j');
  await keyboard.press('j');
  await keyboard.press('k');
  await keyboard.press('Enter');
  await tab.at('event-detail').waitFor();
  const opened = tab.param('sel');
  assert.equal(opened, await firstRowId(), 'j j k stands on the first row');
  await keyboard.press('Escape');
  await tab.at('event-detail').waitFor({ state: 'detached' });
  await keyboard.press('?');
  await tab.page.getByRole('dialog').getByText('Acknowledge the alert').waitFor();
  await shot(tab, 'help');
  await keyboard.press('Escape');
  await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
  await chord('a', /\/alerts$/);
  await keyboard.press('/');
  await tab.page.waitForURL(/\/search/);
  await tab.at('search-bar').and(tab.page.locator(':focus')).waitFor();
  await keyboard.type('ga?/');
  assert.equal(await tab.at('search-bar').inputValue(), 'ga?/', 'keys are text while one types');
});

async function firstRowId(): Promise<string> {
  return (await v.search('', { limit: 1 })).rows[0]?.id ?? '';
}

test('dark or light as one likes, kept over a reload', async () => {
  await go(tab, v, '/');
  const theme = (): Promise<unknown> => tab.page.evaluate('document.documentElement.dataset.theme');
  const ground = (): Promise<unknown> => tab.page.evaluate('getComputedStyle(document.body).backgroundColor');
  assert.equal(await theme(), 'dark');
  const dark = await ground();
  await tab.at('theme').click();
  await tab.page.reload();
  await tab.at('theme').waitFor();
  assert.equal(await theme(), 'light');
  assert.notEqual(await ground(), dark);
});

test('signed out is signed out; no page complained on the way', async () => {
  // What was on its way while one signs out is refused.
  for (const path of ['alerts', 'live', 'overview', 'senders', 'ledger', 'rules', 'status'])
    tab.expected.add(`401 /api/v1/${path}`);
  await tab.at('user-menu').click();
  await tab.at('menu-sign-out').click();
  await tab.at('login-user').waitFor();
  await tab.page.goto(`${v.url}/alerts`);
  await tab.at('login-user').waitFor();
  await tab.finish();
});
