import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../base/log.ts';
import { loadConfig } from '../config/load.ts';
import { type App, type AppOptions, openApp } from './app.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'vigil-app-'));
const said: string[] = [];
const posted: { headers: Record<string, unknown>; body: string }[] = [];
const hook = createServer((req, res) => {
  let body = '';
  req.on('data', (c) => {
    body += String(c);
  });
  req.on('end', () => {
    posted.push({ headers: req.headers, body });
    res.end('ok');
  });
});
let app: App;

function options(more: readonly (readonly [string, unknown])[] = []): AppOptions {
  const set = new Map<string, unknown>([
    ['data', join(dir, 'data')],
    ['console.port', 0],
    ['syslog.port', 0],
    ['syslog.tlsPort', 0],
    ['collect.hostLogs', false],
    ['zone', 'UTC'],
    ['lists', { approved_cas: { kind: 'text', values: ['Good CA'] } }],
    [
      'notify.webhook',
      {
        url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`,
        secret: { env: 'HOOK' },
        allowPrivate: true,
      },
    ],
    ...more,
  ]);
  const config = loadConfig({ path: undefined, env: {}, set });
  assert(config.ok, config.ok ? '' : config.error);
  return {
    config: config.value,
    env: { HOOK: 'a-key' },
    root,
    version: '0.0.0',
    log: silentLog,
    serve: true,
    demo: false,
    isTTY: false,
    say: (l) => said.push(l),
  };
}
const open = async (): Promise<App> => {
  const a = await openApp(options());
  assert(a.ok, a.ok ? '' : a.error);
  return a.value;
};

before(async () => {
  process.chdir(dir);
  await new Promise<void>((r) => hook.listen(0, '127.0.0.1', r));
  app = await open();
});
after(async () => {
  await app.close();
  hook.close();
  rmSync(dir, { recursive: true, force: true });
});

async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (let i = 0; i < 150; i++) {
    const v = await ask();
    if (v !== undefined && v !== false) return v;
    await new Promise((r) => setTimeout(r, 60));
  }
  throw new Error(`timed out: ${what}`);
}
async function sendSyslog(lines: readonly string[]): Promise<void> {
  const door = app.doors.find((d) => d.name === 'syslog-tcp');
  const port = Number(/:(\d+)$/.exec(door?.address ?? '')?.[1]);
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((r) =>
    socket.end(lines.map((l) => `${Buffer.byteLength(l)} ${l}`).join(''), () => r()),
  );
}
const alerts = async (title: string) =>
  (await app.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 })).alerts.filter(
    (a) => a.ruleTitle === title,
  );
const failure = (i: number): string =>
  `<38>1 ${new Date().toISOString()} web01 sshd ${5000 + i} - - Failed password for root from 203.0.113.77 port ${40000 + i} ssh2`;

test('eleven failures through the door: one alert, one signed webhook, and once more when it is raised', async () => {
  await sendSyslog(Array.from({ length: 10 }, (_, i) => failure(i)));
  await until('ten stored', async () => ((await app.store.stats()).rows >= 10 ? true : undefined));
  assert.equal((await alerts('Brute force from one address')).length, 0);
  const started = performance.now();
  await sendSyslog([failure(11)]);
  const a = await until('alert', async () => (await alerts('Brute force from one address'))[0]);
  assert(performance.now() - started < 2000, 'an alert within two seconds even on a busy machine');
  assert.equal(a.sentence, 'Brute force attack detected from 203.0.113.77 targeting SSH on 1 server (web01)');
  const first = await until('webhook', () => posted[0]);
  assert.match(String(first.headers['x-vigil-signature']), /^t=\d+,v1=[0-9a-f]{64}$/);
  assert.equal((JSON.parse(first.body) as { sentence: string }).sentence, a.sentence);
  await sendSyslog([
    `<38>1 ${new Date().toISOString()} web01 sshd 6001 - - Accepted password for root from 203.0.113.77 port 41000 ssh2`,
  ]);
  await until('raised', async () =>
    (await alerts('Brute force from one address'))[0]?.severity === 'critical' ? true : undefined,
  );
  await until('told again', () => (posted.length === 2 ? true : undefined));
  await new Promise((r) => setTimeout(r, 500));
  assert.equal(posted.length, 2);
});

const RULE = (title: string, word: string): string => `title: ${title}
id: 11111111-2222-4333-8444-555555555555
status: test
level: medium
taxonomy: ecs
logsource: { product: linux, service: syslog }
detection:
  selection: { message|contains: '${word}' }
  condition: selection
`;
const RULES = join(dir, 'data', 'rules');

test("a rule in the user's folder takes effect without a restart; a broken version keeps the old one and says why", async () => {
  writeFileSync(join(RULES, 'mine.yml'), RULE('My rule', 'xyzzy'));
  await until('loaded', () =>
    app.pipeline.content.rules.rules.some((r) => r.title === 'My rule') ? true : undefined,
  );
  await sendSyslog([`<13>1 ${new Date().toISOString()} web01 tool 1 - - please xyzzy now`]);
  await until('alert of my rule', async () => (await alerts('My rule'))[0]);
  writeFileSync(join(RULES, 'mine.yml'), 'title: [broken');
  await until('problem', () => app.rules.problems.find((p) => p.file.includes('mine.yml')));
  assert(
    app.pipeline.content.rules.rules.some((r) => r.title === 'My rule'),
    'the old version stays in force',
  );
  writeFileSync(join(RULES, 'mine.yml'), RULE('My rule, second', 'plugh'));
  await until('mended', () =>
    app.pipeline.content.rules.rules.some((r) => r.title === 'My rule, second') ? true : undefined,
  );
  assert.equal(app.rules.problems.length, 0);
});

test('a list changed in the console judges the next event; the change survives a restart with the rules in force', async () => {
  const at = app.now();
  await app.control.setList(
    {
      name: 'monitored_domains',
      kind: 'domain',
      values: ['ours.example.com'],
      updatedBy: 'admin',
      validFrom: at,
    },
    {
      at,
      who: 'admin',
      from: '127.0.0.1',
      action: 'list.set',
      object: 'monitored_domains',
      outcome: 'ok',
      detail: '{}',
    },
  );
  await until('list in force', () =>
    app.pipeline.content.lists.get('monitored_domains')?.values.length === 1 ? true : undefined,
  );
  await app.close();
  app = await open();
  assert(app.pipeline.content.rules.rules.some((r) => r.title === 'My rule, second'));
  const issued = {
    event_type: 'certificate_issued',
    domain: 'login.ours.example.com',
    issuer: 'Evil CA',
    serial: '0A1B',
    requester: 'mallory',
    timestamp: new Date().toISOString(),
  };
  await sendSyslog([`<13>1 ${new Date().toISOString()} ca01 clm 1 - - ${JSON.stringify(issued)}`]);
  const found = await until(
    'certificate alert',
    async () => (await alerts('Certificate issued for monitored domain by unexpected CA'))[0],
  );
  assert.match(found.sentence, /login\.ours\.example\.com/);
});

test('a rule that was changed while Vigil was stopped: the notification channels hear of it', async () => {
  for (const a of await alerts('Detection was weakened'))
    await app.control.setAlertStatus(
      { id: a.id, tenants: ['default'], at: app.now(), by: 'bob' },
      { status: 'closed', reason: '' },
      {
        at: app.now(),
        who: 'bob',
        from: '',
        action: 'alert.status',
        object: a.id,
        outcome: 'ok',
        detail: '',
      },
    );
  await app.close();
  writeFileSync(join(RULES, 'mine.yml'), RULE('My rule, third', 'frotz'));
  app = await open();
  const told = (): true | undefined =>
    posted.some((p) => p.body.includes('edited the rules \\"My rule, third\\"')) || undefined;
  await until('told', told);
});

test('a second instance on the same folder is refused and names the process; so is a folder that others may write', async () => {
  const second = await openApp(options());
  assert(!second.ok);
  assert.match(second.error, new RegExp(`another Vigil \\(process ${process.pid}\\)`));
  const open = join(dir, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  const shared = await openApp(options([['data', open]]));
  assert(!shared.ok && /chmod 700/.test(shared.error), 'remedy');
  assert.equal(statSync(join(dir, 'data')).mode & 0o777, 0o700);
});

test('a port in use is one line with cause and remedy, and nothing stays open', async () => {
  const port = (hook.address() as AddressInfo).port;
  const r = await openApp(
    options([
      ['data', join(dir, 'other')],
      ['console.port', port],
    ]),
  );
  assert(!r.ok);
  assert.match(
    r.error,
    /the console cannot listen on 127\.0\.0\.1:\d+: the port is in use; stop what uses it .* or set console\.port/,
  );
});

test('the ledger of the whole run balances and search finds what was sent', async () => {
  await app.pipeline.settled();
  const lines = await app.pipeline.ledger.report({ tenants: ['default'], from: 0, to: 4e15 });
  assert(
    lines.every((l) => l.balanced),
    JSON.stringify(lines.filter((l) => !l.balanced)),
  );
  const r = await until('stored', async () => {
    const s = await app.searches.search(
      {
        tenant: 'default',
        query: 'source.ip:203.0.113.77 AND event.outcome:failure',
        from: 0,
        to: 4e15,
        limit: 50,
        histogram: false,
      },
      { signal: new AbortController().signal },
    );
    return s.kind === 'events' && s.rows.length === 11 ? s : undefined;
  });
  assert.equal(r.rows.length, 11);
});
