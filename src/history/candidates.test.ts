/** How narrow the SQL is, and that what cannot be said widens one rule and loses none. Rows: `equivalence.int.test.ts`. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Condition, Lists } from '../condition/tree.ts';
import { type BaseRule, makeRuleSet } from '../detect/rule.ts';
import { BRUTE, rulesOf } from '../detect/testing.ts';
import { RULES_WRITTEN_MAX, candidateSql, scopeSql } from './candidates.ts';

const scope = { tenants: ['default'], from: 0, to: 1e15 } as const;
const NONE: Lists = new Map();
const base = rulesOf(BRUTE).rules.find((r) => r.id === 'fail') as BaseRule;
const rule = (id: string, condition: Condition, where: Condition = base.where): BaseRule => ({
  ...base,
  id,
  where,
  condition,
});

test('what the rules say, or-ed; correlations add what they count', () => {
  const c = candidateSql(rulesOf(BRUTE), scope, NONE);
  assert.equal(c.width, 'rules');
  assert.match(c.sql, /event_outcome/);
  assert.match(c.sql, /^tenant = /);
});

test('no base rule, no candidate', () => {
  assert.match(candidateSql(makeRuleSet([]), scope, NONE).sql, /AND \(.*0.*\)$/);
});

test('a rule that cannot be said stands with its log source, the others as they are', () => {
  const source: Condition = { kind: 'equals', field: 'vigil.source', values: ['sshd'], cased: true };
  const set = makeRuleSet([
    rule('a', { kind: 'inlist', field: 'user.name', list: 'nowhere' }, source),
    rule('b', { kind: 'equals', field: 'user.name', values: ['root'], cased: false }),
  ]);
  const c = candidateSql(set, scope, NONE);
  assert.equal(c.width, 'rules');
  assert.ok(Object.values(c.params).includes('sshd') && Object.values(c.params).includes('root'));
});

test('too many rules: their log sources; too many of those: everything', () => {
  const many = (where: (i: number) => Condition) =>
    makeRuleSet(
      Array.from({ length: RULES_WRITTEN_MAX + 1 }, (_, i) =>
        rule(`r${i}`, { kind: 'equals', field: 'user.name', values: [`u${i}`], cased: false }, where(i)),
      ),
    );
  const source = (v: string): Condition => ({
    kind: 'equals',
    field: 'vigil.source',
    values: [v],
    cased: true,
  });
  assert.equal(
    candidateSql(
      many((i) => source(`s${i % 3}`)),
      scope,
      NONE,
    ).width,
    'logsources',
  );
  const all = candidateSql(
    many((i) => source(`s${i}`)),
    scope,
    NONE,
  );
  assert.equal(all.width, 'all');
  assert.equal(all.sql, scopeSql(scope).sql);
});

test('origins, receipt and the row filter are part of every width; a filter that is not exact is refused', () => {
  const narrow = {
    ...scope,
    origins: ['import'],
    received: { from: 5, to: 9 },
    rowFilter: { kind: 'equals', field: 'host.name', values: ['web01'], cased: true },
  } as const;
  for (const sql of [candidateSql(rulesOf(BRUTE), narrow, NONE), scopeSql(narrow)]) {
    assert.ok(Object.values(sql.params).includes('web01'));
    assert.ok(Object.values(sql.params).includes('import'));
    assert.match(sql.sql, /ingested >= .* ingested < /);
  }
  const vague: Condition = { kind: 'words', words: ['\ufffd'] };
  assert.throws(() => candidateSql(rulesOf(BRUTE), { ...scope, rowFilter: vague }, NONE), /row filter/);
});
