/**
 * What people do to rules is bounded: characters of exceptions, alone and together, and of those that have ended; lists are
 * read when they change and not when they are asked for.
 */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { EXCEPTION_CHARS_MAX, EXCEPTIONS_CHARS_MAX } from './rule-book.ts';
import { putFolder } from './rule-import.ts';
import { DISK } from './rules.ts';
import { by, rule, setup } from './rules-fixture.ts';

test('exceptions hold so many characters, alone and together; what has ended is told and no longer shown in full', async (t) => {
  const s = setup(t, { 'shipped/a.yml': rule('a') });
  const except = (chars: number) =>
    s.book.except(
      'a',
      {
        title: 't',
        where: [
          {
            field: 'host.name',
            match: 'equals',
            values: Array.from({ length: Math.ceil(chars / 1000) }, (_, i) => `${i}`.padEnd(1000, 'x')),
          },
        ],
        owner: 'o',
        reason: 'r',
        expiresAt: s.clock.us + 86_400e6,
      },
      by(s, 'user:ada', 'rule.exception'),
    );
  const large = await except(EXCEPTION_CHARS_MAX + 1);
  assert.match(large.kind === 'refused' ? large.reason : '', /at most \d+ characters: use fewer/);
  const fill = async (): Promise<string[]> => {
    const ids: string[] = [];
    for (let i = 0; i < 100; i++) {
      s.clock.us += 1;
      const made = await except(EXCEPTION_CHARS_MAX - 20_000);
      if (made.kind === 'done') ids.push(made.value.id);
      else {
        assert.match(made.kind === 'refused' ? made.reason : '', /together.*end one/);
        break;
      }
    }
    return ids;
  };
  const first = await fill();
  assert.ok(first.length > 2 && first.length <= EXCEPTIONS_CHARS_MAX / (EXCEPTION_CHARS_MAX - 20_000));
  for (let round = 0; round < 2; round++) {
    for (const e of s.control.exceptions(s.clock.us).inForce)
      await s.book.endException(e.id, by(s, 'user:ada', 'rule.exception.end'));
    await fill();
  }
  const shown = s.book.exceptions();
  assert.equal(shown.length, first.length * 3);
  const chars = shown.reduce((n, e) => n + e.yaml.length, 0);
  assert.ok(chars <= 2 * EXCEPTIONS_CHARS_MAX, `${chars}`);
  assert.ok(shown.at(-1)?.yaml === '' && shown[0]?.yaml !== '');
});

test("a mode is said to be the file's where the file has one", async (t) => {
  const s = setup(t, {
    'rules/a.yml': rule('a', 'vigil: { mode: risk }\n'),
    'rules/b.yml': rule('b').replace('    condition: s', '    t:\n        mode: x\n    condition: s or t'),
  });
  const modeBy = async (id: string) => (await s.book.detail(id))?.modeBy;
  assert.deepEqual([await modeBy('a'), await modeBy('b')], ['file', 'own']);
});

test('lists are read when they change, not whenever they are asked for', async (t) => {
  const s = setup(t);
  const set = (values: string[]) => {
    s.clock.us += 1e6;
    return s.control.setList(
      { name: 'l', kind: 'text', values, updatedBy: 'ada', validFrom: s.clock.us },
      by(s, 'user:ada', 'list.set').audit('l', 'ok'),
    );
  };
  await set(['one']);
  const first = s.rules.lists();
  assert.deepEqual(first.get('l')?.values, ['one']);
  assert.equal(s.rules.lists(), first);
  await set(['one', 'two']);
  assert.deepEqual(s.rules.lists().get('l')?.values, ['one', 'two']);
  assert.deepEqual(s.rules.lists(s.clock.us - 1).get('l')?.values, ['one'], 'as it was then');
  assert.deepEqual(s.contents.at(-1)?.lists.get('l')?.values, ['one', 'two']);
});

test('texts of a rule that is gone are kept for so long; those of one in force stay', (t) => {
  const s = setup(t, { 'rules/a.yml': rule('a'), 'rules/b.yml': rule('b') });
  const begun = s.clock.us;
  s.clock.us += 1e6;
  s.put('rules/b.yml', rule('b', 'author: x\n'));
  rmSync(join(s.dir, 'rules/a.yml'));
  s.rules.reload(DISK);
  const keep = (versions: number): number[] => {
    s.control.housekeep({ now: s.clock.us, sessionIdleUs: 0, dedup: 0, ledger: 0, outbox: 0, versions });
    return ['a', 'b'].map((id) => s.control.ruleVersions(id).length);
  };
  assert.deepEqual(keep(begun + 1e6), [1, 2]);
  assert.deepEqual(keep(begun + 2e6), [0, 2]);
});

test('an import that cannot be put in place leaves the one before it', (t) => {
  const s = setup(t, { 'rules/imported/x/a.yml': rule('a') });
  const target = join(s.dir, 'rules/imported/x');
  assert.throws(() => putFolder([], target), 'nothing was written that could be put in place');
  assert.ok(existsSync(join(target, 'a.yml')));
});
