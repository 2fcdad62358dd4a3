/** `print` and `parseQuery` are inverse where the parser can make the tree, and keep the meaning everywhere else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileCondition } from '../condition/evaluate.ts';
import { literal, print } from '../condition/print.ts';
import { type CountTerm, type Expression, TEST_OPS } from '../condition/expression.ts';
import { kindOf } from '../condition/expression-type.ts';
import { tokensOf } from '../condition/text.ts';
import type { Condition, PatternPart } from '../condition/tree.ts';
import { hotField } from '../model/catalogue.ts';
import { EventFields } from '../model/event.ts';
import { comparison, condition, eventSpec, FIELDS, field, leaf, LISTS, pattern, text } from './testing.ts';
import { parseQuery } from './parse.ts';

const RUNS = 300;
const notDate = fc.constantFrom(...FIELDS.filter((f) => hotField(f)?.type !== 'date'));
const anyField = fc.oneof(notDate, text);
const merged = pattern
  .map((parts) =>
    parts.reduce<PatternPart[]>((out, p) => {
      const last = out.at(-1);
      if (p.kind === 'text' && last?.kind === 'text')
        out[out.length - 1] = { kind: 'text', text: last.text + p.text };
      else if (p.kind !== 'text' || p.text !== '') out.push(p);
      return out;
    }, []),
  )
  .map((parts) => parts.filter((p, i) => p.kind !== 'any' || parts[i - 1]?.kind !== 'any'));
const wild = merged.filter((p) => p.some((x) => x.kind !== 'text') && !p.every((x) => x.kind === 'any'));

/** Comparisons that the parser can make: text alone, or a number before anything but arithmetic, begins no term. */
const begins = (e: Expression): boolean =>
  e.kind === 'arithmetic'
    ? e.left.kind === 'number' || begins(e.left)
    : e.kind !== 'number' && e.kind !== 'text';
