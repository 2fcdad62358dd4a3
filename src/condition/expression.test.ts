/** Expressions: kinds, comparisons over one event, what remembers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields, type FieldValue } from '../model/event.ts';
import type { Memory } from './compile-test.ts';
import { compileCondition, conditionProblems, type Judged } from './evaluate.ts';
import type { CountTerm, Expression, TestOp } from './expression.ts';
import { countTermsOf, isStateful } from './stateful.ts';
import type { Condition } from './tree.ts';
import { clockPart, zoneName } from './zone.ts';

const T = (iso: string): number => Date.parse(iso) * 1000;
function event(fields: Record<string, FieldValue>): Judged {
  const f = new EventFields();
  for (const [k, v] of Object.entries(fields)) {
    if (k === '@timestamp') f.setOurs(k, v);
    else f.set(k, v);
  }
  return { fields: f, rawText: '', entities: [] };
}
const n = (value: number): Expression => ({ kind: 'number', value });
const t = (value: string): Expression => ({ kind: 'text', value });
const f = (field: string): Expression => ({ kind: 'field', field });
const call = (name: Extract<Expression, { kind: 'call' }>['name'], ...args: Expression[]): Expression => ({
  kind: 'call',
  name,
  args,
});
const sum = (op: '+' | '-' | '*' | '/' | '%', left: Expression, right: Expression): Expression => ({
  kind: 'arithmetic',
  op,
  left,
  right,
});
const is = (left: Expression, op: TestOp, right: Expression): Condition => ({
  kind: 'test',
  op,
  left,
  right,
});
const holds = (c: Condition, e: Judged, memory?: Memory): boolean =>
  compileCondition(c, { lists: new Map(), ...(memory === undefined ? {} : { memory }) })(e);

test('numbers, text, nothing', () => {
  const e = event({
    'source.bytes': 500,
    'destination.bytes': 49,
    'user.name': 'Root ',
    'app.size': '1e2',
    'app.bad': 'x',
    'app.zero': 0,
    'app.tags': ['a', 'bcd'],
  });
  const cases: [Condition, boolean][] = [
    [is(f('source.bytes'), '>', sum('*', n(10), f('destination.bytes'))), true],
    [is(f('source.bytes'), '>', sum('*', n(11), f('destination.bytes'))), false],
    [is(sum('/', f('source.bytes'), f('app.zero')), '>', n(0)), false],
    [is(sum('%', f('source.bytes'), n(7)), '==', n(3)), true],
    [is(f('app.size'), '==', n(100)), true],
    [is(f('app.bad'), '<', n(5)), false],
    [is(f('app.bad'), '!=', n(5)), true],
    [is(f('app.gone'), '==', f('app.gone')), false],
    [is(f('app.gone'), '!=', f('app.gone')), true],
    [is(call('lower', f('user.name')), '==', t('root ')), true],
    [is(call('trim', f('user.name')), '==', t('Root')), true],
    [is(call('upper', f('user.name')), '==', t('ROOT ')), true],
    [is(call('len', f('app.tags')), '==', n(3)), true],
    [is(call('len', f('app.tags')), '!=', n(3)), false],
    [is(call('coalesce', f('app.gone'), f('user.name')), '==', t('Root ')), true],
    [is(call('round', sum('/', n(5), n(2))), '==', n(3)), true],
    [is(call('round', sum('/', n(-5), n(2))), '==', n(-2)), true],
    [is(call('number', f('app.size')), '>', n(99)), true],
  ];
  for (const [c, want] of cases) assert.equal(holds(c, e), want, JSON.stringify(c));
});

test('times: differences are seconds, parts are UTC or of a zone', () => {
  const e = event({
    '@timestamp': T('2026-03-29T01:30:00Z'),
    'x509.not_after': T('2026-04-05T01:29:59Z'),
  });
  const cases: [Condition, boolean][] = [
    [is(sum('-', f('x509.not_after'), f('@timestamp')), '==', n(7 * 86_400 - 1)), true],
    [is(f('x509.not_after'), '<', sum('+', f('@timestamp'), n(7 * 86_400))), true],
    [is(f('x509.not_after'), '<', sum('+', f('@timestamp'), n(7 * 86_400 - 1))), false],
    [is(call('hour', f('@timestamp')), '==', n(1)), true],
    // Clocks went from 02:00 to 03:00 half an hour before.
    [is(call('hour', f('@timestamp'), t('Europe/Berlin')), '==', n(3)), true],
    [is(call('minute', f('@timestamp'), t('Asia/Kolkata')), '==', n(0)), true],
    [is(call('weekday', f('@timestamp')), '==', n(7)), true],
    [is(call('weekday', f('@timestamp'), t('America/Los_Angeles')), '==', n(6)), true],
    [is(call('day', f('@timestamp'), t('America/Los_Angeles')), '==', n(28)), true],
    [{ kind: 'compare', field: 'certificate.days_to_expiry', op: '<', value: 7 }, true],
    [{ kind: 'compare', field: 'certificate.days_to_expiry', op: '<', value: 6 }, false],
  ];
  for (const [c, want] of cases) assert.equal(holds(c, e), want, JSON.stringify(c));
});

test('zones: daylight saving, negative times, the edges', () => {
  const at = (iso: string, zone: string): number | undefined => clockPart(T(iso), 'hour', zone);
  assert.equal(at('2026-03-29T00:59:59Z', 'Europe/Berlin'), 1);
  assert.equal(at('2026-03-29T01:00:00Z', 'Europe/Berlin'), 3);
  assert.equal(at('2026-10-25T00:59:59Z', 'Europe/Berlin'), 2);
  assert.equal(at('2026-10-25T01:00:00Z', 'Europe/Berlin'), 2);
  assert.equal(at('1969-12-31T23:00:00Z', ''), 23);
  assert.equal(clockPart(-1, 'weekday', ''), 3);
  assert.equal(clockPart(Number.NaN, 'hour', ''), undefined);
  assert.equal(clockPart(2e16, 'hour', ''), undefined);
  assert.equal(zoneName('europe/berlin'), 'Europe/Berlin');
  assert.equal(zoneName('Mars/Phobos'), undefined);
  assert.equal(zoneName('+02:00'), undefined);
});

test('certificate identity and days left', () => {
  const has = (value: string): Condition => ({
    kind: 'equals',
    field: 'certificate.identity',
    values: [value],
    cased: true,
  });
  const named = { 'x509.issuer.common_name': 'CA', 'x509.serial_number': '0A' };
  assert.ok(holds(has('CA/0A'), event(named)));
  assert.ok(holds(has('AB'), event({ ...named, 'certificate.fingerprint.sha256': 'AB' })));
  assert.ok(holds({ kind: 'null', field: 'certificate.identity' }, event({})));
  assert.ok(!holds({ kind: 'exists', field: 'certificate.identity' }, event({})));
  const days: Condition = { kind: 'compare', field: 'certificate.days_to_expiry', op: '<=', value: -1 };
  assert.ok(holds(days, event({ 'certificate.days_left': -1 })));
  assert.ok(holds(days, event({ '@timestamp': 86_400e6, 'x509.not_after': 86_399e6 })));
  assert.ok(!holds(days, event({ '@timestamp': 86_400e6, 'x509.not_after': 86_400e6 })));
});

const count: CountTerm = {
  kind: 'count',
  where: { kind: 'words', words: ['failed'] },
  distinct: '',
  by: [['source.ip']],
  span: 3600e6,
};

test('counts are asked of a memory, and found in the tree', () => {
  const over = is(count, '>', sum('*', n(10), { kind: 'baseline', of: count }));
  const c: Condition = { kind: 'not', item: { kind: 'and', items: [over, is(n(1), '<', n(2))] } };
  assert.ok(isStateful(c));
  assert.deepEqual(countTermsOf(c), [count]);
  assert.ok(!isStateful(is(f('a'), '<', n(1))));
  assert.throws(() => compileCondition(over, { lists: new Map() }), /memory/);
  const memory = (seen: number | undefined, usual: number | undefined): Memory => ({
    count: () => seen,
    baseline: () => usual,
  });
  assert.equal(holds(over, event({}), memory(21, 2)), true);
  assert.equal(holds(over, event({}), memory(20, 2)), false);
  assert.equal(holds(over, event({}), memory(undefined, 2)), false);
  assert.equal(holds(over, event({}), memory(21, undefined)), false);
});

test('what cannot be compared is refused in words', () => {
  const refused: [Condition, RegExp][] = [
    [is(call('hour', f('user.name')), '<', n(6)), /a time is needed/],
    [is(call('hour', f('@timestamp'), t('Mars/Phobos')), '<', n(6)), /no time zone/],
    [is(call('lower', n(5)), '==', t('x')), /text is needed/],
    [is(call('len'), '==', n(1)), /takes 1 values/],
    [is(sum('+', n(1), f('@timestamp')), '<', n(6)), /a number is needed/],
    [is(call('coalesce', f('@timestamp'), t('x')), '==', t('x')), /different kinds/],
    [is(n(Number.NaN), '<', n(6)), /finite/],
    [is({ ...count, span: 367 * 86_400e6 }, '<', n(6)), /366 days/],
    [is({ ...count, where: is(count, '<', n(1)) }, '<', n(6)), /within a count/],
    [is({ ...count, where: { kind: 'inlist', field: 'a', list: 'gone' } }, '<', n(6)), /no list/],
  ];
  for (const [c, what] of refused) assert.match(conditionProblems(c, new Map()).join(), what);
});
