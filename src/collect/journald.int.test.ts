import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../base/log.ts';
import { FakeIntake, until } from './fake-intake.ts';
import { type JournaldOptions, openJournald } from './journald.ts';

/** A stand-in for journalctl that notes its arguments and runs `body` (sh). */
function standIn(t: TestContext, body: string): { program: string; calls: () => string[] } {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-journal-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, 'journalctl');
  const calls = join(dir, 'calls');
  writeFileSync(program, `#!/bin/sh\necho "$*" >> '${calls}'\nN=$(wc -l < '${calls}')\n${body}\n`, {
    mode: 0o755,
  });
  return { program, calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []) };
}
const entry = (n: number, more: Record<string, string> = {}): string =>
  JSON.stringify({ __CURSOR: `s=aa;i=${n}`, MESSAGE: `message ${n}`, _PID: '1', ...more });
const open = (program: string, intake: FakeIntake, more: Partial<JournaldOptions> = {}) =>
  openJournald(
    { tenant: 'default', positions: () => undefined, journalctl: program, backoffMs: 20, ...more },
    intake,
    silentLog,
  );

test('entries with their cursors; after an end it goes on after the last one', async (t) => {
  const own = '{"level":30,"time":"2026-11-24T11:13:34.492Z","vigil":"self","msg":"x"}';
  const fake = standIn(
    t,
    `if [ "$N" = 1 ]; then echo '${entry(1)}'; echo '${entry(2, { MESSAGE: own, _PID: String(process.pid) }).replaceAll("'", '')}'; exit 1; fi\n` +
      `if [ "$N" = 2 ]; then echo '${entry(3)}'; fi\nexec sleep 60`,
  );
  const intake = new FakeIntake();
  const door = await open(fake.program, intake);
  await until(() => intake.records.length === 2, 'two entries');
  assert.deepEqual(
    intake.records.map((r) => r.pos),
    ['s=aa;i=1', 's=aa;i=3'],
  );
  assert.deepEqual(intake.texts, [entry(1), entry(3)]);
  assert.equal(intake.drop('self'), 1);
  const m = intake.records[0]!.meta;
  assert.deepEqual([m.format, m.sender, m.stream, m.door], ['journald', 'journal', 'journal:', 'journal']);
  assert.match(fake.calls()[0]!, /--since=-24h --lines=50000/);
  assert.match(fake.calls()[1]!, /--no-tail --after-cursor=s=aa;i=2/);
  assert.equal(door.state().state, 'reading');
  const began = performance.now();
  await door.close();
  assert.ok(performance.now() - began < 1500, 'the child ends with the door');
  assert.ok(intake.balanced);
});

test('a kept cursor is used, and audit can be left out', async (t) => {
  const fake = standIn(t, 'exec sleep 60');
  const intake = new FakeIntake();
  const door = await open(fake.program, intake, { positions: () => 's=aa;i=9', withoutAudit: true });
  await until(() => (fake.calls()[0] ?? '').includes('--after-cursor'), 'a call');
  assert.match(fake.calls()[0]!, /_TRANSPORT=syslog .*--after-cursor=s=aa;i=9/);
  assert.doesNotMatch(fake.calls()[0]!, /audit/);
  await door.close();
});

test('a full journal makes journalctl wait', async (t) => {
  const fake = standIn(
    t,
    `i=0; while [ $i -lt 3000 ]; do echo '{"__CURSOR":"c'$i'","MESSAGE":"m"}'; i=$((i+1)); done; exec sleep 60`,
  );
  const intake = new FakeIntake();
  intake.capacity = 5;
  await using door = await open(fake.program, intake);
  await until(() => door.state().state === 'waiting' && intake.records.length === 5, 'the wait');
  intake.makeRoom();
  await until(() => intake.records.length === 3000, 'all');
  assert.equal(intake.records.at(-1)!.pos, 'c2999');
});

test('no journalctl, and one that fails, are said', async (t) => {
  const intake = new FakeIntake();
  await using none = await open('/nonexistent/journalctl', intake);
  await until(() => none.state().state === 'failed', 'the failure');
  assert.match(none.state().note, /not on this machine/);
  const fake = standIn(t, 'echo "No journal files were opened due to insufficient permissions." >&2; exit 1');
  await using failing = await open(fake.program, intake, { backoffMs: 200 });
  await until(() => failing.state().note.includes('insufficient permissions'), 'its words');
});
