import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import { isJournal, JOURNAL_EXTRA_MAX, journalEnvelope, journalFields } from './journald.ts';
import { parseJsonObject } from './json.ts';
import type { JsonObject } from './source.ts';

const doc = (o: unknown): JsonObject => parseJsonObject(JSON.stringify(o)) as JsonObject;

test('an entry of the journal gets the envelope that syslog gets', () => {
  const d = doc({
    __REALTIME_TIMESTAMP: '1772718000000001',
    _SOURCE_REALTIME_TIMESTAMP: '1772717999999990',
    _HOSTNAME: 'web01',
    SYSLOG_IDENTIFIER: 'sshd',
    _COMM: 'sshd-session',
    _PID: '42',
    PRIORITY: '6',
    SYSLOG_FACILITY: '4',
    MESSAGE: 'hello',
  });
  assert.equal(isJournal(d), true);
  const e = journalEnvelope(d);
  assert.deepEqual(
    [e.host, e.program, e.pid, e.pri, e.time, e.message],
    ['web01', 'sshd', '42', 38, 1772717999999990, 'hello'],
  );
});

test('MESSAGE as bytes, as several values, as null', () => {
  assert.equal(journalEnvelope(doc({ MESSAGE: [104, 195, 169, 255] })).message, 'h\u00e9\ufffd');
  assert.equal(journalEnvelope(doc({ MESSAGE: ['first', 'second'] })).message, 'first');
  assert.equal(journalEnvelope(doc({ MESSAGE: null })).message, '');
});

test("the unit a message is about, and the program's own fields, bounded", () => {
  const out = new EventFields();
  const own = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`FIELD_${i}`, String(i)]));
  journalFields(doc({ _SYSTEMD_UNIT: 'init.scope', UNIT: 'a.service', _UID: '0', ...own }), out);
  assert.equal(out.get('systemd.unit'), 'a.service');
  assert.equal(out.get('process.user.id'), '0');
  assert.equal(out.get('journald.field_3'), '3');
  assert.equal([...out.entries()].filter(([k]) => k.startsWith('journald.field')).length, JOURNAL_EXTRA_MAX);
});
