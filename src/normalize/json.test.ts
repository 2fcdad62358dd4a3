import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventFields } from '../model/event.ts';
import {
  at,
  FLATTEN_FIELDS_MAX,
  flatten,
  JSON_DEPTH_MAX,
  JSON_NODES_MAX,
  parseJson,
  parseJsonObject,
} from './json.ts';
import type { JsonObject } from './source.ts';

const flat = (text: string): Map<string, unknown> => {
  const out = new EventFields();
  flatten(parseJsonObject(text) as JsonObject, out);
  return new Map(out.entries());
};

test('hostile names are names as any other, and Object.prototype stays as it is', () => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort().join();
  const doc = parseJsonObject(
    '{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}},"toString":3,"hasOwnProperty":4}',
  );
  assert.ok(doc !== undefined);
  assert.equal(Object.getPrototypeOf(doc), null);
  assert.deepEqual(Object.keys(doc), ['__proto__', 'constructor', 'toString', 'hasOwnProperty']);
  assert.equal(at(doc, '__proto__', 'a'), 1);
  assert.equal(at(doc, 'valueOf'), undefined);
  const out = flat('{"a":{"__proto__":{"b":1}},"1e3":1e3}');
  assert.equal(out.get('a.__proto__.b'), 1);
  assert.equal(Object.getOwnPropertyNames(Object.prototype).sort().join(), before);
  assert.equal(({} as Record<string, unknown>)['a'], undefined);
});

test('numbers whose text differs from String(n) stay text; others are numbers', () => {
  const got = flat(
    '{"a":1.50,"b":12345678901234567890,"c":1e3,"d":-0,"e":0.1,"f":9007199254740993,"g":1583920471.123456,"h":1.0,"i":[1.0,2],"j":0.0000001,"k":-12,"l":0.30000000000000004,"m":100000000000000000000000}',
  );
  assert.deepEqual(
    [...got],
    [
      ['a', '1.50'],
      ['b', '12345678901234567890'],
      ['c', '1e3'],
      ['d', '-0'],
      ['e', 0.1],
      ['f', '9007199254740993'],
      ['g', 1583920471.123456],
      ['h', '1.0'],
      ['i', ['1.0', 2]],
      ['j', '0.0000001'],
      ['k', -12],
      ['l', 0.30000000000000004],
      ['m', '100000000000000000000000'],
    ],
  );
  assert.equal(parseJson('1.0'), '1.0');
  assert.equal(parseJson('-0'), '-0');
});

test('the last of duplicate keys wins, on both paths', () => {
  assert.equal(flat('{"a":1,"a":2}').get('a'), 2);
  assert.equal(flat('{"a":1,"a":2.0}').get('a'), '2.0');
});

test('a.b beside {a: {b}} keeps both', () => {
  assert.deepEqual(flat('{"a.b":1,"a":{"b":2}}').get('a.b'), [1, 2]);
});

test('lists: scalars stay, objects become a list per path, emptiness is remembered', () => {
  const got = flat(
    '{"t":["x","y"],"o":[{"a":1,"b":{"c":[1,2]}},{"a":2},{"b":{"c":3}}],"e":{},"n":[],"z":null,"deep":[[1],[2,3]]}',
  );
  assert.deepEqual(got.get('t'), ['x', 'y']);
  assert.deepEqual(got.get('o.a'), [1, 2]);
  assert.deepEqual(got.get('o.b.c'), [1, 2, 3]);
  assert.deepEqual(got.get('e'), []);
  assert.deepEqual(got.get('n'), []);
  assert.equal(got.get('z'), null);
  assert.deepEqual(got.get('deep'), [1, 2, 3]);
});

test('names of ours from outside are kept as claims', () => {
  const got = flat(
    '{"vigil.source":"x","vigil":{"count":5},"event.ingested":1,"event":{"ingested":2},"@timestamp":"t"}',
  );
  assert.equal(got.get('claimed.vigil.source'), 'x');
  assert.equal(got.get('claimed.vigil.count'), 5);
  assert.equal(got.has('vigil.count'), false);
  assert.equal(got.has('event.ingested'), false);
  assert.equal(got.get('claimed.@timestamp'), 't');
});

test('depth: what lies deeper stays as text; a thousand levels cost nothing', () => {
  const n = 1000;
  const doc = parseJsonObject(`{"a":${'['.repeat(n)}1${']'.repeat(n)}}`);
  let v: unknown = doc?.['a'];
  let depth = 1;
  while (Array.isArray(v)) {
    v = v[0] as unknown;
    depth++;
  }
  assert.equal(depth, JSON_DEPTH_MAX);
  assert.equal(typeof v, 'string');
  assert.match(v as string, /^\[+1\]+$/);
});

test('more fields than the bound are left out and counted', () => {
  const doc = parseJsonObject(
    JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`k${i}`, i]))),
  );
  const out = new EventFields();
  assert.equal(flatten(doc as JsonObject, out), 1001 - FLATTEN_FIELDS_MAX);
  assert.equal(out.size, FLATTEN_FIELDS_MAX);
});

test('what is not JSON is undefined', () => {
  for (const t of [
    '',
    '{',
    '{"a":}',
    '{"a":1.}',
    '[1,]',
    '{"a":01.0}',
    'nul',
    '{"a":1}x',
    '{"a":"\u0001"}',
    '{"a":1.0',
    "{'a':1}",
  ])
    assert.equal(parseJson(t), undefined, t);
});

test('a document of very many values: the first ones are kept, the rest is left out', () => {
  const big = `{"first":1,${Array.from({ length: 70_000 }, (_, i) => `"k${i}":${i}`).join(',')}}`;
  const doc = parseJsonObject(big) as JsonObject;
  assert.equal(Object.keys(doc).length, JSON_NODES_MAX);
  assert.equal(doc['first'], 1);
  const small = parseJsonObject(
    `{"a":[${Array.from({ length: 30_000 }, () => '1').join(',')}]}`,
  ) as JsonObject;
  assert.equal((small['a'] as readonly number[]).length, JSON_NODES_MAX - 1);
});
