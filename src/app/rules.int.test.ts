/**
 * Rules of an installation over a real control database and folders: modes by origin, versions and roll-back, exceptions
 * that end, what is changed on disk, imports, the cache, and that two bad rules in a thousand leave 998.
 */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileRules } from '../detect/matcher.ts';
import { EventFields } from '../model/event.ts';
import type { Content } from '../pipeline/content.ts';
import { importRules } from './rule-import.ts';
import { DISK } from './rules.ts';
import { by, inForce, modes, rule, setup, weakened } from './rules-fixture.ts';

test('modes: shipped and own rules alert, imported ones are in shadow, a file may say, a person decides', async (t) => {
  const s = setup(t, {
    'shipped/a.yml': rule('a'),
    'rules/b.yml': rule('b'),
    'rules/c.yml': rule('c', 'vigil: { mode: risk }\n'),
    'rules/d.yml': rule('d', 'vigil: { mode: off }\n'),
    'rules/imported/sigma/e.yml': rule('e'),
    'rules/imported/sigma/f.yml': rule('f').replace('status: stable', 'status: test'),
  });
  assert.deepEqual(modes(s), { a: 'alerting', b: 'alerting', c: 'risk', d: 'off', e: 'shadow', f: 'shadow' });
  assert.deepEqual(inForce(s), ['a', 'b', 'c', 'e', 'f'], 'a rule that is off is not judged at all');

  const list = await s.book.list();
  assert.deepEqual(
    list.rules.map((r) => [r.id, r.origin, r.proposal]),
    [
      ['a', 'shipped', ''],
      ['b', 'own', ''],
      ['c', 'own', ''],
      ['d', 'own', ''],
      ['e', 'imported', 'alerting'],
      ['f', 'imported', 'risk'],
    ],
  );
  assert.equal(list.summary.proposals, 2);

  assert.deepEqual(await s.book.accept(undefined, by(s, 'user:ada', 'rule.accept')), {
    kind: 'done',
    value: 2,
  });
  assert.deepEqual([modes(s)['e'], modes(s)['f']], ['alerting', 'risk']);
  assert.deepEqual(await weakened(s), [], 'raising a mode weakens nothing');

  await s.book.setMode('a', { mode: 'off', reason: 'too loud' }, by(s, 'user:ada', 'rule.mode'));
  assert.equal(modes(s)['a'], 'off');
  assert.ok(!inForce(s).includes('a'));
  const [alert] = await weakened(s);
  assert.equal(alert?.actor, 'user:ada');
  assert.match(alert?.sentence ?? '', /set the rule "Rule a" from alerting to off/);
  assert.deepEqual(
    await s.book.setMode('none', { mode: 'off', reason: '' }, by(s, 'user:ada', 'rule.mode')),
    {
      kind: 'unknown',
    },
  );
  // It is kept over a restart.
  const again = s.open();
  again.load();
  assert.equal(again.set.rules.find((r) => r.id === 'a')?.mode, 'off');
});

test('an informational rule cannot be made to alert', async (t) => {
  const s = setup(t, { 'rules/a.yml': rule('a', '').replace('level: high', 'level: informational') });
  const out = await s.book.setMode('a', { mode: 'alerting', reason: '' }, by(s, 'user:ada', 'rule.mode'));
  assert.equal(out.kind, 'refused');
});

test('versions: every text that was in force; roll-back holds until the file changes again', async (t) => {
  const s = setup(t, { 'rules/a.yml': rule('a') });
  s.clock.us += 1e6;
  s.put('rules/a.yml', rule('a').replace('user.name: root', 'user.name: admin'));
  s.rules.reload(DISK);
  const shown = () => s.control.ruleVersions('a').map((v) => [v.n, v.who, v.source, v.until === 0]);
  assert.deepEqual(shown(), [
    [2, 'unknown', 'file', true],
    [1, 'unknown', 'file', false],
  ]);
  const [disk] = await weakened(s);
  assert.match(
    disk?.sentence ?? '',
    /^unknown edited the rules "Rule a"$/,
    'what was edited on disk counts too',
  );

  s.clock.us += 1e6;
  const back = await s.book.rollback(
    'a',
    { version: 1, reason: 'it was better' },
    by(s, 'user:ada', 'rule.rollback'),
  );
  assert.deepEqual(back, { kind: 'done', value: true });
  assert.match(s.rules.rule('a')?.yaml ?? '', /user.name: root/);
  assert.deepEqual(shown()[0], [3, 'user:ada', 'rolled back to version 1', true]);
  assert.equal((await s.book.detail('a'))?.rolledBack, 1);
  const mine = (await weakened(s)).filter((a) => a.actor === 'user:ada');
  assert.equal(mine.length, 1);

  // Another load, and a restart, change nothing.
  s.rules.reload(DISK);
  assert.match(s.rules.rule('a')?.yaml ?? '', /user.name: root/);
  const again = s.open();
  again.load();
  assert.match(again.rule('a')?.yaml ?? '', /user.name: root/);
  assert.equal(s.control.ruleVersions('a').length, 3);

  s.clock.us += 1e6;
  s.put('rules/a.yml', rule('a').replace('user.name: root', 'user.name: newest'));
  s.rules.reload(DISK);
  assert.match(s.rules.rule('a')?.yaml ?? '', /user.name: newest/);
  assert.equal(s.control.rollbacks().size, 0);
  assert.equal(
    (await s.book.rollback('a', { version: 9, reason: '' }, by(s, 'user:ada', 'x'))).kind,
    'unknown',
  );
});

