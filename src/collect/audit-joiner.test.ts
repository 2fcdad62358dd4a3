import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AUDIT_LINES_MAX, AuditJoiner } from './audit-joiner.ts';

function join(lines: readonly string[], flush = true): { text: string; pos: number }[] {
  const out: { text: string; pos: number }[] = [];
  const j = new AuditJoiner((raw, pos) => out.push({ text: Buffer.from(raw).toString(), pos }));
  for (const [i, l] of lines.entries()) j.line(Buffer.from(l), i + 1);
  if (flush) j.flush();
  return out;
}
const line = (type: string, serial: number, rest = 'x=1'): string =>
  `type=${type} msg=audit(1700000000.123:${serial}): ${rest}`;

test('the lines of one event are one record, at the position of the last', () => {
  const a = [line('SYSCALL', 7), line('EXECVE', 7), line('CWD', 7)];
  const b = [line('USER_AUTH', 8)];
  assert.deepEqual(join([...a, ...b]), [
    { text: a.join('\n'), pos: 3 },
    { text: b[0], pos: 4 },
  ]);
});

test('the last record of an event ends it at once; other lines pass', () => {
  assert.deepEqual(join([line('SYSCALL', 7), line('PROCTITLE', 7)], false), [
    { text: `${line('SYSCALL', 7)}\n${line('PROCTITLE', 7)}`, pos: 2 },
  ]);
  assert.deepEqual(join([line('SYSCALL', 9), line('EOE', 9, '')], false).length, 1);
  assert.deepEqual(
    join([line('SYSCALL', 7), 'type=nonsense', 'plain', line('CWD', 7)]).map((r) => r.text),
    [line('SYSCALL', 7), 'type=nonsense', 'plain', line('CWD', 7)],
  );
});

test('the same serial at another time or on another node is another event', () => {
  assert.equal(join([line('SYSCALL', 7), 'type=CWD msg=audit(1700000001.123:7): cwd="/"']).length, 2);
  const n = (l: string): string => `node=web01.example.com ${l}`;
  assert.equal(join([n(line('SYSCALL', 7)), n(line('CWD', 7))]).length, 1);
});

test('an endless event is bounded', () => {
  const many = Array.from({ length: AUDIT_LINES_MAX * 2 + 1 }, () => line('PATH', 7));
  const out = join(many);
  assert.equal(out.length, 3);
  assert.equal(out.map((r) => r.text).join('\n'), many.join('\n'));
});
