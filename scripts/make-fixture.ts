/**
 * `node scripts/make-fixture.ts`: writes `test/fixtures/data-VERSION.tar.gz`, the data folder of a Vigil of this version
 * with a little of everything in it, and what a later Vigil must find there (`expected.json`). It was stopped once, which
 * leaves a snapshot, and killed later, which leaves a journal to replay behind it. Made once per release with
 * the release's own code and never again: `test/upgrade.int.test.ts` opens all of them with the code of its own day.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenCreated } from '../src/api/contract.ts';
import { sleep, startVigil, type Vigil } from '../test/support/vigil.ts';

/** What the test reads; times in microseconds UTC. */
export type Expected = {
  readonly version: string;
  /** The clock when Vigil had ended. */
  readonly stoppedAt: number;
  readonly token: string;
  readonly events: readonly {
    readonly id: string;
    readonly ts: number;
    readonly fields: readonly (readonly [string, unknown])[];
    readonly raw: string;
  }[];
  readonly alerts: readonly {
    readonly id: string;
    readonly ruleTitle: string;
    readonly status: string;
    readonly severity: string;
    readonly sentence: string;
    readonly count: number;
  }[];
  readonly received: number;
  /** Lines of the window that one more fills, as sent over syslog, without the time. */
  readonly window: { readonly title: string; readonly host: string; readonly text: string };
  readonly imported: string;
  readonly list: { readonly name: string; readonly values: readonly string[] };
};

const ROOT = join(import.meta.dirname, '..');
const OUT = join(ROOT, 'test/fixtures');
const BYTES_MAX = 500 * 1024;
/** 27 years: a fixture must not fade. Seconds since 1970 plus this fit 32 bits, in which the store counts. */
const DAYS = 10_000;
const CONFIG = `zone: UTC
workers: 1
retention: {auth: ${DAYS}, network: ${DAYS}, app: ${DAYS}, evidence: ${DAYS}}
`;
const ALL = { from: 0, to: 4e15, limit: 500 };
const WINDOW = { title: 'Fixture: five marks', host: 'fix01', text: 'fixture-mark seen' };
const RULE = `title: Fixture mark
id: 0f1c7f2e-55a5-4be4-9d65-0c27d4f2a001
name: fixture_mark
status: test
level: informational
taxonomy: ecs
logsource: { product: linux, service: syslog }
detection:
  selection: { message|contains: fixture-mark }
  condition: selection
---
title: '${WINDOW.title}'
id: 0f1c7f2e-55a5-4be4-9d65-0c27d4f2a002
name: fixture_five_marks
status: test
level: high
taxonomy: ecs
correlation:
  type: event_count
  rules: [fixture_mark]
  group-by: [host.name]
  timespan: 10m
  condition: { gte: 5 }
`;
const LIST = { name: 'monitored_domains', values: ['ours.example.com', '__proto__.example.com'] };

const line = (host: string, app: string, text: string): string =>
  `<38>1 ${new Date().toISOString()} ${host} ${app} 4711 - - ${text}`;
const failure = (ip: string, n: number): string =>
  line('web01', 'sshd', `Failed password for root from ${ip} port ${40_000 + n} ssh2`);