test('an exception takes its events out, ends by itself, and cannot be made without an end', async (t) => {
  const s = setup(t, { 'rules/a.yml': rule('a') });
  const event = (user: string, ip: string) => {
    const fields = new EventFields();
    fields.set('event.action', 'ssh_login');
    fields.set('event.category', ['authentication']);
    fields.set('user.name', user);
    fields.set('source.ip', ip);
    return {
      fields,
      rawText: '',
      raw: new Uint8Array(),
      ts: 0,
      status: 'parsed' as const,
      source: 'sshd',
      parser: 'x',
      entities: [],
    };
  };
  const meets = (ip: string): boolean => {
    const c = s.contents.at(-1) as Content;
    return compileRules(c.rules, c.lists).match(event('root', ip)).includes('a');
  };
  assert.ok(meets('10.0.0.9'));
  const input = {
    title: 'The backup host: "a" \n condition: x',
    where: [{ field: 'source.ip', match: 'cidr' as const, values: ['10.0.0.0/24'] }],
    owner: 'ada',
    reason: 'ticket 1',
    expiresAt: s.clock.us + 3600e6,
  };
  const made = await s.book.except('a', input, by(s, 'user:ada', 'rule.exception'));
  assert.equal(made.kind, 'done');
  assert.deepEqual(s.rules.problems, []);
  assert.ok(!meets('10.0.0.9'));
  assert.ok(meets('10.0.1.9'));
  assert.match((await weakened(s))[0]?.sentence ?? '', /made the exception "The backup host/);
  assert.equal((await s.book.detail('a'))?.rule.exceptions, 1);

  const before = s.contents.length;
  s.clock.us += 3601e6;
  s.rules.reload(DISK);
  assert.ok(s.contents.length > before);
  assert.ok(meets('10.0.0.9'), 'its time is over');

  for (const [change, reason] of [
    [{ expiresAt: s.clock.us - 1 }, /past/],
    [{ expiresAt: s.clock.us + 400 * 86_400e6 }, /within a year/],
    [
      { expiresAt: s.clock.us + 1e9, where: [{ field: 'x', match: 'cidr' as const, values: ['nonsense'] }] },
      /./,
    ],
  ] as const) {
    const out = await s.book.except('a', { ...input, ...change }, by(s, 'user:ada', 'rule.exception'));
    assert.equal(out.kind, 'refused');
    assert.match(out.kind === 'refused' ? out.reason : '', reason);
  }
  const second = await s.book.except(
    'a',
    { ...input, expiresAt: s.clock.us + 3600e6 },
    by(s, 'user:ada', 'rule.exception'),
  );
  assert.ok(second.kind === 'done');
  assert.ok(!meets('10.0.0.9'));
  const end = by(s, 'user:bob', 'rule.exception.end');
  assert.equal((await s.book.endException(second.value.id, end)).kind, 'done');
  assert.ok(meets('10.0.0.9'), 'ended by hand');
  assert.equal((await s.book.endException(second.value.id, end)).kind, 'unknown');
});

test('an exception ends by itself: the timer reloads without it', async (t) => {
  const s = setup(t, { 'rules/a.yml': rule('a') });
  const input = {
    title: 'short',
    where: [{ field: 'user.name', match: 'equals' as const, values: ['root'] }],
    owner: 'ada',
    reason: 'r',
    expiresAt: s.clock.us + 50_000,
  };
  assert.equal((await s.book.except('a', input, by(s, 'user:ada', 'rule.exception'))).kind, 'done');
  const before = s.contents.at(-1)?.hash;
  s.clock.us += 60_000;
  for (let i = 0; i < 100 && s.contents.at(-1)?.hash === before; i++)
    await new Promise((r) => setTimeout(r, 20));
  assert.notEqual(s.contents.at(-1)?.hash, before);
});

test('two bad rules in a thousand: 998 in force, two named; a reload with a bad one keeps the last good', (t) => {
  const files: Record<string, string> = {};
  for (let i = 0; i < 1000; i++) files[`rules/r${i}.yml`] = rule(`r${i}`);
  files['rules/r17.yml'] = rule('r17').replace('condition: s', 'condition: nobody');
  files['rules/r900.yml'] = `title: [unclosed\n${rule('r900')}`;
  const s = setup(t, files);
  assert.equal(s.rules.set.rules.length, 998);
  assert.deepEqual(
    s.rules.problems.map((p) => p.file),
    ['rules/r17.yml', 'rules/r900.yml'],
  );
  for (const p of s.rules.problems) assert.ok(p.line >= 1 && p.reason.length > 10, JSON.stringify(p));
  const good = s.rules.rule('r5')?.version;
  s.put('rules/r5.yml', rule('r5').replace('condition: s', 'condition: s and'));
  s.rules.reload(DISK);
  assert.equal(s.rules.set.rules.length, 998);
  assert.equal(s.rules.rule('r5')?.version, good);
  assert.equal(s.rules.problems.length, 3);
});

test('bounds, each with its message: a large file, deep folders, reserved ids, an id twice', (t) => {
  const s = setup(t, {
    'rules/large.yml': rule('large') + '#'.repeat(5 * 1024 * 1024),
    [`rules/${'d/'.repeat(13)}deep.yml`]: rule('deep'),
    'rules/a.yml': rule('vigil.mine'),
    'rules/b.yml': rule('b'),
    'rules/c.yml': rule('b'),
  });
  const reason = (file: RegExp) => s.rules.problems.find((p) => file.test(p.file))?.reason ?? '';
  assert.match(reason(/large/), /too large|longer than/);
  assert.match(reason(/d\/d/), /nest deeper than 12/);
  assert.match(reason(/a\.yml/), /Vigil's own/);
  assert.match(reason(/c\.yml/), /taken by rules\/b\.yml/);
  assert.deepEqual(
    s.rules.set.rules.map((r) => r.id),
    ['b'],
  );
});

test('an import lands in shadow as a whole, and a second one takes its place', async (t) => {
  const s = setup(t, { 'shipped/a.yml': rule('a') });
  const from = join(s.dir, 'checkout');
  s.put('checkout/rules/web/x.yml', rule('x'));
  s.put('checkout/rules/bad.yml', rule('bad').replace('condition: s', 'condition: none'));
  s.put('checkout/rules-threat-hunting/y.yml', rule('y').replace('level: high', 'level: low'));
  s.put('checkout/deprecated/z.yml', rule('z'));
  const run = () =>
    importRules(s.rules, { from, name: 'sigma', cause: { who: 'local', from: 'command line' } }, () =>
      s.control.ruleModes(),
    );
  const first = run();
  assert.ok(first.ok);
  assert.deepEqual(
    [
      first.value.files,
      first.value.rules,
      first.value.alerting,
      first.value.risk,
      first.value.problems.length,
    ],
    [3, 2, 1, 1, 1],
  );
  assert.deepEqual(modes(s), { a: 'alerting', x: 'shadow', y: 'shadow' });
  assert.equal(s.control.ruleVersions('x')[0]?.source, 'import sigma');
  assert.deepEqual(await weakened(s), []);
  rmSync(join(from, 'rules/web'), { recursive: true });
  const second = run();
  assert.ok(second.ok);
  assert.deepEqual(modes(s), { a: 'alerting', y: 'shadow' });
  assert.match((await weakened(s))[0]?.sentence ?? '', /^local removed the rules "Rule x"$/);
  assert.equal(run().ok, true);
  const bad = importRules(s.rules, { from, name: '../x', cause: DISK }, () => new Map());
  assert.equal(bad.ok, false);
});

test('the cache gives the same rules and problems, and a damaged one only costs time', (t) => {
  const s = setup(t, {
    'shipped/a.yml': rule('a'),
    'rules/b.yml': rule('b').replace('condition: s', 'condition: none'),
  });
  const fresh = [s.rules.set.hash, s.rules.problems];
  const file = join(s.dir, 'rule-cache.json');
  assert.match(readFileSync(file, 'utf8'), /"format":1/);
  const cached = s.open();
  cached.load();
  assert.deepEqual([cached.set.hash, cached.problems], fresh);
  writeFileSync(file, readFileSync(file, 'utf8').replace('Rule a', 'Rule A').slice(0, -3));
  const damaged = s.open();
  damaged.load();
  assert.deepEqual([damaged.set.hash, damaged.problems], fresh);
});

test('an upgrade replaces shipped rules without an alert; a removed own rule raises one', async (t) => {
  const s = setup(t, { 'shipped/a.yml': rule('a'), 'rules/b.yml': rule('b') });
  s.control.setSetting('rules.version', '0');
  s.put('shipped/a.yml', rule('a').replace('root', 'toor'));
  s.rules.reload(DISK);
  assert.deepEqual(await weakened(s), []);
  rmSync(join(s.dir, 'rules/b.yml'));
  s.rules.reload(DISK);
  assert.match((await weakened(s))[0]?.sentence ?? '', /removed the rules "Rule b"/);
});
