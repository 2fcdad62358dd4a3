import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnJournalEntry, isOwnLine } from './self-mark.ts';

const ENTRY = '{"level":30,"time":"2026-11-24T11:13:34.492Z","vigil":"self","a":"b","msg":"hi"}';
const own = (s: string): boolean => isOwnLine(Buffer.from(s));

test('own entries, alone and behind a syslog header of ours', () => {
  assert.equal(own(ENTRY), true);
  assert.equal(own(`Mar  5 14:23:01 web01 vigil[77]: ${ENTRY}`), true);
  assert.equal(own(`2026-03-05T14:23:01.123456+01:00 web01 node[77]: ${ENTRY}`), true);
});

test('nobody hides behind the mark', () => {
  assert.equal(
    own(`Mar  5 14:23:01 web01 sshd[7]: Failed password for invalid user ${ENTRY} from 10.0.0.1`),
    false,
  );
  assert.equal(own(`Mar  5 14:23:01 web01 sshd[7]: vigil: ${ENTRY}`), false);
  assert.equal(own(`10.0.0.1 - - [05/Mar/2026] "GET /"vigil":"self" HTTP/1.1" 200`), false);
  assert.equal(own('{"user":"x","vigil":"self"}'), false);
  assert.equal(own('{"level":30,"time":"2026-11-24T11:13:34.492Z","msg":"x","vigil":"self"}'), false);
  assert.equal(own(''), false);
});

test('journal: the message is ours and so is the process', () => {
  const entry = (o: Record<string, string>): Buffer => Buffer.from(JSON.stringify(o));
  const is = (b: Buffer): boolean => isOwnJournalEntry(b, 4711, '/usr/bin/node');
  assert.equal(is(entry({ __CURSOR: 's=1', _PID: '4711', MESSAGE: ENTRY })), true);
  assert.equal(is(entry({ _PID: '12', _EXE: '/usr/bin/node', MESSAGE: ENTRY })), true);
  assert.equal(is(entry({ _PID: '12', _EXE: '/usr/sbin/sshd', MESSAGE: ENTRY })), false);
  assert.equal(is(entry({ _PID: '4711', MESSAGE: `user ${ENTRY}` })), false);
  const trick = '"_PID":"4711","MESSAGE":"{"level":30';
  assert.equal(is(entry({ _PID: '12', _EXE: '/usr/sbin/sshd', MESSAGE: `${ENTRY} ${trick}` })), false);
});
