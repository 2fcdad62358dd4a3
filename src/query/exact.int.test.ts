/**
 * Live = history: over the same events, the plain evaluator and the compiled SQL give the same verdict, node by node
 * and for whole trees; where SQL says it is not exact it holds for more, never for less.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { compileCondition } from '../condition/evaluate.ts';
import { literal } from '../condition/print.ts';
import { compileRegex, regexDiffersInSql, regexProblem, sqlRegexSource } from '../condition/regex.ts';
import type { Condition } from '../condition/tree.ts';
import type { NormalizedEvent } from '../model/event.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { openTestStore, TEST_INGESTED, testEvent, testProvenance, type TestStore } from '../store/testing.ts';
import { comparison, condition, eventSpec, FIELDS, leaf, LISTS, regexSource, TEXTS } from './testing.ts';
import { parseQuery } from './parse.ts';
import {
  compileCount,
  compileHasData,
  compileHistogram,
  compileRows,
  compileTable,
  compileWhere,
  type Compiled,
  eventRow,
  type Scope,
} from './sql.ts';

const SEED = 20_261_124;
const EVENTS = 400;
let t: TestStore;
let events: NormalizedEvent[] = [];
const scope: Scope = { tenants: ['default'], from: TEST_INGESTED, to: TEST_INGESTED + 1e9 };
const env = { lists: LISTS };

before(async () => {
  t = await openTestStore({ onRestart: () => console.error('RESTART') });
  const specs = fc.sample(eventSpec, { numRuns: EVENTS, seed: SEED });
  // Every text in a hot field, in a field without a column, and in the raw text.
  for (const v of TEXTS) {
    const both: [(typeof FIELDS)[number], string][] = [
      ['user.name', v],
      ['custom.a', v],
    ];
    specs.push({ fields: both, raw: `before ${v} after`, entities: [v] });
    specs.push({
      fields: [
        ['source.ip', v],
        ['source.port', v],
        ['custom.list', [v, 'second']],
      ],
      raw: v,
      entities: [],
    });
  }
  const encoder = new BlockEncoder();
  events = specs.map((s, ord) => {
    const raw = ord % 7 === 0 ? broken(s.raw) : Buffer.from(s.raw.toWellFormed());
    const e = testEvent(s.fields, {
      text: new TextDecoder().decode(raw),
      raw,
      ts: TEST_INGESTED + ord,
      entities: s.entities.map((x) => x.toWellFormed()),
    });
    const p = testProvenance({
      ord,
      token: ord % 3 === 0 ? '' : 'tok',
      door: ord % 2 === 0 ? 'http' : 'file',
    });
    stampOurs(e, p);
    encoder.add(e, p);
    return e;
  });
  await t.store.insert([encoder.finish()], 'exact');
});
after(() => t.end());

/** Bytes that are no UTF-8 before, in and after the text. */
function broken(text: string): Buffer {
  const b = Buffer.from(text.toWellFormed());
  const half = b.length >> 1;
  return Buffer.concat([
    Buffer.from([0xff, 0xe2, 0x82]),
    b.subarray(0, half),
    Buffer.from([0xc3]),
    b.subarray(half),
    Buffer.from([0xf0, 0x9f]),
  ]);
}

async function run(c: Compiled): Promise<readonly (readonly unknown[])[]> {
  return (await t.store.query(c.sql, c.params, { maxRows: 10_000 })).rows;
}
const must = <T>(r: { ok: true; value: T } | { ok: false; error: { message: string } }): T => {
  assert.ok(r.ok, r.ok ? '' : r.error.message);
  return r.value;
};

async function stored(cond: Condition): Promise<{ ords: number[]; exact: boolean; sql: string }> {
  const w = must(compileWhere(cond, scope, env));
  const sql = `SELECT ord FROM vigil.events WHERE ${w.sql} ORDER BY ord`;
  return { ords: (await run({ ...w, sql })).map((r) => Number(r[0])), exact: w.exact, sql };
}
function live(cond: Condition): number[] {
  const p = compileCondition(cond, env);
  return events.flatMap((e, ord) => (p(e) ? [ord] : []));
}

async function agree(cond: Condition): Promise<void> {
  const want = live(cond);
  const got = await stored(cond);
  const what = JSON.stringify(cond);
  if (got.exact) {
    const off = [...want.filter((o) => !got.ords.includes(o)), ...got.ords.filter((o) => !want.includes(o))];
    const e = events[off[0] ?? 0];
    const shown = off.length === 0 ? '' : JSON.stringify([[...(e?.fields.entries() ?? [])], e?.rawText]);
    assert.deepEqual(got.ords, want, `${what}\n${got.sql}\nevent ${shown}`);
  } else {
    const missing = want.filter((o) => !got.ords.includes(o));
    assert.deepEqual(missing, [], `omits: ${what}\n${got.sql}`);
  }
}

test('each node', async () => {
  await fc.assert(fc.asyncProperty(leaf, agree), { numRuns: 150, endOnFailure: true });
});

test('comparisons of expressions', async () => {
  await fc.assert(fc.asyncProperty(comparison, agree), { numRuns: 120, endOnFailure: true });
});

test('each node under NOT', async () => {
  await fc.assert(
    fc.asyncProperty(leaf, (item) => agree({ kind: 'not', item })),
    { numRuns: 80, endOnFailure: true },
  );
});

test('whole trees', async () => {
  await fc.assert(fc.asyncProperty(condition, agree), { numRuns: 100, endOnFailure: true });
});

test('presence of every field', async () => {
  for (const field of FIELDS) {
    await agree({ kind: 'exists', field });
    await agree({ kind: 'null', field });
    await agree({ kind: 'equals', field, values: [''], cased: false });
  }
});

