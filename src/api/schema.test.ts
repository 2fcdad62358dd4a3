import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiFailure } from './errors.ts';
import { bool, int, list, obj, oneOf, opt, str } from './schema.ts';

const shape = obj({
  a: str({ min: 1, max: 3, pattern: /^[a-z]+$/ }),
  n: opt(int(0, 9)),
  k: oneOf(['x', 'y']),
  l: list(bool(), 2),
});
const good = { a: 'abc', k: 'x', l: [true] };

test('good input is taken, with integers as text from a query string', () => {
  assert.deepEqual(shape.parse(good, 'body'), { ...good, n: undefined });
  assert.equal(shape.parse({ ...good, n: '7' }, 'body').n, 7);
});

test('bad input is refused with where and what', () => {
  const cases: readonly [unknown, RegExp][] = [
    [null, /^body: an object expected/],
    [[], /^body: an object expected/],
    [{ ...good, extra: 1 }, /unknown key "extra"/],
    [JSON.parse('{"a":"a","k":"x","l":[],"__proto__":1}'), /unknown key "__proto__"/],
    [{ k: 'x', l: [] }, /^body\.a: missing/],
    [Object.create(good) as unknown, /^body\.a: missing/],
    [{ ...good, a: 1 }, /^body\.a: text/],
    [{ ...good, a: '' }, /^body\.a: at least 1/],
    [{ ...good, a: 'abcd' }, /^body\.a: at most 3/],
    [{ ...good, a: 'AB' }, /^body\.a: /],
    [{ ...good, n: 1.5 }, /^body\.n: a whole number/],
    [{ ...good, n: '1e1' }, /^body\.n: a whole number/],
    [{ ...good, n: 10 }, /^body\.n: between 0 and 9/],
    [{ ...good, n: Number.NaN }, /^body\.n: a whole number/],
    [{ ...good, k: 'z' }, /^body\.k: one of x, y/],
    [{ ...good, l: [true, true, true] }, /^body\.l: at most 2/],
    [{ ...good, l: [true, 1] }, /^body\.l\[1\]: true or false/],
  ];
  for (const [input, message] of cases) {
    assert.throws(
      () => shape.parse(input, 'body'),
      (e) => e instanceof ApiFailure && e.status === 400 && message.test(e.message),
      String(message),
    );
  }
});

test('the JSON Schema says the same', () => {
  assert.deepEqual(shape.json['required'], ['a', 'k', 'l']);
  assert.equal(shape.json['additionalProperties'], false);
});
