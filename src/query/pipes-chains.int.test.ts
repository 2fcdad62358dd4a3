/** Any chain of pipes that compiles runs: the engine refuses no SQL that the compiler made of it (types, names, scopes). */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { storeEvents, tried } from './pipes-fixture.ts';

storeEvents();

const RUNS = 150;

const NAMES = [
  'user.name',
  'source.port',
  'source.ip',
  '@timestamp',
  'event.category',
  'custom.ms',
  'vigil.batch',
  'x509.not_after',
  'event.original',
  'x',
  'n',
] as const;
const name = fc.constantFrom(...NAMES);

const value: fc.Arbitrary<string> = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 3 },
    name,
    fc.constantFrom('1', '2.5', '"a"', '"7"', '5m', 'null', 'true', 'now()'),
    fc
      .tuple(tie('e'), fc.constantFrom('+', '-', '*', '/', '%'), tie('e'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    fc
      .tuple(tie('e'), fc.constantFrom('==', '!=', '<', '>='), tie('e'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    fc.tuple(tie('e'), tie('e'), tie('e')).map(([a, b, c]) => `if(isnull(${a}), ${b}, ${c})`),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => `coalesce(${a}, ${b})`),
    fc.tuple(tie('e'), tie('e'), tie('e')).map(([a, b, c]) => `(${a} in (${b}, ${c}))`),
    fc.tuple(tie('e'), tie('e')).map(([a, b]) => `concat(text(${a}), text(${b}))`),
    fc
      .tuple(
        fc.constantFrom('lower', 'upper', 'trim', 'len', 'number', 'round', 'floor', 'time', 'abs'),
        tie('e'),
      )
      .map(([f, a]) => `${f}(text(${a}))`),
    fc.tuple(fc.constantFrom('hour', 'weekday'), tie('e')).map(([f, a]) => `${f}(time(text(${a})))`),
    fc.tuple(tie('e'), fc.constantFrom('5m', '1w', '10')).map(([a, s]) => `bin(${a}, ${s})`),
    fc.tuple(tie('e'), name).map(([a, n]) => `(text(${a}) in (search user.name:bob | fields ${n}))`),
  ),
})).e;

const aggregate = fc.oneof(
  fc.constant('count() as n'),
  fc
    .tuple(
      fc.constantFrom('dc', 'sum', 'avg', 'min', 'max', 'median', 'p95', 'stdev', 'values', 'first', 'last'),
      name,
    )
    .map(([f, n]) => `${f}(${n}) as x`),
);
const group = fc.oneof(name, fc.constant('bin(@timestamp, 10m)'), fc.constant('bin(source.port, 100)'));
const pipe = fc.oneof(
  value.map((v) => `where isnull(${v}) or true`),
  value.map((v) => `eval x = ${v}`),
  fc.tuple(aggregate, group).map(([a, g]) => `stats ${a} by ${g}`),
  fc.tuple(aggregate, name).map(([a, g]) => `timechart span=1h limit=2 ${a} by ${g}`),
  fc.tuple(fc.constantFrom('top', 'rare'), name).map(([k, n]) => `${k} 3 ${n}`),
  name.map((n) => `dedup ${n}`),
  name.map((n) => `sort -${n}`),
  fc.constant('head 50'),
  fc.tuple(name, name).map(([a, b]) => `fields ${a}, ${b}`),
  name.map((n) => `fields - ${n}`),
  fc.tuple(name, name).map(([a, b]) => `rename ${a} as ${b}`),
  name.map((n) => `rex field=${n} "(?<x>[a-z]+)(?<y>\\\\d)?"`),
  fc.tuple(fc.constantFrom('staff', 'ours', 'bad_domains'), name).map(([l, n]) => `lookup ${l} ${n} as x`),
  fc.tuple(name, aggregate).map(([n, a]) => `transaction ${n} maxpause=5m ${a}`),
);

test('chains of pipes', async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(pipe, { minLength: 1, maxLength: 4 }), async (pipes) => {
      if (typeof (await tried(`| ${pipes.join(' | ')}`)) !== 'string') ran++;
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  assert.ok(ran > RUNS / 4, `${ran} of ${RUNS} compiled`);
});
