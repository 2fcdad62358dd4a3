/**
 * Ways by which a change of rules could stay unseen: what was rolled back keeps its file, an exception's end takes no edit
 * with it, a filter cannot hide behind the id or the folder of another, and a start notes what is in force, once.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DISK } from './rules.ts';
import { by, modes, rule, setup, weakened } from './rules-fixture.ts';

test('a rolled-back rule keeps its file: its origin and mode, and that it stays in force when the file breaks', async (t) => {
  const path = 'rules/imported/sigma/e.yml';
  const s = setup(t, { [path]: rule('e') });
  s.put(path, rule('e', 'author: second\n'));
  s.rules.reload(DISK);
  await s.book.rollback('e', { version: 1, reason: 'x' }, by(s, 'user:ada', 'rule.rollback'));
  assert.deepEqual(modes(s), { e: 'shadow' });
  assert.equal((await s.book.detail('e'))?.rule.origin, 'imported');
  assert.equal(s.rules.rule('e')?.file, path);
  s.put(path, 'title: [broken\n');
  s.rules.reload(DISK);
  assert.deepEqual(modes(s), { e: 'shadow' });
});

test('what is edited while an exception ends is put down to the disk', async (t) => {
  const s = setup(t, { 'shipped/a.yml': rule('a'), 'rules/b.yml': rule('b') });
  const input = {
    title: 'short',
    where: [{ field: 'user.name', match: 'equals' as const, values: ['root'] }],
    owner: 'ada',
    reason: 'r',
    expiresAt: s.clock.us + 50_000,
  };
  assert.equal((await s.book.except('a', input, by(s, 'user:ada', 'rule.exception'))).kind, 'done');
  s.put('rules/b.yml', rule('b', 'author: weaker\n'));
  s.clock.us += 60_000;
  for (let i = 0; i < 100 && s.control.ruleVersions('b').length < 2; i++)
    await new Promise((r) => setTimeout(r, 10));
  assert.equal(s.control.ruleVersions('b')[0]?.who, 'unknown');
  assert.equal((await weakened(s)).filter((a) => a.actor === 'unknown').length, 1);
});
