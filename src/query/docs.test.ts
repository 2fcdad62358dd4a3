/**
 * Runs every example of `docs/SEARCH.md` against the event shown there, and holds its tables of names to the tables of the
 * grammar. Rewrite those with UPDATE_DOCS=1.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMPUTED_FIELDS } from '../condition/computed.ts';
import { compileCondition, type Judged } from '../condition/evaluate.ts';
import { ALIASES, FIELD_GROUPS, KEY_ALIASES } from '../condition/language/aliases.ts';
import { NAMED_CLASSES } from '../condition/language/classes.ts';
import { parseCondition } from '../condition/language/parse.ts';
import { print } from '../condition/print.ts';
import { isStateful } from '../condition/stateful.ts';
import type { Lists } from '../condition/tree.ts';
import { EventFields, type FieldValue } from '../model/event.ts';
import { parseQuery } from './parse.ts';
import { compileRows, compileTable, isTable } from './sql.ts';

const FILE = new URL('../../docs/SEARCH.md', import.meta.url);
const doc = readFileSync(FILE, 'utf8');
const lists: Lists = new Map([
  ['office_networks', { kind: 'cidr', values: ['10.0.0.0/16'] }],
  ['service_accounts', { kind: 'text', values: ['svc'] }],
  ['monitored_domains', { kind: 'domain', values: ['example.com'] }],
  ['login_hosts', { kind: 'domain', values: ['login.example.com'] }],
  ['approved_cas', { kind: 'issuer', values: ['CN=Example Issuing CA 1, O=Example\\, Trust, C=NO'] }],
  ['other_cas', { kind: 'issuer', values: ['Other CA'] }],
]);
const NOW = 1_772_720_600_000_000;

function eventOf(json: string): Judged {
  const shown = JSON.parse(json) as { raw: string; fields: Record<string, FieldValue>; entities: string[] };
  const fields = new EventFields();
  for (const [k, v] of Object.entries(shown.fields)) {
    if (k.startsWith('@')) fields.setOurs(k, v);
    else fields.set(k, v);
  }
  return { fields, rawText: shown.raw, entities: shown.entities };
}

/** The page in parts: an event, and the text up to the next one. */
const parts = doc
  .split('```json\n')
  .slice(1)
  .map((part) => {
    const [json = '', text = ''] = part.split(/```\n/);
    return { event: eventOf(json), text };
  });

test('the examples do what the page says', () => {
  let seen = 0;
  for (const { event, text } of parts) {
    for (const [, query, verdict] of text.matchAll(/^\| `(.+?)` \| (yes|no) \|/gm)) {
      seen++;
      const q = parseQuery(query as string, { now: NOW, lists });
      assert.ok(q.ok, `${query}: ${q.ok ? '' : q.error.message}`);
      assert.deepEqual(q.value.hints, [], query);
      assert.equal(compileCondition(q.value.filter, { lists })(event), verdict === 'yes', query);
    }
  }
  assert.ok(seen > 70, `${seen} examples`);
});

test('the examples that count are conditions that a rule can have; SQL alone cannot answer them', () => {
  const scope = { tenants: ['default'], from: NOW - 86_400e6, to: NOW };
  let seen = 0;
  for (const [, text] of doc.matchAll(/^\| `(.+?)` \| counts \|/gm)) {
    seen++;
    const hints: string[] = [];
    const c = parseCondition(text as string, { now: NOW, lists, onHint: (h) => hints.push(h.message) });
    assert.ok(c.ok, `${text}: ${c.ok ? '' : c.error.message}`);
    assert.ok(isStateful(c.value), text);
    assert.deepEqual(hints, [], text);
    assert.ok(!compileRows({ filter: c.value, pipes: [] }, scope, { lists }, { limit: 1 }).ok, text);
  }
  assert.ok(seen > 10, `${seen} examples`);
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

const code = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ');
const table = (head: string, rows: readonly string[]): string =>
  [head, head.replaceAll(/[^|]+/g, '---'), ...rows].join('\n');

const COMPUTED_ABOUT: Readonly<Record<string, string>> = {
  'certificate.days_to_expiry':
    "whole days from the event's time to `x509.not_after`, negative once it has passed; without that date, `certificate.days_left`",
  'certificate.identity': 'the SHA-256 fingerprint, else issuer and serial number',
};

/** By the line that each begins with. */
const TABLES: readonly string[] = [
  table(
    '| short | field |',
    [...Map.groupBy(ALIASES.keys(), (k) => ALIASES.get(k) as string)].map(
      ([field, names]) => `| ${code(names)} | \`${field}\` |`,
    ),
  ),
  table(
    '| name | stands for |',
    [...FIELD_GROUPS].map(([name, fields]) => `| \`${name}\` | ${code(fields)} |`),
  ),
  table(
    '| computed | what it is |',
    COMPUTED_FIELDS.map((f) => `| \`${f}\` | ${COMPUTED_ABOUT[f]} |`),
  ),
  table(
    '| class | condition | |',
    [...NAMED_CLASSES].map(([name, c]) => `| \`${name}\` | \`${print(c.condition)}\` | ${c.about} |`),
  ),
  table(
    '| key | the first of these that the event has |',
    [...KEY_ALIASES].map(([name, fields]) => `| \`${name}\` | ${code(fields)} |`),
  ),
];

test('the tables of names are those of the grammar', () => {
  let text = doc;
  for (const t of TABLES) {
    const head = t.slice(0, t.indexOf('\n'));
    const at = text.indexOf(head);
    assert.ok(at >= 0, `no table "${head}"`);
    const end = text.indexOf('\n\n', at);
    text = text.slice(0, at) + t + text.slice(end < 0 ? text.length : end);
  }
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, text);
  else
    assert.equal(doc, text, 'run UPDATE_DOCS=1 node --test src/query/docs.test.ts and read the difference');
});
