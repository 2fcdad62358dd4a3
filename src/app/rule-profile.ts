/**
 * What this installation's events look like: per source which fields they had lately, and which values of the fields
 * that log sources go by. From the store in slices (only what was received since the last look is read again), and
 * from the samples of our own sources, which say what a source could supply.
 *
 * Contract: bounded in time, rows and memory; where the store takes too long, the profile covers less time and says so.
 * Held by `rule-health.int.test.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FieldValue } from '../model/event.ts';
import { EventFields } from '../model/event.ts';
import { textsSql } from '../query/sql-field.ts';
import { SqlParams } from '../query/sql-params.ts';
import { StoreError } from '../store/engine/client.ts';
import type { EventStore } from '../store/events.ts';
import type { SeenField, SeenKind } from '../store/profile.ts';

export const PROFILE_DAYS = 14;
const DAY_US = 86_400e6;
/** Blocks may be stored this much later than they were received. */
const OVERLAP_US = 600e6;
/** A profile younger than this is good enough, microseconds. */
const FRESH_US = 300e6;
const HALVINGS_MAX = 5;
export const KINDS_MAX = 20_000;
export const FIELDS_MAX = 100_000;

export type Kind = { readonly source: string; readonly fields: EventFields; last: number };
export type Profile = {
  /** Receipt of the events it speaks of, microseconds. */
  readonly from: number;
  readonly to: number;
  /** Less than PROFILE_DAYS, because the store took too long. */
  readonly cut: boolean;
  /** More fields or kinds of events than are held: what is not here may have been seen. */
  readonly partial: boolean;
  readonly kinds: readonly Kind[];
  /** Source -> field -> receipt of the last event with it. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, number>>;
};

export class StoreProfile {
  readonly #store: Pick<EventStore, 'seenFields' | 'seenKinds'>;
  readonly #now: () => number;
  #names: readonly string[] = [];
  #from = 0;
  #to = 0;
  /** When something was last left out; it is told until that is as old as all else that is forgotten. */
  #leftOut = 0;
  #kinds = new Map<string, Kind>();
  #fields = new Map<string, Map<string, number>>();
  #running: Promise<Profile> | undefined;

  constructor(store: Pick<EventStore, 'seenFields' | 'seenKinds'>, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** `names`: the fields that log sources go by. Throws where the store does. */
  get(names: readonly string[]): Promise<Profile> {
    this.#running ??= this.#refresh(names).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #refresh(names: readonly string[]): Promise<Profile> {
    const now = this.#now();
    const same = names.length === this.#names.length && names.every((n, i) => n === this.#names[i]);
    if (!same) this.#forget(names);
    if (this.#to === 0) await this.#first(now);
    else if (now - this.#to > FRESH_US) await this.#slice(this.#to - OVERLAP_US, now);
    this.#trim(now - PROFILE_DAYS * DAY_US);
    return {
      from: this.#from,
      to: this.#to,
      cut: this.#from > now - PROFILE_DAYS * DAY_US,
      partial: this.#leftOut > 0,
      kinds: [...this.#kinds.values()],
      fields: this.#fields,
    };
  }

  #forget(names: readonly string[]): void {
    this.#names = names;
    this.#to = 0;
    this.#leftOut = 0;
    this.#kinds = new Map();
    this.#fields = new Map();
  }

  async #first(now: number): Promise<void> {
    let span = PROFILE_DAYS * DAY_US;
    for (let i = 0; ; i++) {
      try {
        await this.#slice(now - span, now);
        this.#from = now - span;
        return;
      } catch (e) {
        if (!(e instanceof StoreError) || e.kind !== 'timeout' || i >= HALVINGS_MAX) throw e;
        span /= 4;
      }
    }
  }

  async #slice(from: number, to: number): Promise<void> {
    const range = { from: Math.max(0, Math.floor(from)), to: Math.floor(to) + 1 };
    const p = new SqlParams();
    const sql = this.#names.map((n) => textsSql(n, p));
    const [fields, kinds] = await Promise.all([
      this.#store.seenFields(range),
      this.#store.seenKinds({ sql, params: p.values }, range),
    ]);
    if (fields.cut || kinds.cut) this.#leftOut = to;
    for (const f of fields.rows) this.#field(f);
    for (const k of kinds.rows) this.#kind(k);
    this.#to = to;
  }

  #field(f: SeenField): void {
    let of = this.#fields.get(f.source);
    if (of === undefined) {
      of = new Map();
      this.#fields.set(f.source, of);
    }
    if (of.size >= FIELDS_MAX && !of.has(f.field)) {
      this.#leftOut = Math.max(this.#leftOut, f.last);
      return;
    }
    of.set(f.field, Math.max(f.last, of.get(f.field) ?? 0));
  }

  #kind(k: SeenKind): void {
    const key = JSON.stringify([k.source, k.values]);
    const known = this.#kinds.get(key);
    if (known !== undefined) known.last = Math.max(known.last, k.last);
    else if (this.#kinds.size < KINDS_MAX)
      this.#kinds.set(key, {
        source: k.source,
        fields: fieldsOf(k.source, this.#names, k.values),
        last: k.last,
      });
    else this.#leftOut = Math.max(this.#leftOut, k.last);
  }

  /** What has not been seen for PROFILE_DAYS is no longer supplied. */
  #trim(since: number): void {
    this.#from = Math.max(this.#from, since);
    if (this.#leftOut < since) this.#leftOut = 0;
    for (const [key, k] of this.#kinds) if (k.last < since) this.#kinds.delete(key);
    for (const of of this.#fields.values()) for (const [f, last] of of) if (last < since) of.delete(f);
  }
}

function fieldsOf(
  source: string,
  names: readonly string[],
  values: readonly (readonly string[])[],
): EventFields {
  const out = new EventFields();
  names.forEach((name, i) => {
    const v = values[i] ?? [];
    if (v.length > 0) out.setOurs(name, v.length === 1 ? (v[0] as string) : v);
  });
  out.setOurs('vigil.source', source);
  return out;
}

/** What our own sources' samples show that they supply; `last` is 0. Sources without samples declare nothing. */
export function declaredProfile(
  sourcesDir: string,
  names: readonly string[],
): Pick<Profile, 'kinds' | 'fields'> {
  const kinds = new Map<string, Kind>();
  const fields = new Map<string, Map<string, number>>();
  for (const entry of readdirSync(sourcesDir, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const sample of samplesOf(join(sourcesDir, entry.name, 'expected.json'))) {
      const source = typeof sample.source === 'string' ? sample.source : entry.name;
      const of = fields.get(source) ?? new Map<string, number>();
      fields.set(source, of);
      for (const name of Object.keys(sample.fields)) of.set(name, 0);
      const values = names.map((n) => {
        const v = sample.fields[n];
        return v === undefined || v === null ? [] : Array.isArray(v) ? v.map(String) : [String(v)];
      });
      const key = JSON.stringify([source, values]);
      if (!kinds.has(key)) kinds.set(key, { source, fields: fieldsOf(source, names, values), last: 0 });
    }
  }
  return { kinds: [...kinds.values()], fields };
}

type Sample = { readonly source?: unknown; readonly fields: Readonly<Record<string, FieldValue>> };
function samplesOf(file: string): readonly Sample[] {
  try {
    const doc = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (!Array.isArray(doc)) return [];
    return doc.filter(
      (x): x is Sample => typeof x === 'object' && x !== null && typeof x.fields === 'object',
    );
  } catch {
    // No samples: nothing is declared, and nothing is claimed either.
    return [];
  }
}
