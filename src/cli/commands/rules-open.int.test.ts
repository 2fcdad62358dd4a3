/** `vigil rules ...` on an open Vigil: what rule files say cannot steer the terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App } from '../../app/app.ts';
import { by, rule, setup } from '../../app/rules-fixture.ts';
import { DISK } from '../../app/rules.ts';
import { rulesOpenCommand } from './rules-open.ts';

test('ids, log sources, files and trouble are printed without control characters', async (t) => {
  const raw = '\u001b[2J';
  const s = setup(t, {
    'rules/a.yml': rule('"a\\e[2J"').replace('category: authentication', 'category: "x\\e[2J"'),
    [`rules/b${raw}.yml`]: rule('b'),
    [`rules/c${raw}.yml`]: 'title: [\n',
  });
  const said: string[] = [];
  const run = (...args: string[]) =>
    rulesOpenCommand.run({
      app: { rules: s.rules, ruleBook: s.book, control: s.control, now: () => s.clock.us } as unknown as App,
      args,
      cwd: s.dir,
      signal: new AbortController().signal,
      o: { out: (l) => void said.push(l), err: (l) => void said.push(l), isTTY: true },
    });
  s.put('rules/imported/x/y.yml', rule('y'));
  s.rules.reload(DISK);
  await s.book.except(
    'b',
    {
      title: raw,
      where: [{ field: 'user.name', match: 'equals', values: ['x'] }],
      owner: raw,
      reason: raw,
      expiresAt: s.clock.us + 1e9,
    },
    by(s, 'user:ada', 'rule.exception'),
  );
  for (const args of [
    ['check', '--all'],
    ['history', 'b'],
    ['history', raw],
    ['mode', raw, 'off'],
    ['accept', raw],
    ['rollback', 'b', '7'],
    ['exceptions'],
    ['coverage'],
    ['import', raw],
    [raw],
  ]) {
    const before = said.length;
    await run(...args);
    assert.ok(said.length > before, args.join(' '));
  }
  assert.deepEqual(
    said.filter((l) => l.includes('\u001b')),
    [],
  );
});
