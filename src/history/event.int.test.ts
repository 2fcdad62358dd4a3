/** Every shipped sample, normalised, stored and read back: what rules saw live is what they see of the row. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { textsOf, typeOf } from '../condition/text.ts';
import { loadRules } from '../detect/load.ts';
import { compileRules } from '../detect/matcher.ts';
import { readTaxonomy } from '../detect/taxonomy.ts';
import { makeEnricher } from '../enrich/enrich.ts';
import type { NormalizedEvent } from '../model/event.ts';
import {
  GOLDEN_INGESTED,
  GOLDEN_META,
  goldenNormalizer,
  readSamples,
  sourceFolders,
} from '../normalize/golden.ts';
import { loadSources } from '../normalize/registry.ts';
import { BlockEncoder, stampOurs } from '../store/native.ts';
import { EVENT_COLUMNS, fromRow, type StoredEvent } from '../store/rows.ts';
import { openTestStore, type TestStore, testEvent, testProvenance } from '../store/testing.ts';
import { eventOf, matchedOf, wasJudged } from './event.ts';

const root = new URL('../../', import.meta.url).pathname;
let t: TestStore;
before(async () => {
  t = await openTestStore();
});
after(() => t?.end());

/** Everything that a condition can ask of an event. */
const material = (e: NormalizedEvent) => ({
  fields: [...e.fields.entries()]
    .map(
      ([name, v]) =>
        [name, v === null ? 'null' : Array.isArray(v) ? 'list' : 'one', textsOf(v, typeOf(name))] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1)),
  rawText: e.rawText,
  entities: e.entities,
  source: e.source,
  status: e.status,
});

async function stored(events: readonly NormalizedEvent[], batch: number): Promise<StoredEvent[]> {
  const encoder = new BlockEncoder();
  for (const [ord, e] of events.entries()) {
    const p = testProvenance({
      batch,
      ord,
      ingested: GOLDEN_INGESTED,
      retentionDays: 3650,
      sender: GOLDEN_META.sender,
    });
    stampOurs(e, p);
    encoder.add(e, p);
  }
  await t.store.insert([encoder.finish()], `batch-${batch}`);
  const r = await t.store.query(
    `SELECT ${EVENT_COLUMNS} FROM vigil.events WHERE batch = {batch:UInt64} ORDER BY ord`,
    { batch },
  );
  return r.rows.map(fromRow);
}

test('shipped samples: same material, same verdict of every shipped rule', async () => {
  const dir = join(root, 'content/sources');
  const normalize = goldenNormalizer(await loadSources(dir));
  const enrich = makeEnricher({ networks: [] });
  const { set } = loadRules([join(root, 'content/rules')], {
    taxonomy: readTaxonomy(join(root, 'content/taxonomy')),
  });
  const rules = compileRules(set, new Map());
  const events = sourceFolders(dir)
    .flatMap((name) => readSamples(join(dir, name)))
    .map((s) => {
      const e = normalize(s.raw, { ...GOLDEN_META, ...s.meta }, GOLDEN_INGESTED);
      enrich(e.fields);
      return e;
    });
  assert.ok(events.length > 100, 'there are samples');
  const back = await stored(events, 10);
  let met = 0;
  for (const [i, e] of events.entries()) {
    const s = back[i] as StoredEvent;
    assert.deepEqual(material(eventOf(s)), material(e), e.rawText);
    const verdict = rules.match(e);
    assert.deepEqual(rules.match(eventOf(s)), verdict, e.rawText);
    met += verdict.length;
    const m = matchedOf(s, verdict);
    assert.deepEqual(
      [m.id, m.ts, m.ingested, m.door, m.sender, m.source, m.entities],
      [
        { node: 1, batch: 10, ord: i },
        Number(e.fields.get('@timestamp')),
        GOLDEN_INGESTED,
        'syslog-udp',
        GOLDEN_META.sender,
        e.source,
        e.entities,
      ],
    );
  }
  assert.ok(met > 10, 'some rules are met');
});

test('bytes that are no UTF-8, and what nothing could parse', async () => {
  const raw = Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff, 0xc3, 0x00, 0x62]);
  const text = Buffer.prototype.utf8Slice.call(raw, 0, raw.length);
  const [odd, unread] = await stored(
    [
      testEvent([], { raw, text }),
      testEvent([], { status: 'quarantined', source: 'unknown', parser: 'none@1' }),
    ],
    11,
  );
  assert.ok(odd !== undefined && unread !== undefined);
  assert.equal(eventOf(odd).rawText, text);
  assert.deepEqual([wasJudged(odd), wasJudged(unread)], [true, false]);
});
