/** No route's fixed words hide what another route names by an id: a rule may be called `summary`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUTES } from './route-table.ts';

const hides = (fixed: string, open: string): boolean => {
  const [a, b] = [fixed.split('/'), open.split('/')];
  return a.length === b.length && a.every((x, i) => x === b[i] || (b[i] ?? '').startsWith(':'));
};

test('no route hides an id of another', () => {
  const hidden = ROUTES.flatMap((a) =>
    ROUTES.filter((b) => a !== b && a.method === b.method && hides(a.path, b.path)).map(
      (b) => `${a.method} ${a.path} hides ${b.path}`,
    ),
  );
  assert.deepEqual(hidden, []);
});
