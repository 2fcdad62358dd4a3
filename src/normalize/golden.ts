/**
 * Golden files of `content/sources/<name>/`: samples -> what the normaliser makes of them. For tests only.
 *
 * `samples.log` or `samples.ndjson`: one record a line. Lines that begin with `#` and one of these words are directives:
 *   `#meta {"zone": "Europe/Berlin", "source": "nginx"}`  parts of RecordMeta for the records that follow (`{}` resets)
 *   `#record` ... `#end`                                   the lines between are one record (joined by newlines)
 *   `#note words`                                          a comment
 * `expected.json`: rows {raw, meta?, status, source, ts, fields, entities}; provenance fields are left out.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldValue, NormalizedEvent } from '../model/event.ts';
import type { RecordMeta } from '../model/record.ts';
import { makeNormalizer, type Normalizer } from './normalize.ts';
import type { Registry } from './registry.ts';
import { isoText } from './time.ts';

/** Receive time of all samples: 2026-03-05T15:00:00Z. */
export const GOLDEN_INGESTED = Date.UTC(2026, 2, 5, 15) * 1000;
export const GOLDEN_META: RecordMeta = {
  tenant: 'default',
  origin: 'live',
  door: 'file',
  sender: '/var/log/sample.log',
  token: '',
  format: '',
  source: '',
  zone: '',
  stream: '',
};

export type Sample = { readonly raw: Buffer; readonly meta: Partial<RecordMeta> };
export type GoldenRow = {
  readonly raw: string;
  readonly meta?: Partial<RecordMeta>;
  readonly status: string;
  readonly source: string;
  /** ISO text, microseconds. */
  readonly ts: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly entities: readonly string[];
};

export const goldenNormalizer = (registry: Registry): Normalizer =>
  makeNormalizer(registry, { hostZone: 'UTC', hostName: 'collector' });

/** Folders under `dir`, by name. */
export function sourceFolders(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((e) => e.isDirectory() && readdirSync(join(dir, e.name)).length > 0)
    .map((e) => e.name)
    .sort();
}

/** The samples of one source folder; empty where it has none. */
export function readSamples(folder: string): Sample[] {
  const out: Sample[] = [];
  for (const name of ['samples.log', 'samples.ndjson']) {
    const file = join(folder, name);
    if (existsSync(file)) out.push(...splitSamples(readFileSync(file)));
  }
  return out;
}

function splitSamples(bytes: Buffer): Sample[] {
  const out: Sample[] = [];
  let meta: Partial<RecordMeta> = {};
  let record: string[] | undefined;
  // latin1 keeps every byte, so that samples may hold invalid UTF-8.
  for (const line of bytes.toString('latin1').split('\n')) {
    if (line.startsWith('#meta ')) {
      meta = JSON.parse(Buffer.from(line.slice(6), 'latin1').toString('utf8')) as Partial<RecordMeta>;
    } else if (line === '#record') record = [];
    else if (line === '#end' && record !== undefined) {
      out.push({ raw: Buffer.from(record.join('\n'), 'latin1'), meta });
      record = undefined;
    } else if (line.startsWith('#note')) continue;
    else if (record !== undefined) record.push(line);
    else if (line !== '') out.push({ raw: Buffer.from(line, 'latin1'), meta });
  }
  return out;
}

const PROVENANCE = new Set(
  '@timestamp event.ingested vigil.tenant vigil.origin vigil.door vigil.sender vigil.token vigil.source vigil.parser vigil.status'.split(
    ' ',
  ),
);

export function goldenRow(sample: Sample, event: NormalizedEvent): GoldenRow {
  const fields: [string, FieldValue][] = [];
  for (const [name, value] of event.fields.entries()) if (!PROVENANCE.has(name)) fields.push([name, value]);
  fields.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return {
    raw: sample.raw.toString('utf8'),
    ...(Object.keys(sample.meta).length > 0 ? { meta: sample.meta } : {}),
    status: event.status,
    source: event.source,
    ts: isoText(event.ts),
    fields: Object.fromEntries(fields),
    entities: event.entities,
  };
}

export function normalizeSample(normalize: Normalizer, sample: Sample): NormalizedEvent {
  return normalize(sample.raw, { ...GOLDEN_META, ...sample.meta }, GOLDEN_INGESTED);
}