test('regular expressions: re2js and the engine', async () => {
  await fc.assert(
    fc.asyncProperty(regexSource, fc.constantFrom('', 'i', 's', 'm'), async (source, flags) => {
      fc.pre(regexProblem(source, flags) === undefined);
      const want = TEXTS.map((v) => (compileRegex(source, flags)(v) ? 1 : 0));
      const [row] = await run({
        sql: 'SELECT arrayMap(x -> match(x, {re:String}), {texts:Array(String)})',
        params: { re: sqlRegexSource(source, flags), texts: TEXTS },
        exact: true,
      });
      const got = row?.[0] as number[];
      const off = TEXTS.filter((_, i) =>
        regexDiffersInSql(source) ? (got[i] ?? 0) < (want[i] ?? 0) : got[i] !== want[i],
      );
      assert.deepEqual(off, [], JSON.stringify([source, flags]));
    }),
    { numRuns: 200 },
  );
});

test('every text by equality, in every way of keeping it', async () => {
  for (const v of TEXTS) {
    for (const field of ['user.name', 'custom.a', 'custom.list', 'source.ip']) {
      await agree({ kind: 'equals', field, values: [v], cased: v.length % 2 === 0 });
    }
  }
});

test('every text as a pattern, a keyword and a word', async () => {
  for (const [i, v] of TEXTS.entries()) {
    const cased = i % 2 === 0;
    const text = { kind: 'text', text: v } as const;
    await agree({ kind: 'like', field: 'user.name', pattern: [text], cased });
    await agree({ kind: 'like', field: 'custom.a', pattern: [{ kind: 'any' }, text], cased: !cased });
    await agree({ kind: 'keyword', pattern: [text], cased });
    await agree({ kind: 'words', words: [v] });
  }
});

test('a clicked value finds exactly that value', async () => {
  for (const v of TEXTS) {
    for (const field of ['user.name', 'custom.a', '__proto__', '"];process.exit()//']) {
      const q = must(parseQuery(literal(field, v), { now: 0 }));
      const want = events.flatMap((e, ord) => {
        const x = e.fields.get(field);
        const all = Array.isArray(x) ? x : [x];
        return all.some((y) => y !== null && y !== undefined && String(y) === v) ? [ord] : [];
      });
      assert.deepEqual((await stored(q.filter)).ords, want, `${field} ${JSON.stringify(v)}`);
    }
  }
});

test('pages, counts, histogram, tables and hasData agree with the events', async () => {
  const query = must(parseQuery('vigil.door:http AND user.name:*', { now: 0 }));
  const want = live(query.filter);
  assert.ok(want.length > 5, 'the sample holds some');
  const seen: number[] = [];
  let before: { ts: number; id: string } | undefined;
  for (;;) {
    const page = must(
      compileRows(query, scope, env, { limit: 7, ...(before === undefined ? {} : { before }) }),
    );
    const rows = (await run(page)).map(eventRow);
    for (const r of rows) seen.push(r.ts - TEST_INGESTED);
    const last = rows.at(-1);
    if (last === undefined) break;
    before = { ts: last.ts, id: last.id };
  }
  assert.deepEqual(seen, want.toReversed());
  assert.equal(Number((await run(must(compileCount(query, scope, env))))[0]?.[0]), want.length);
  const histogram = await run(must(compileHistogram(query, scope, env, 1_000_000)));
  assert.equal(
    histogram.reduce((n, r) => n + Number(r[1]) + Number(r[2]) + Number(r[3]), 0),
    want.length,
  );
  assert.equal((await run(must(compileHasData(scope, env)))).length, 1);
  assert.equal((await run(must(compileHasData({ ...scope, tenants: ['other'] }, env)))).length, 0);
});

test('stats over hot, multi-valued and other fields', async () => {
  const table = async (text: string): Promise<readonly (readonly unknown[])[]> =>
    run(must(compileTable(must(parseQuery(text, { now: 0 })), scope, env)));
  const byDoor = await table('| stats count() as n by vigil.door | sort -n');
  assert.equal(
    byDoor.reduce((n, r) => n + Number(r[1]), 0),
    events.length,
  );
  const custom = await table('| stats count(), dc(custom.list) by custom.list');
  const values = events.flatMap((e) => {
    const x = e.fields.get('custom.list');
    if (Array.isArray(x)) return x.length === 0 ? [null] : x.map(String);
    return [x === undefined || x === null ? null : String(x)];
  });
  for (const [value, n] of custom) {
    assert.equal(Number(n), values.filter((v) => v === value).length, JSON.stringify(value));
  }
  const ports = events.flatMap((e) => e.fields.get('source.port') ?? []).map(Number);
  const [numbers] = await table(
    '| stats count(), sum(source.port), min(source.port), max(source.port), avg(source.port)',
  );
  assert.deepEqual(numbers?.slice(1, 4).map(Number), [
    ports.reduce((a, b) => a + b, 0),
    Math.min(...ports),
    Math.max(...ports),
  ]);
  const [rest] = await table(
    '| stats max(custom.a), sum(nowhere), dc(user.name), min(@timestamp), avg(custom.a)',
  );
  assert.equal(rest?.[1], null);
  assert.match(String(rest?.[3]), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{6}Z$/);
  assert.equal((await table('| head 7 | stats count()'))[0]?.[0], 7);
  assert.equal((await table('| sort -source.port | head 4')).length, 4);
  assert.equal(
    (
      await table(
        '| stats count() as n by vigil.door, user.name | head 3 | stats sum(n), dc(user.name) by vigil.door',
      )
    ).length > 0,
    true,
  );
});
