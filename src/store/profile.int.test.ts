/** The outline of what the store holds, from the real engine. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textsSql } from '../query/sql-field.ts';
import { SqlParams } from '../query/sql-params.ts';
import { BlockEncoder } from './native.ts';
import { openTestStore, TEST_INGESTED, type TestStore, testEvent, testProvenance } from './testing.ts';

let t: TestStore;
before(async () => {
  t = await openTestStore();
  const e = new BlockEncoder();
  const put = (ord: number, source: string, fields: Parameters<typeof testEvent>[0], later = 0): void =>
    e.add(testEvent(fields, { source }), testProvenance({ ord, ingested: TEST_INGESTED + later }));
  put(0, 'sshd', { 'user.name': 'root', 'event.category': ['authentication'], 'ssh.method': 'password' });
  put(1, 'sshd', { 'user.name': 'root', 'source.port': 0, 'ssh.empty': '', 'ssh.list': ['a', 'b'] }, 5e6);
  put(2, 'windows', [
    ['event.code', '4625'],
    ['winlog.channel', 'Security'],
    ['__proto__', 'x'],
  ]);
  put(3, 'late', { 'user.name': 'x' }, 3600e6);
  await t.store.insert([e.finish()], 'profile');
});
after(() => t.end());

const range = { from: TEST_INGESTED, to: TEST_INGESTED + 60e6 };

test('fields by source: hot and others, empty ones and lists, with the last time; nothing outside the range', async () => {
  const { rows: seen, cut } = await t.store.seenFields(range);
  assert.equal(cut, false);
  const of = (source: string) =>
    new Map(seen.filter((f) => f.source === source).map((f) => [f.field, f.last - TEST_INGESTED]));
  const sshd = of('sshd');
  assert.equal(sshd.get('user.name'), 5e6);
  assert.equal(sshd.get('event.category'), 0);
  assert.equal(sshd.get('ssh.method'), 0);
  assert.equal(sshd.get('source.port'), 5e6, 'a zero is a value');
  assert.equal(sshd.get('ssh.empty'), 5e6, 'an empty value is one, too');
  assert.equal(sshd.get('ssh.list'), 5e6);
  assert.equal(sshd.has('event.code'), false);
  assert.deepEqual([...of('windows').keys()].sort(), ['__proto__', 'event.code', 'winlog.channel']);
  assert.equal(of('late').size, 0);
});

test('combinations of values, with all values of a field', async () => {
  const p = new SqlParams();
  const sql = ['event.code', 'event.category', 'ssh.method'].map((f) => textsSql(f, p));
  const { rows: kinds, cut } = await t.store.seenKinds({ sql, params: p.values }, range);
  assert.equal(cut, false);
  assert.deepEqual(
    kinds
      .map((k) => [k.source, k.values, k.last - TEST_INGESTED])
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      ['sshd', [[], ['authentication'], ['password']], 0],
      ['sshd', [[], [], []], 5e6],
      ['windows', [['4625'], [], []], 0],
    ],
  );
});

test('more than is taken: what was received last, and that there is more', async () => {
  const fields = await t.store.seenFields(range, 2);
  assert.equal(fields.cut, true);
  assert.deepEqual(
    fields.rows.slice(0, 2).map((f) => f.last - TEST_INGESTED),
    [5e6, 5e6],
  );
  const p = new SqlParams();
  const kinds = await t.store.seenKinds({ sql: [textsSql('event.code', p)], params: p.values }, range, 1);
  assert.equal(kinds.cut, true);
  assert.deepEqual(
    kinds.rows.map((k) => [k.source, k.last - TEST_INGESTED]),
    [['sshd', 5e6]],
  );
});
