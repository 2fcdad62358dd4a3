/**
 * Real clients at the doors: rsyslogd (octet-counted TCP, newline TCP, UDP, TLS) and logger(1). What each sent is counted
 * here and must be what the ledger calls received and stored. And an attempt that arrives by rsyslog, a followed file and
 * the journal counts once: ten do not fire, the eleventh does.
 * A client that is not installed is skipped by name.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LedgerLine } from '../../src/api/contract.ts';
import { startVigil, type Vigil } from '../support/vigil.ts';
import { hasGtls, hasLogger, hasRsyslog, startRsyslog, type Way } from './rsyslog.ts';

const LINES = 3000;
/** Within what a receive buffer of Linux's default size holds: UDP has nobody to slow down. */
const UDP_LINES = 150;
/** Longer than one TCP segment and a log line of any habit, within rsyslog's own bound. */
const LONG_CHARS = 100_000;

const lineOf = (ledger: { readonly totals: readonly LedgerLine[] }, door: string): LedgerLine | undefined =>
  ledger.totals.find((t) => t.door === door);

test('rsyslogd: every way in, counted', {
  skip: hasRsyslog ? false : 'rsyslogd is not installed',
}, async (t) => {
  const v = await startVigil();
  const r = await startRsyslog({ ...portsOf(v), ca: join(v.dataDir, 'tls-cert.pem') });
  try {
    const ways: Way[] = ['tcp-counted', 'tcp-lines', 'udp', ...(hasGtls ? (['tls'] as const) : [])];
    if (!hasGtls) t.diagnostic('skipped: TLS (rsyslog-gnutls is not installed)');
    const sent = new Map<Way, number>();
    for (const way of ways) {
      const n = way === 'udp' ? UDP_LINES : LINES;
      const lines = Array.from({ length: n }, (_, i) => line(way, i));
      if (way === 'tcp-counted' || way === 'tls') lines.push(line(way, n, 'x'.repeat(LONG_CHARS)));
      sent.set(way, lines.length);
      await r.send(way, lines);
    }
    const count = (way: Way): Promise<number> => v.count(`event_${way.replace('-', '_')}`);
    for (const way of ways)
      await v.until(
        async () => (await count(way)) === sent.get(way),
        `${sent.get(way)} lines by ${way}`,
        60_000,
      );
    const ledger = await v.settled();
    assert.ok(ledger.balanced);
    const tcp = (sent.get('tcp-counted') ?? 0) + (sent.get('tcp-lines') ?? 0);
    assert.deepEqual(receivedStored(ledger, 'syslog-tcp'), [tcp, tcp]);
    assert.deepEqual(receivedStored(ledger, 'syslog-udp'), [UDP_LINES, UDP_LINES]);
    if (hasGtls) assert.deepEqual(receivedStored(ledger, 'syslog-tls'), [sent.get('tls'), sent.get('tls')]);
    const long = await v.search(`event_tcp_counted number${LINES}`);
    assert.equal(long.rows.length, 1, 'the long line is one event');
    const raw = (await v.event(long.rows[0]?.id ?? '')).raw;
    assert.ok(raw.endsWith('x'.repeat(LONG_CHARS)), 'with all of its bytes');
    const one = await v.search('event_tcp_lines number7');
    assert.deepEqual(
      one.rows.map((e) => e.host),
      ['web01'],
      'the host is the one that the line names',
    );
    t.diagnostic(`rsyslogd: ${[...sent].map(([w, n]) => `${n} by ${w}`).join(', ')}`);
  } catch (e) {
    process.stderr.write(`rsyslogd said: ${r.errors()}\n${v.output.slice(-20).join('\n')}\n`);
    throw e;
  } finally {
    await r.stop();
    await v.dispose();
  }
});

