/**
 * The table's SQL is a pure function of the catalogue, and `migrations/0001-events.sql` is its golden file.
 * When the catalogue grows after a release, 0001 stays and a new migration adds the column (see ADDED).
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { HOT_FIELDS } from '../model/catalogue.ts';
import { readMigrations, splitStatements } from './migrate.ts';
import { addColumnSql, COLUMNS, createEventsSql } from './schema.ts';

/** Columns that migrations after the first one add. */
const ADDED: ReadonlySet<string> = new Set([]);
const GOLDEN = new URL('./migrations/0001-events.sql', import.meta.url);
const HEAD = `-- Format 1: the event table. Generated from the field catalogue (schema.ts); never edited once released.
CREATE DATABASE IF NOT EXISTS vigil $ON_CLUSTER ENGINE = Atomic;

`;

test('the first migration is what the catalogue says (UPDATE_GOLDEN=1 rewrites it)', () => {
  const text = `${HEAD}${createEventsSql(COLUMNS.filter((c) => !ADDED.has(c.name)))};\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(GOLDEN, text);
  assert.equal(readFileSync(GOLDEN, 'utf8'), text);
});

test('column names are unique, plain, and of no field twice', () => {
  const names = COLUMNS.map((c) => c.name);
  assert.equal(new Set(names).size, names.length);
  for (const n of names) assert.match(n, /^[a-z][a-z0-9_]*$/);
  assert.equal(new Set(HOT_FIELDS.map((d) => d.name)).size, HOT_FIELDS.length);
});

test('strings are never Nullable, scalars of sources always are', () => {
  const type = new Map(COLUMNS.map((c) => [c.name, c.type]));
  assert.equal(type.get('user_name'), 'LowCardinality(String)');
  assert.equal(type.get('message'), 'String');
  assert.equal(type.get('source_ip'), 'Nullable(IPv6)');
  assert.equal(type.get('source_port'), 'Nullable(Int64)');
  assert.equal(type.get('x509_not_after'), "Nullable(DateTime64(6, 'UTC'))");
  assert.equal(type.get('event_category'), 'Array(LowCardinality(String))');
  assert.equal(type.get('ts'), "DateTime64(6, 'UTC')");
});

test('statements end at a semicolon at the end of a line, comments are dropped', () => {
  assert.deepEqual(splitStatements("-- a;\nSELECT ';' x\n;\n\nSELECT 2;"), ["SELECT ';' x", 'SELECT 2']);
  assert.deepEqual(
    readMigrations()[0]?.statements.map((s) => s.slice(0, 12)),
    ['CREATE DATAB', 'CREATE TABLE'],
  );
});

test('a later column reads old parts from the map', () => {
  const def = {
    name: "a'b",
    column: 'a_b',
    type: 'long',
    multi: false,
    low: false,
    ours: false,
    about: '',
  } as const;
  assert.equal(
    addColumnSql(def, 'key_id'),
    "ALTER TABLE vigil.events $ON_CLUSTER ADD COLUMN IF NOT EXISTS `a_b` Nullable(Int64) DEFAULT toInt64OrNull(fields['a\\'b']) AFTER `key_id`",
  );
});
