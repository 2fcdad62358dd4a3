/**
 * Groups with one occurrence, which is what a flood of fresh keys is made of: columns instead of objects, in order of
 * age. About 150 bytes a group and its key's text (`bench/groups.ts`), against 600 and more for a group that holds two.
 * The second occurrence takes it out and makes it a whole group.
 *
 * Contract: `take` gives exactly what `add` was given, but for events beyond the owner's allowance, of which only the id
 * is kept (`eventOfId`). Order is part of the state. Held by `singles.test.ts`.
 */
import type { MatchedEvent } from '../model/match.ts';
import type { Origin } from '../model/event.ts';
import { Oldest } from './oldest.ts';

export type Single = {
  readonly ts: number;
  readonly ingested: number;
  readonly value: string;
  readonly event: MatchedEvent;
};

const SIZE_MIN = 64;

/** An event of which only place and time are left; the store has the rest under its id. */
export function eventOfId(
  tenant: string,
  origin: Origin,
  id: MatchedEvent['id'],
  ts: number,
  ingested: number,
): MatchedEvent {
  return {
    id,
    tenant,
    origin,
    door: '',
    sender: '',
    source: '',
    ts,
    ingested,
    rules: [],
    fields: [],
    entities: [],
  };
}

/** What went. `held`: its event counts against the owner's allowance. */
export type Gone = { readonly ts: number; readonly ingested: number; readonly held: boolean };

export type SinglesState = {
  /** Oldest first. */
  readonly ids: readonly string[];
  /** `place value` of those that have one. */
  readonly values: readonly string[];
  /** Base64 of little-endian float64: ts, ingested, node, batch, ord per group. */
  readonly numbers: string;
  /** Pairs: place in `ids`, index into the snapshot's events. */
  readonly events: readonly number[];
};

export class Singles {
  /** In order of age: what is taken out never comes back to its place. */
  readonly #slots = new Map<string, number>();
  readonly #oldest = new Oldest(this.#slots);
  #ts = new Float64Array(SIZE_MIN);
  #ingested = new Float64Array(SIZE_MIN);
  #node = new Int32Array(SIZE_MIN);
  #batch = new Float64Array(SIZE_MIN);
  #ord = new Int32Array(SIZE_MIN);
  /** Sparse: most have neither. */
  readonly #values = new Map<number, string>();
  readonly #events = new Map<number, MatchedEvent>();
  #used = 0;
  /** Slots that were given back; the last is used first. */
  readonly #free: number[] = [];

  get size(): number {
    return this.#slots.size;
  }

  has(id: string): boolean {
    return this.#slots.has(id);
  }

  /** `event` undefined: only the id of `of` is kept. */
  add(
    id: string,
    of: Pick<MatchedEvent, 'ts' | 'ingested' | 'id'>,
    value: string,
    event: MatchedEvent | undefined,
  ): void {
    const i = this.#slot();
    this.#slots.set(id, i);
    this.#ts[i] = of.ts;
    this.#ingested[i] = of.ingested;
    this.#node[i] = of.id.node;
    this.#batch[i] = of.id.batch;
    this.#ord[i] = of.id.ord;
    if (value !== '') this.#values.set(i, value);
    if (event !== undefined) this.#events.set(i, event);
  }

  /** Takes the group out; undefined where there is none of this id. */
  take(id: string, tenant: string, origin: Origin): Single | undefined {
    const i = this.#slots.get(id);
    if (i === undefined) return undefined;
    const ts = this.#ts[i] as number;
    const ingested = this.#ingested[i] as number;
    const event = this.#events.get(i) ?? eventOfId(tenant, origin, this.#idAt(i), ts, ingested);
    const single: Single = { ts, ingested, value: this.#values.get(i) ?? '', event };
    this.#remove(id, i);
    return single;
  }

  /** Held in full (by the owner's allowance)? */
  holdsEvent(id: string): boolean {
    const i = this.#slots.get(id);
    return i !== undefined && this.#events.has(i);
  }

  /** The oldest goes. */
  drop(): Gone | undefined {
    const oldest = this.#oldest.next();
    return oldest === undefined ? undefined : this.#drop(oldest[0], oldest[1]);
  }

  /** All that were received before go, oldest first. */
  dropBefore(ingested: number, gone: (g: Gone) => void): void {
    for (const [id, i] of this.#slots) {
      if ((this.#ingested[i] as number) >= ingested) return;
      gone(this.#drop(id, i));
    }
  }

  #drop(id: string, i: number): Gone {
    const gone: Gone = {
      ts: this.#ts[i] as number,
      ingested: this.#ingested[i] as number,
      held: this.#events.has(i),
    };
    this.#remove(id, i);
    return gone;
  }

  /** Every event that is held. */
  heldEvents(): number {
    return this.#events.size;
  }

  #idAt(i: number): MatchedEvent['id'] {
    return { node: this.#node[i] as number, batch: this.#batch[i] as number, ord: this.#ord[i] as number };
  }

  #slot(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#used === this.#ts.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const size = Math.ceil(this.#ts.length * 1.5);
    const f64 = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const a = new Float64Array(size);
      a.set(old);
      return a;
    };
    const i32 = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const a = new Int32Array(size);
      a.set(old);
      return a;
    };
    this.#ts = f64(this.#ts);
    this.#ingested = f64(this.#ingested);
    this.#batch = f64(this.#batch);
    this.#node = i32(this.#node);
    this.#ord = i32(this.#ord);
  }

  state(at: (e: MatchedEvent) => number): SinglesState {
    const n = this.#slots.size;
    const numbers = new Float64Array(n * 5);
    const ids: string[] = [];
    const values: string[] = [];
    const events: number[] = [];
    let k = 0;
    for (const [id, i] of this.#slots) {
      ids.push(id);
      const value = this.#values.get(i);
      const event = this.#events.get(i);
      // Sparse as well: places of those that have one.
      if (value !== undefined) values.push(`${ids.length - 1} ${value}`);
      if (event !== undefined) events.push(ids.length - 1, at(event));
      for (const column of [this.#ts, this.#ingested, this.#node, this.#batch, this.#ord])
        numbers[k++] = column[i] as number;
    }
    return { ids, values, numbers: Buffer.from(numbers.buffer).toString('base64'), events };
  }

  restore(s: SinglesState, events: readonly MatchedEvent[]): void {
    const bytes = Buffer.from(s.numbers, 'base64');
    const numbers = new Float64Array(new Uint8Array(bytes).buffer);
    const held = new Map<number, MatchedEvent>();
    for (let i = 0; i < s.events.length; i += 2) {
      const event = events[s.events[i + 1] as number];
      if (event !== undefined) held.set(s.events[i] as number, event);
    }
    const values = new Map(
      s.values.map((v): [number, string] => {
        const space = v.indexOf(' ');
        return [Number(v.slice(0, space)), v.slice(space + 1)];
      }),
    );
    s.ids.forEach((id, i) => {
      const [ts, ingested, node, batch, ord] = numbers.subarray(i * 5, i * 5 + 5) as unknown as number[];
      const at = {
        ts: ts ?? 0,
        ingested: ingested ?? 0,
        id: { node: node ?? 0, batch: batch ?? 0, ord: ord ?? 0 },
      };
      this.add(id, at, values.get(i) ?? '', held.get(i));
    });
  }

  #remove(id: string, i: number): void {
    this.#slots.delete(id);
    this.#free.push(i);
    this.#values.delete(i);
    this.#events.delete(i);
  }
}