async function fill(v: Vigil, dir: string): Promise<Pick<Expected, 'token' | 'imported' | 'received'>> {
  const made = await v.api<TokenCreated>('POST', '/tokens', { name: 'fixture', scope: 'ingest' });
  const token = made.body.token ?? '';
  const put = await v.api('PUT', `/lists/${LIST.name}`, { kind: 'domain', values: LIST.values });
  if (token === '' || put.status !== 200) throw new Error(`token ${made.status}, list ${put.status}`);
  const imported = [
    '2024-03-05T14:23:01Z db01 sshd[99]: Accepted password for eva from 192.0.2.10 port 5022 ssh2',
    '2024-03-05T14:23:09Z db01 sudo[100]: eva : TTY=pts/0 ; PWD=/home/eva ; USER=root ; COMMAND=/usr/bin/id',
    '',
  ].join('\n');
  writeFileSync(join(dir, 'old.log'), imported);
  const r = await v.cli('import', join(dir, 'old.log'));
  if (r.code !== 0) throw new Error(`import: ${r.out}${r.err}`);
  const lines = [
    ...Array.from({ length: 12 }, (_, n) => failure('203.0.113.77', n)),
    ...Array.from({ length: 3 }, () => line(WINDOW.host, 'tool', WINDOW.text)),
    line('web01', 'odd', 'control \u0007 bell, bidi \u202e, and <b>markup</b>'),
  ];
  await v.syslogTcp(lines);
  const documents = [
    '{"event_type":"user_login","user":"eva","outcome":"success","__proto__":{"admin":true},"constructor":"x"}',
    JSON.stringify({
      event_type: 'certificate_issued',
      domain: 'login.ours.example.com',
      issuer: 'Some CA',
      serial: '0A1B',
      requester: 'mallory',
      timestamp: new Date().toISOString(),
    }),
    '198.51.100.7 - eva [05/Mar/2024:14:23:01 +0000] "GET /a?b=c HTTP/1.1" 200 12 "-" "curl/8.0"',
    'nothing that anyone can parse',
  ];
  const sent = await v.ingest(token, `${documents.join('\n')}\n`, { 'idempotency-key': 'fixture-1' });
  if (sent.status !== 200) throw new Error(`ingest: ${sent.status} ${JSON.stringify(sent.body)}`);
  return { token, imported, received: 2 + lines.length + documents.length };
}

/** Everything as the API shows it. */
async function look(v: Vigil): Promise<Pick<Expected, 'events' | 'alerts'>> {
  const rows = (await v.search('', ALL)).rows;
  const events = [];
  for (const row of rows) {
    const e = await v.event(row.id);
    events.push({ id: e.id, ts: e.ts, fields: e.fields, raw: e.raw });
  }
  const alerts = (await v.alerts()).alerts.map((a) => ({
    id: a.id,
    ruleTitle: a.ruleTitle,
    status: a.status,
    severity: a.severity,
    sentence: a.sentence,
    count: a.count,
  }));
  return { events, alerts };
}

async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const dir = mkdtempSync(join(tmpdir(), 'vigil-fixture-'));
  const data = join(dir, 'data');
  try {
    mkdirSync(join(data, 'rules'), { recursive: true, mode: 0o700 });
    writeFileSync(join(data, 'rules/fixture.yml'), RULE);
    const v = await startVigil({ dataDir: data, config: CONFIG, env: { TZ: 'UTC' } });
    let expected: Expected;
    try {
      const filled = await fill(v, dir);
      await v.settled();
      await v.until(async () => (await v.alerts()).total >= 2, 'the alerts');
      const { code } = await v.stop();
      if (code !== 0) throw new Error(`it stopped with ${code}`);
      await v.start();
      await v.syslogTcp([line(WINDOW.host, 'tool', WINDOW.text)]);
      const received = filled.received + 1;
      await v.until(async () => (await v.count('', ALL)) === received, 'all events to be stored');
      await v.settled();
      const seen = await look(v);
      if (seen.events.length !== received) throw new Error(`${seen.events.length} events, not ${received}`);
      await v.kill('both');
      await sleep(500);
      const stoppedAt = Date.now() * 1000;
      expected = { version, stoppedAt, ...filled, received, ...seen, window: WINDOW, list: LIST };
    } finally {
      await v.dispose();
    }
    writeFileSync(join(dir, 'expected.json'), JSON.stringify(expected, null, 1));
    if (readdirSync(join(data, 'journal')).length === 0) throw new Error('no journal is left to replay');
    for (const name of readdirSync(data))
      if (/\.lock$|\.sock$|^run$|^password-|^test-vigil|\.pem$/.test(name))
        rmSync(join(data, name), { recursive: true });
    const file = join(OUT, `data-${version}.tar.gz`);
    mkdirSync(OUT, { recursive: true });
    const packed = spawnSync(
      'tar',
      [
        '--sort=name',
        '--owner=0',
        '--group=0',
        '--numeric-owner',
        '-I',
        'gzip -9n',
        '-cf',
        file,
        'data',
        'expected.json',
      ],
      { cwd: dir, encoding: 'utf8' },
    );
    if (packed.status !== 0) throw new Error(`tar: ${packed.stderr}`);
    const bytes = statSync(file).size;
    if (bytes > BYTES_MAX) throw new Error(`${file} has ${bytes} bytes, more than ${BYTES_MAX}`);
    process.stdout.write(
      `${file}: ${bytes} bytes, ${expected.events.length} events, ${expected.alerts.length} alerts\n`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
