import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { discoverHostLogs, type HostLogPlan } from './host-logs.ts';

const JOURNAL = ['run/systemd/journal/socket', 'var/log/journal/0123abcd/system.journal'];

async function plan(
  t: TestContext,
  files: readonly string[],
  o: { journalctl?: boolean; denied?: RegExp } = {},
): Promise<HostLogPlan & { names: string[]; root: string }> {
  const root = mkdtempSync(join(tmpdir(), 'vigil-host-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'var/log'), { recursive: true });
  for (const f of files) {
    mkdirSync(dirname(join(root, f)), { recursive: true });
    writeFileSync(join(root, f), '');
  }
  const p = await discoverHostLogs({
    root,
    user: 'ann',
    journalctl: o.journalctl ?? true,
    mayRead: async (path) => o.denied?.test(path) !== true,
  });
  return {
    ...p,
    root,
    names: p.collect.map((c) => (c.kind === 'journal' ? 'journal' : c.path.slice(root.length + 9))),
  };
}

test('with a journal the files that repeat it are skipped by name', async (t) => {
  const p = await plan(t, [
    ...JOURNAL,
    'var/log/auth.log',
    'var/log/syslog',
    'var/log/kern.log',
    'var/log/nginx/access.log',
  ]);
  assert.deepEqual(p.names, ['journal', 'nginx/access.log']);
  assert.deepEqual(
    p.skipped.map((s) => s.path.slice(p.root.length)),
    ['/var/log/auth.log', '/var/log/syslog', '/var/log/kern.log'],
  );
  assert.ok(p.sentences.some((s) => /auth\.log, the journal has the same messages/.test(s)));
  assert.deepEqual(p.roots, [join(p.root, 'var/log')]);
});

test('audit.log is preferred to the audit messages in the journal', async (t) => {
  const p = await plan(t, [...JOURNAL, 'var/log/audit/audit.log']);
  assert.deepEqual(p.collect[0], { kind: 'journal', withoutAudit: true });
  assert.deepEqual(p.names, ['journal', 'audit/audit.log']);
});

test('without a journal each message is still taken once', async (t) => {
  const debian = await plan(t, [
    'var/log/auth.log',
    'var/log/syslog',
    'var/log/kern.log',
    'var/log/messages',
  ]);
  assert.deepEqual(debian.names, ['auth.log', 'syslog']);
  assert.equal(debian.skipped.length, 2);
  const redhat = await plan(t, ['var/log/secure', 'var/log/messages', 'var/log/httpd/access_log']);
  assert.deepEqual(redhat.names, ['secure', 'messages', 'httpd/access_log']);
});

test('a journal nobody writes, or that cannot be read out, is no reason to skip files', async (t) => {
  const stale = await plan(t, [JOURNAL[1]!, 'var/log/auth.log']);
  assert.deepEqual(stale.names, ['auth.log']);
  const tool = await plan(t, [...JOURNAL, 'var/log/auth.log'], { journalctl: false });
  assert.deepEqual(tool.names, ['auth.log']);
  assert.ok(tool.sentences.some((s) => s.includes('journalctl is not installed')));
});

test('what may not be read comes with its remedy', async (t) => {
  const p = await plan(t, [...JOURNAL, 'var/log/auth.log', 'var/log/audit/audit.log'], { denied: /./ });
  assert.deepEqual(p.names, []);
  assert.equal(p.denied.length, 3);
  assert.match(p.denied[0]!.remedy, /sudo usermod -aG adm,systemd-journal ann, then log in again/);
  assert.match(p.denied[2]!.remedy, /log_group = adm/);
  assert.ok(p.sentences[0]!.startsWith("None of this host's own logs"));
});

test('an empty host', async (t) => {
  const p = await plan(t, []);
  assert.deepEqual([p.collect, p.skipped, p.denied], [[], [], []]);
});
