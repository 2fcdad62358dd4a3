/**
 * No source throws, hangs or writes a field that is the pipeline's own, whatever stands in a document that looks like
 * one of its own: sample records with values swapped for hostile ones, and arbitrary text.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { EventFields } from '../../src/model/event.ts';
import { parseJsonObject } from '../../src/normalize/json.ts';
import type { Json, JsonObject, SourceSpec } from '../../src/normalize/source.ts';

const DIR = join(import.meta.dirname, '../sources');
const INGESTED = Date.UTC(2026, 2, 5, 15) * 1000;

const hostile = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    0,
    -1,
    1e300,
    '',
    '-',
    '\0',
    '::',
    '=',
    '\\',
    '%2e',
    'a'.repeat(5000),
    [],
    {},
  ),
  fc.constantFrom<Json>('9999-99-99T99:99:99Z', '0x', '2001:db8::zz', [null, {}, [1]], { toString: 'x' }),
  fc.string({ maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
);

/** `doc` with each value below it replaced where `pick` says so. */
function mutate(v: Json, pick: () => Json | undefined): Json {
  const swapped = pick();
  if (swapped !== undefined) return swapped;
  if (Array.isArray(v)) return (v as readonly Json[]).map((x) => mutate(x, pick));
  if (typeof v !== 'object' || v === null) return v;
  const out: Record<string, Json> = Object.create(null);
  for (const key of Object.keys(v)) out[key] = mutate((v as JsonObject)[key] ?? null, pick);
  return out;
}

function run(spec: SourceSpec, message: string, json: JsonObject | undefined): void {
  const out = new EventFields();
  const outcome = spec.parse({ message, program: '', json, ingested: INGESTED, zone: 'UTC' }, out);
  assert.match(outcome, /^(?:parsed|partial|no)$/);
  for (const [name] of out.entries()) assert.ok(!/^(?:vigil\..*|event\.ingested)$/.test(name), name);
  const ts = out.get('@timestamp');
  assert.ok(ts === undefined || (typeof ts === 'number' && Number.isFinite(ts)), `@timestamp ${String(ts)}`);
}

for (const name of readdirSync(DIR)) {
  const samples = join(DIR, name, 'samples.ndjson');
  if (!existsSync(samples)) continue;
  const docs = readFileSync(samples, 'utf8')
    .split('\n')
    .map((line) => parseJsonObject(line))
    .filter((d) => d !== undefined);
  const { default: spec } = (await import(join(DIR, name, 'source.ts'))) as { default: SourceSpec };
  test(`hostile documents: ${name}`, () => {
    assert.ok(docs.length > 0);
    fc.assert(
      fc.property(
        fc.constantFrom(...docs),
        fc.array(hostile, { minLength: 1, maxLength: 6 }),
        fc.nat(9),
        (doc, swaps, every) => {
          let n = 0;
          const pick = (): Json | undefined =>
            ++n > 1 && n % (every + 3) === 0 ? swaps[n % swaps.length] : undefined;
          const json = mutate(doc, pick) as JsonObject;
          run(spec, JSON.stringify(json), json);
        },
      ),
      { numRuns: 200 },
    );
  });
}

for (const name of ['auditd', 'cef', 'windows']) {
  test(`hostile text: ${name}`, async () => {
    const { default: spec } = (await import(join(DIR, name, 'source.ts'))) as { default: SourceSpec };
    const start = fc.constantFrom(
      'CEF:0|a|b|c|d|e|',
      'type=SYSCALL msg=audit(1.000:1): ',
      '<Event ><EventID>1</EventID>',
      '',
    );
    fc.assert(
      fc.property(start, fc.string({ maxLength: 400 }), (head, tail) => run(spec, head + tail, undefined)),
      { numRuns: 200 },
    );
    // Long inputs of repeated delimiters must not cost quadratic time.
    for (const unit of [
      'a=',
      'a= b=',
      "msg='",
      '\\',
      '|',
      '<Data Name="',
      '<Data>',
      '="',
      '{ ',
      'type=A msg=audit(1.000:1): \n',
      'op=a ',
    ]) {
      const began = performance.now();
      for (const head of [
        'CEF:0|a|b|c|d|e|1|',
        'type=USER_CMD msg=audit(1.000:1): ',
        '<Event ><EventID>1</EventID><UserData>',
      ]) {
        run(spec, head + unit.repeat(200_000 / unit.length), undefined);
      }
      assert.ok(performance.now() - began < 3000, `${unit} took ${Math.round(performance.now() - began)} ms`);
    }
  });
}