const unreadable = (c: Condition): boolean => {
  if (c.kind !== 'test') return true;
  const [l, r] = [kindOf(c.left), kindOf(c.right)];
  // Text beside a time would be read as a time.
  return (
    !begins(c.left) || (l === 'time' && c.right.kind === 'text') || (r === 'time' && c.left.kind === 'text')
  );
};
const count: fc.Arbitrary<CountTerm> = fc.record({
  kind: fc.constant('count' as const),
  where: fc.oneof(
    fc.constant<Condition>({ kind: 'const', value: true }),
    fc.constant<Condition>({ kind: 'words', words: ['by', 'in'] }),
    leaf.filter((c) => c.kind === 'compare' && hotField(c.field)?.type !== 'date'),
    fc.constant<Condition>({
      kind: 'or',
      items: [
        { kind: 'exists', field: 'user.name' },
        { kind: 'words', words: ['for'] },
      ],
    }),
  ),
  distinct: fc.oneof(
    fc.constant(''),
    text.filter((t) => t !== ''),
  ),
  by: fc.array(fc.array(fc.oneof(field, text), { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  span: fc.integer({ min: 1, max: 366 * 86_400 }).map((s) => s * 1e6),
});
const counted: fc.Arbitrary<Condition> = fc
  .tuple(fc.constantFrom(...TEST_OPS), count, fc.option(count), fc.integer())
  .map(([op, left, of, value]) => ({
    kind: 'test',
    op,
    left,
    right:
      of === null
        ? { kind: 'number', value }
        : { kind: 'arithmetic', op: '*', left: { kind: 'number', value }, right: { kind: 'baseline', of } },
  }));

/** What the parser can make. */
const parsable: fc.Arbitrary<Condition> = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constantFrom('exists' as const, 'null' as const), field: anyField }),
    fc.record({
      kind: fc.constant('equals' as const),
      field: anyField.filter((f) => hotField(f)?.type !== 'date'),
      values: fc.array(text, { minLength: 1, maxLength: 3 }),
      cased: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('like' as const), field: anyField, pattern: wild, cased: fc.boolean() }),
    fc.record({
      kind: fc.constant('regex' as const),
      field: anyField,
      source: fc.constantFrom('a|b', '"', '\\\\ x', '/a/', 'x y', '\\u{61}'.slice(0, 0), '[(]', 'é\n'),
      flags: fc.constantFrom('', 'i', 'ims'),
    }),
    fc.record({
      kind: fc.constant('cidr' as const),
      field: anyField,
      cidr: fc.constantFrom('10.0.0.0/8', '::/0'),
    }),
    fc.record({
      kind: fc.constant('compare' as const),
      field: anyField,
      op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
      value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
    }),
    fc.record({
      kind: fc.constant('fieldref' as const),
      field: anyField,
      op: fc.constantFrom('equals' as const, 'contains' as const),
      other: anyField,
      cased: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('inlist' as const),
      field: anyField,
      list: fc.oneof(text, fc.constant('or_a-b.c')),
    }),
    fc.record({
      kind: fc.constant('words' as const),
      words: fc
        .array(text, { minLength: 1, maxLength: 3 })
        .map((a) => tokensOf(a.join(' ')))
        .filter((w) => w.length > 0),
    }),
    fc.record({
      kind: fc.constant('keyword' as const),
      pattern: merged.filter((p) => p.length > 0),
      cased: fc.boolean(),
    }),
    comparison.filter((c) => !unreadable(c)),
    counted,
    fc.record({ kind: fc.constant('entity' as const), entity: text }),
    fc.record({ kind: fc.constant('const' as const), value: fc.boolean() }),
    fc.record({ kind: fc.constant('not' as const), item: tie('tree') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      items: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).tree;

const plain = (c: unknown): unknown => JSON.parse(JSON.stringify(c));

test('parse(print(t)) = t', () => {
  fc.assert(
    fc.property(parsable, (c) => {
      const printed = print(c);
      const r = parseQuery(printed, { now: 0 });
      assert.ok(r.ok, `${printed}: ${r.ok ? '' : r.error.message}`);
      assert.deepEqual(plain(r.value.filter), plain(c), printed);
    }),
    { numRuns: RUNS },
  );
});

const events = fc.sample(eventSpec, { numRuns: 60, seed: 1 }).map((s) => {
  const fields = new EventFields();
  for (const [k, v] of s.fields) fields.set(k, v);
  return { fields, rawText: s.raw, entities: s.entities };
});

test('the printed condition means the same', () => {
  fc.assert(
    fc.property(condition, (c) => {
      // Only Sigma rules say these; they come out as text to read.
      fc.pre(!/"(placeholder|timepart)"/.test(JSON.stringify(c)));
      const printed = print(c);
      const r = parseQuery(printed, { now: 0 });
      // Text that is no time cannot be compared with a time field in the language.
      fc.pre(r.ok || !/no time/.test(r.error.message));
      assert.ok(r.ok, `${printed}: ${r.ok ? '' : r.error.message}`);
      const env = { lists: LISTS };
      const [before, after] = [compileCondition(c, env), compileCondition(r.value.filter, env)];
      for (const e of events) assert.equal(after(e), before(e), printed);
    }),
    { numRuns: RUNS },
  );
});

test('a network of one address stays a network', () => {
  for (const cidr of ['10.0.1.5', '2001:db8::1']) {
    const r = parseQuery(print({ kind: 'cidr', field: 'event.category', cidr }), { now: 0 });
    assert.ok(r.ok && r.value.filter.kind === 'cidr');
  }
});

test('empty texts in a pattern do not turn it into "exists"', () => {
  const c: Condition = {
    kind: 'like',
    field: 'user.name',
    pattern: [{ kind: 'text', text: '' }, { kind: 'any' }],
    cased: false,
  };
  const r = parseQuery(print(c), { now: 0 });
  assert.ok(r.ok);
  const fields = new EventFields();
  fields.set('user.name', null);
  const e = { fields, rawText: '', entities: [] };
  assert.equal(compileCondition(c, { lists: LISTS })(e), false);
  assert.equal(compileCondition(r.value.filter, { lists: LISTS })(e), false);
});

test('a clicked value matches itself alone', () => {
  fc.assert(
    fc.property(field, text, text, (name, clicked, other) => {
      fc.pre(
        hotField(name) === undefined || hotField(name)?.type === 'keyword' || hotField(name)?.type === 'text',
      );
      const r = parseQuery(literal(name, clicked), { now: 0 });
      assert.ok(r.ok, literal(name, clicked));
      const p = compileCondition(r.value.filter, { lists: LISTS });
      for (const v of [clicked, other]) {
        const fields = new EventFields();
        fields.setOurs(name, v.toWellFormed());
        assert.equal(p({ fields, rawText: v, entities: [] }), v.toWellFormed() === clicked.toWellFormed());
      }
    }),
    { numRuns: RUNS },
  );
});

test('any text parses or is refused with a place inside it', () => {
  const piece = fc.oneof(
    text,
    fc.constantFrom(
      'AND',
      'OR',
      'NOT',
      'IN',
      '(',
      ')',
      '"',
      ':',
      '==',
      '=~',
      '<',
      '|',
      'stats count()',
      'where',
      'eval x =',
      'in (search',
      'bin(@timestamp, 5m)',
      'timechart span=',
      'transaction a maxpause=1m',
      'top 3',
      'rex "(?<a>x)"',
      'lookup',
      'if(',
      '`a`',
      '5m',
      '+',
      'by',
      ',',
      '/',
      '\\',
      '*',
      'exists(',
      'count(a by',
      'in 5m)',
      'hour(',
      '10 *',
      'field(',
      'baseline',
      '> 3',
      'renewal_event',
      'user.name',
      ' ',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('', ' '), (pieces, joint) => {
      const query = pieces.join(joint);
      const r = parseQuery(query, { now: 0 });
      if (r.ok) return;
      assert.ok(
        r.error.start >= 0 && r.error.start <= r.error.end && r.error.end <= query.length,
        JSON.stringify(r.error),
      );
      assert.ok(r.error.expected.length > 0);
    }),
    { numRuns: 2000 },
  );
});
