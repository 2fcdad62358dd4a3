import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJsonObject } from './json.ts';
import { bySignature, hasPrefix, makeRegistry } from './registry.ts';
import { defineSource, type JsonObject, type Recognise } from './source.ts';

const spec = (name: string, recognise: Recognise, version = 1) =>
  defineSource({ name, version, title: name, recognise, parse: () => 'no' });
const doc = (text: string): JsonObject => parseJsonObject(text) as JsonObject;

test('signatures: all keys must be there, the most specific first', () => {
  const r = makeRegistry([
    spec('a', { jsonKeys: [['id', 'type']] }),
    spec('b', { jsonKeys: [['id', 'type', 'rare']] }),
    spec('c', { jsonKeys: [['other']] }),
  ]);
  const names = (t: string): string[] => bySignature(r, doc(t)).map((s) => s.name);
  assert.deepEqual(names('{"id":1,"type":2}'), ['a']);
  assert.deepEqual(names('{"rare":0,"id":1,"type":2}'), ['b', 'a']);
  assert.deepEqual(names('{"id":1}'), []);
  assert.deepEqual(names('{"constructor":1,"toString":2}'), []);
});

test('prefixes: longest first, asked at an offset', () => {
  const r = makeRegistry([spec('a', { prefixes: ['CEF:'] }), spec('b', { prefixes: ['CEF:1|', 'type='] })]);
  assert.deepEqual(
    r.prefixes.get('C'.charCodeAt(0))?.map((p) => p.text),
    ['CEF:1|', 'CEF:'],
  );
  assert.equal(hasPrefix(r, 'x CEF:0|', 2), true);
  assert.equal(hasPrefix(r, 'x CEF:0|', 0), false);
});

test('a spec that cannot be routed is refused with a sentence', () => {
  assert.throws(() => makeRegistry([spec('A', {})]), /lower-case/);
  assert.throws(() => makeRegistry([spec('a', {}, 0)]), /version/);
  assert.throws(() => makeRegistry([spec('a', { prefixes: [''] })]), /prefix is empty/);
  assert.throws(() => makeRegistry([spec('a', { programs: ['SSHD'] })]), /lower case/);
  assert.throws(() => makeRegistry([spec('a', {}), spec('a', {})]), /two of that name/);
});
