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

const filter = (id: string, of: string, source = 'category: authentication'): string =>
  `title: F ${of}\nid: ${id}\ntaxonomy: ecs\nlogsource: { ${source} }\n` +
  `filter:\n    rules: ${of}\n    sel: { user.name: root }\n    condition: not sel\n`;
const filtersOf = (s: ReturnType<typeof setup>, id: string): readonly string[] => {
  const r = s.rules.rule(id);
  return r?.kind === 'rule' ? (r.filters ?? []) : [];
};

test('a second filter with the id of another is refused, as rules are', async (t) => {
  const s = setup(t, {
    'shipped/a.yml': rule('a'),
    'rules/b.yml': rule('b'),
    'rules/f1.yml': filter('f', '[b]'),
  });
  s.put('rules/f2.yml', filter('f', '[a]'));
  s.rules.reload(DISK);
  assert.deepEqual([filtersOf(s, 'a'), filtersOf(s, 'b')], [[], ['f']]);
  assert.deepEqual(
    s.rules.problems.map((p) => [p.file, /id f is taken by rules\/f1\.yml line 1/.test(p.reason)]),
    [['rules/f2.yml', true]],
  );
});

test('a filter below a folder of any name is none that was made in the product', async (t) => {
  const s = setup(t, { 'shipped/a.yml': rule('a') });
  for (const [i, folder] of ['shipped/exceptions', 'shipped/exception:', 'rules/exceptions'].entries()) {
    s.put(`${folder}/x.yml`, filter(`g${i}`, '[a]'));
    s.rules.reload(DISK);
    assert.ok(filtersOf(s, 'a').includes(`g${i}`));
    assert.equal((await weakened(s))[0]?.count, i + 1, folder);
  }
});

test('a filter that is made to meet more log sources was edited', async (t) => {
  const s = setup(t, { 'shipped/a.yml': rule('a'), 'rules/f.yml': filter('f', 'any', 'product: windows') });
  assert.deepEqual(filtersOf(s, 'a'), []);
  s.put('rules/f.yml', filter('f', 'any'));
  s.rules.reload(DISK);
  assert.deepEqual(filtersOf(s, 'a'), ['f']);
  assert.equal((await weakened(s)).length, 1);
});

test('a start with a broken file notes what is in force once, and removes nothing', async (t) => {
  const s = setup(t, { 'rules/a.yml': rule('a'), 'rules/b.yml': rule('b') });
  const before = s.rules.set;
  s.put('rules/a.yml', 'title: [broken\n');
  const again = s.open();
  again.begin();
  again.settle(before);
  assert.deepEqual(again.set.rules.map((r) => r.id).sort(), ['a', 'b']);
  assert.deepEqual(
    s.control.ruleVersions('a').map((v) => [v.n, v.until]),
    [[1, 0]],
  );
  assert.deepEqual(await weakened(s), []);

  // What was changed meanwhile is noted, where nothing is broken too.
  s.put('rules/a.yml', rule('a', 'author: second\n'));
  const third = s.open();
  third.begin();
  assert.deepEqual(await weakened(s), [], 'not before it is known what was in force');
  third.settle(before);
  assert.equal((await weakened(s)).length, 1);
});

test('an alert about many rules counts all of them', async (t) => {
  const files = (more: string) =>
    Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`rules/r${i}.yml`, rule(`r${i}`, more)]));
  const s = setup(t, files(''));
  for (const [path, text] of Object.entries(files('author: x\n'))) s.put(path, text);
  s.rules.reload(DISK);
  assert.match(
    (await weakened(s))[0]?.sentence ?? '',
    /^unknown edited the rules ("Rule r\d+", ){4}"Rule r\d+" and 25 more$/,
  );
});