test('logger(1): UDP and TCP, both formats, counted', {
  skip: hasLogger ? false : 'logger is not installed',
}, async (t) => {
  const v = await startVigil();
  try {
    const variants: readonly (readonly [string, readonly string[]])[] = [
      ['udp5424', ['-d', '--rfc5424']],
      ['udp3164', ['-d', '--rfc3164']],
      ['tcp5424', ['-T', '--rfc5424']],
      ['tcp3164', ['-T', '--rfc3164']],
      ['tcpcounted', ['-T', '--rfc5424', '--octet-count']],
    ];
    const each = 20;
    for (const [name, options] of variants) {
      const input = Array.from({ length: each }, (_, i) => `by logger ${name} number${i}\n`).join('');
      await logger(
        ['-n', '127.0.0.1', '-P', `${v.syslogPort}`, '-t', 'vigiltest', '-p', 'auth.info', ...options],
        input,
      );
    }
    for (const [name] of variants)
      await v.until(
        async () => (await v.count(`logger ${name}`)) === each,
        `${each} lines of logger ${name}`,
      );
    const ledger = await v.settled();
    assert.ok(ledger.balanced);
    assert.deepEqual(receivedStored(ledger, 'syslog-udp'), [2 * each, 2 * each]);
    assert.deepEqual(receivedStored(ledger, 'syslog-tcp'), [3 * each, 3 * each]);
    assert.equal(await v.count('process.name:vigiltest'), variants.length * each, 'the tag is the program');
    t.diagnostic(`logger: ${variants.length * each} lines in ${variants.length} variants`);
  } finally {
    await v.dispose();
  }
});

test('each attempt once over rsyslog, file and journal: ten do not fire, the eleventh does', {
  skip: hasRsyslog ? false : 'rsyslogd is not installed',
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-once-'));
  const file = join(dir, 'auth.log');
  const journal = join(dir, 'journal.ndjson');
  writeFileSync(file, '');
  writeFileSync(journal, '');
  journalctlStandIn(dir, journal);
  const v = await startVigil({
    hostLogs: true,
    wrap: hostWithJournal(),
    config: `collect:\n  files:\n    - path: ${file}\n`,
    env: { PATH: `${dir}:${process.env['PATH']}` },
  });
  const r = await startRsyslog({ ...portsOf(v), ca: join(v.dataDir, 'tls-cert.pem'), file });
  try {
    const withJournal = v.output.some((l) => l.includes('the systemd journal'));
    t.diagnostic(
      withJournal ? 'rsyslog, file and journal' : 'rsyslog and file (this machine has no journal)',
    );
    let lines = 0;
    const attempt = async (ip: string, pid: number, repeated = 0): Promise<void> => {
      const messages = repeated > 0 ? repeatedLines(ip, repeated) : attemptLines(ip, pid);
      await r.send(
        'tcp-counted',
        messages.map((m) => `<38>${stamp()} web01 sshd[${pid}]: ${m}`),
      );
      if (withJournal) appendFileSync(journal, messages.map((m) => journalLine(m, pid, lines++)).join(''));
    };
    const alertsOf = async (ip: string) =>
      (await v.alerts()).alerts.filter((a) => a.key.includes(`source.ip=${ip}`));
    const channels = withJournal ? 3 : 2;
    const arrived = (ip: string, perAttempt: number): Promise<void> =>
      v.until(
        async () => (await v.count(`"${ip}"`)) === perAttempt * channels,
        `${perAttempt * channels} lines of ${ip}`,
      );

    for (let i = 0; i < 10; i++) await attempt('192.0.2.44', 4000 + i);
    await arrived('192.0.2.44', 30);
    await v.settled();
    assert.deepEqual(await alertsOf('192.0.2.44'), [], 'ten attempts are not more than ten');
    await attempt('192.0.2.44', 4010);
    await v.until(async () => (await alertsOf('192.0.2.44')).length === 1, 'the alert of the eleventh');
    await arrived('192.0.2.44', 33);
    await v.settled();
    assert.deepEqual(
      (await alertsOf('192.0.2.44')).map((a) => [a.rule, a.count]),
      [[(await alertsOf('192.0.2.44'))[0]?.rule, 11]],
    );

    // `message repeated 5 times` is five: one and nine more are ten.
    await attempt('192.0.2.45', 4100);
    await attempt('192.0.2.45', 4100, 9);
    await arrived('192.0.2.45', 4);
    await v.settled();
    assert.deepEqual(await alertsOf('192.0.2.45'), []);
    await attempt('192.0.2.45', 4101);
    await v.until(async () => (await alertsOf('192.0.2.45'))[0]?.count === 11, 'the alert of ten and one');
    assert.ok((await v.settled()).balanced);
  } catch (e) {
    process.stderr.write(`rsyslogd said: ${r.errors()}\n${v.output.slice(-30).join('\n')}\n`);
    throw e;
  } finally {
    await r.stop();
    await v.dispose();
    rmSync(dir, { recursive: true, force: true });
  }
});

