/**
 * An index over things guarded by a condition: `candidates` gives every thing whose condition can hold for the event
 * and few others. It looks for a witness: an OR-set of (field, exact value) without which the condition is false.
 *
 * Contract: never omits (held by `matcher.prop.test.ts`).
 */
import type { Condition } from '../condition/tree.ts';
import { fold } from '../condition/text.ts';
import type { EventFields } from '../model/event.ts';

/** Fields worth routing by, most selective first. Each costs one look-up per event. */
const ROUTES = ['event.code', 'event.action', 'winlog.channel', 'vigil.source', 'event.dataset'] as const;
/** A witness with more values than this is not worth its index entries. */
const WITNESS_VALUES_MAX = 200;

type Witness = readonly (readonly [field: string, value: string])[];

export class WitnessIndex<T> {
  readonly #byField = new Map<string, Map<string, T[]>>();
  readonly #always: T[] = [];
  /** Order of addition, so that candidates come in a stable order and once. */
  readonly #seen = new Map<T, number>();

  add(condition: Condition, thing: T): void {
    this.#seen.set(thing, this.#seen.size);
    const witness = witnessOf(condition);
    if (witness === undefined) {
      this.#always.push(thing);
      return;
    }
    for (const [field, value] of witness) {
      const values = this.#byField.get(field) ?? new Map<string, T[]>();
      this.#byField.set(field, values);
      const list = values.get(value);
      if (list === undefined) values.set(value, [thing]);
      else if (list.at(-1) !== thing) list.push(thing);
    }
  }

  candidates(fields: Pick<EventFields, 'get'>): Iterable<T> {
    let hits: T[] | undefined;
    let shared = false;
    for (const [field, values] of this.#byField) {
      const v = fields.get(field);
      if (v === undefined || v === null) continue;
      for (const one of Array.isArray(v) ? v : [v]) {
        const list = values.get(fold(String(one)));
        if (list === undefined) continue;
        shared = hits !== undefined;
        hits = hits === undefined ? list : [...hits, ...list];
      }
    }
    if (hits === undefined) return this.#always;
    const all = this.#always.length === 0 ? hits : [...this.#always, ...hits];
    return shared ? new Set(all) : all;
  }
}

/** The smallest necessary OR-set on routing fields, undefined where there is none. */
export function witnessOf(c: Condition): Witness | undefined {
  switch (c.kind) {
    case 'equals':
      if (!(ROUTES as readonly string[]).includes(c.field) || c.values.length > WITNESS_VALUES_MAX)
        return undefined;
      return c.values.map((v) => [c.field, fold(v)]);
    case 'and': {
      let best: Witness | undefined;
      for (const item of c.items) {
        const w = witnessOf(item);
        if (w !== undefined && (best === undefined || rank(w) < rank(best))) best = w;
      }
      return best;
    }
    case 'or': {
      const all: (readonly [string, string])[] = [];
      for (const item of c.items) {
        const w = witnessOf(item);
        if (w === undefined) return undefined;
        all.push(...w);
      }
      return all.length === 0 || all.length > WITNESS_VALUES_MAX ? undefined : all;
    }
    default:
      return undefined;
  }
}

const rank = (w: Witness): number =>
  Math.max(...w.map(([field]) => (ROUTES as readonly string[]).indexOf(field))) * 1000 + w.length;
