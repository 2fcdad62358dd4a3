/** Runs every example of `docs/SEARCH.md` against the event shown there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compileCondition } from '../condition/evaluate.ts';
import type { Lists } from '../condition/tree.ts';
import { EventFields, type FieldValue } from '../model/event.ts';
import { parseQuery } from './parse.ts';
import { compileRows, compileTable, isTable } from './sql.ts';

const doc = readFileSync(new URL('../../docs/SEARCH.md', import.meta.url), 'utf8');
const lists: Lists = new Map([['office_networks', { kind: 'cidr', values: ['10.0.0.0/16'] }]]);
const NOW = 1_772_720_600_000_000;

const shown = JSON.parse(/```json\n([\s\S]*?)```/.exec(doc)?.[1] ?? '') as {
  raw: string;
  fields: Record<string, FieldValue>;
  entities: string[];
};
const fields = new EventFields();
for (const [k, v] of Object.entries(shown.fields)) {
  if (k.startsWith('@')) fields.setOurs(k, v);
  else fields.set(k, v);
}
const event = { fields, rawText: shown.raw, entities: shown.entities };

test('the examples do what the page says', () => {
  let seen = 0;
  for (const [, query, verdict] of doc.matchAll(/^\| `(.+?)` \| (yes|no) \|/gm)) {
    seen++;
    const q = parseQuery(query as string, { now: NOW, lists });
    assert.ok(q.ok, `${query}: ${q.ok ? '' : q.error.message}`);
    assert.deepEqual(q.value.hints, [], query);
    assert.equal(compileCondition(q.value.filter, { lists })(event), verdict === 'yes', query);
  }
  assert.ok(seen > 40, `${seen} examples`);
});

test('the examples with pipes compile', () => {
  const scope = { tenants: ['default'], from: NOW - 86_400e6, to: NOW };
  let seen = 0;
  for (const [, text] of doc.matchAll(/^\| `(.*\\\|.*?)` \|/gm)) {
    seen++;
    const q = parseQuery((text as string).replaceAll('\\|', '|'), { now: NOW, lists });
    assert.ok(q.ok, `${text}: ${q.ok ? '' : q.error.message}`);
    const made = isTable(q.value)
      ? compileTable(q.value, scope, { lists })
      : compileRows(q.value, scope, { lists }, { limit: 10 });
    assert.ok(made.ok, `${text}: ${made.ok ? '' : made.error.message}`);
  }
  assert.ok(seen > 30, `${seen} examples`);
});