const portsOf = (v: Vigil): { port: number; tlsPort: number } => ({
  port: v.syslogPort,
  tlsPort: v.syslogTlsPort,
});
const receivedStored = (l: { readonly totals: readonly LedgerLine[] }, door: string): [number, number] => [
  lineOf(l, door)?.received ?? 0,
  lineOf(l, door)?.stored ?? 0,
];
const line = (way: string, i: number, more = ''): string =>
  `<30>${stamp()} web01 app[${i}]: event_${way.replace('-', '_')} number${i} ${more}`.trimEnd();

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** RFC 3164's stamp in the machine's own zone, as its programs write it. */
function stamp(): string {
  const d = new Date();
  return `${MONTHS[d.getMonth()]} ${String(d.getDate()).padStart(2, ' ')} ${d.toTimeString().slice(0, 8)}`;
}

/** What OpenSSH with PAM writes for one wrong password. */
const attemptLines = (ip: string, pid: number): string[] => [
  `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=${ip}  user=root`,
  `Failed password for root from ${ip} port ${pid + 40_000} ssh2`,
  `Connection closed by authenticating user root ${ip} port ${pid + 40_000} [preauth]`,
];
const repeatedLines = (ip: string, n: number): string[] => [
  `message repeated ${n} times: [ Failed password for root from ${ip} port 44100 ssh2]`,
];

const journalLine = (message: string, pid: number, n: number): string =>
  `${JSON.stringify({
    __CURSOR: `s=0123456789abcdef;i=${n.toString(16)};b=fedcba;m=${n};t=${Date.now() * 1000};x=${n}`,
    __REALTIME_TIMESTAMP: `${Date.now() * 1000}`,
    _HOSTNAME: 'web01',
    PRIORITY: '6',
    SYSLOG_FACILITY: '4',
    SYSLOG_IDENTIFIER: 'sshd',
    SYSLOG_PID: `${pid}`,
    _PID: `${pid}`,
    _TRANSPORT: 'syslog',
    MESSAGE: message,
  })}\n`;

/**
 * Where this process may, Vigil gets a view of the file system in which a journal runs and no other log is; elsewhere it
 * sees the machine as it is.
 */
function hostWithJournal(): string[] {
  if (spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/run']).status !== 0) return [];
  const script =
    'mount -t tmpfs none /run && mount -t tmpfs none /var/log && ' +
    'mkdir -p /run/systemd/journal /var/log/journal/0123 && ' +
    ': > /run/systemd/journal/socket && : > /var/log/journal/0123/system.journal && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, 'sh'];
}

/** Puts a `journalctl` first in the path that follows our file: the machine's own journal has nothing to do with this. */
function journalctlStandIn(dir: string, journal: string): void {
  const path = join(dir, 'journalctl');
  assert.ok(!existsSync(path));
  writeFileSync(path, `#!/bin/sh\nexec tail -n +1 -F '${journal}'\n`);
  chmodSync(path, 0o755);
}

function logger(args: readonly string[], input: string): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn('logger', args, { stdio: ['pipe', 'inherit', 'inherit'] });
    child.once('error', failed);
    child.once('close', (code) => (code === 0 ? done() : failed(new Error(`logger ended with ${code}`))));
    child.stdin.end(input);
  });
}
