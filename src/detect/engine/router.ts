/**
 * Which log sources an event belongs to. Log sources are conditions over few fields and known values (channel, event
 * code, source, action ...), so the values that matter are numbered per field, and what was found for one combination
 * of numbers holds for every event that has it.
 *
 * Contract: `classOf` lists exactly the groups whose condition holds. Memory is bounded. Held by `engine.prop.test.ts`.
 */
import { isComputed } from '../../condition/computed.ts';
import { fold, textsOf, typeOf } from '../../condition/text.ts';
import type { Judged } from '../../condition/evaluate.ts';
import type { Condition } from '../../condition/tree.ts';
import type { FieldValue } from '../../model/event.ts';

/** Combinations remembered; beyond them all are forgotten. */
export const COMBINATIONS_MAX = 20_000;
/** Spellings remembered per field, and combinations of values of one multi-valued field. */
export const SPELLINGS_MAX = 2000;
/** More fields than this are not worth it. */
const FIELDS_MAX = 24;

/** Routing by look-up can judge these nodes. */
export function isRoutable(c: Condition): boolean {
  switch (c.kind) {
    case 'and':
    case 'or':
      return c.items.every(isRoutable);
    case 'not':
      return isRoutable(c.item);
    case 'equals':
      return !c.cased && typeOf(c.field) !== 'ip' && !isComputed(c.field);
    case 'exists':
      return !isComputed(c.field);
    case 'const':
      return true;
    default:
      return false;
  }
}

const ABSENT = 0;
const OTHER = 1;

class Field {
  readonly name: string;
  readonly #known = new Map<string, number>();
  /** Values as they come, so that folding is rare. */
  #spelled = new Map<string, number>();
  #sets = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  add(value: string): void {
    const v = fold(value);
    if (!this.#known.has(v)) this.#known.set(v, this.#known.size + 2);
  }

  /** Equal numbers: equal verdict of every test on this field. */
  number(v: FieldValue | undefined): number {
    if (v === undefined) return ABSENT;
    if (typeof v === 'string') return this.#spelled.get(v) ?? this.#spell(v);
    if (v === null) return OTHER;
    return this.#list(v);
  }

  #spell(v: string): number {
    const n = this.#known.get(fold(v)) ?? OTHER;
    if (v.length <= 256) {
      if (this.#spelled.size >= SPELLINGS_MAX) this.#spelled = new Map();
      this.#spelled.set(v, n);
    }
    return n;
  }

  #list(v: FieldValue): number {
    const numbers = new Set<number>();
    for (const t of textsOf(v, 'any')) {
      const n = this.#spelled.get(t) ?? this.#spell(t);
      if (n !== OTHER) numbers.add(n);
    }
    if (numbers.size === 0) return OTHER;
    const [one] = numbers;
    if (numbers.size === 1 && one !== undefined) return one;
    const key = [...numbers].sort((a, b) => a - b).join(' ');
    let set = this.#sets.get(key);
    if (set === undefined) {
      // Numbers of sets are never given twice, also after those before were forgotten.
      if (this.#sets.size >= SPELLINGS_MAX) this.#sets = new Map();
      set = -++this.#last;
      this.#sets.set(key, set);
    }
    return set;
  }
  #last = 0;
}

type Node<C> = Map<number, Node<C>> | { readonly found: C };

export class Router<C> {
  readonly #fields: Field[] = [];
  readonly #find: (e: Judged) => C;
  #root: Map<number, Node<C>> = new Map();
  #held = 0;

  /** `find` is asked once per combination. */
  constructor(conditions: readonly Condition[], find: (e: Judged) => C) {
    this.#find = find;
    const byName = new Map<string, Field>();
    for (const c of conditions) collect(c, byName);
    this.#fields.push(...byName.values());
  }

  static fits(conditions: readonly Condition[]): boolean {
    const byName = new Map<string, Field>();
    for (const c of conditions) collect(c, byName);
    return byName.size <= FIELDS_MAX;
  }

  forget(): void {
    this.#root = new Map();
    this.#held = 0;
  }

  classOf(e: Judged): C {
    const fields = this.#fields;
    if (fields.length === 0) return this.#find(e);
    let node = this.#root;
    const last = fields.length - 1;
    for (let i = 0; i < last; i++) {
      const f = fields[i] as Field;
      const n = f.number(e.fields.get(f.name));
      let next = node.get(n) as Map<number, Node<C>> | undefined;
      if (next === undefined) {
        next = new Map();
        node.set(n, next);
      }
      node = next;
    }
    const f = fields[last] as Field;
    const n = f.number(e.fields.get(f.name));
    const leaf = node.get(n) as { readonly found: C } | undefined;
    if (leaf !== undefined) return leaf.found;
    const found = this.#find(e);
    if (this.#held >= COMBINATIONS_MAX) this.forget();
    else {
      node.set(n, { found });
      this.#held++;
    }
    return found;
  }
}

function collect(c: Condition, into: Map<string, Field>): void {
  switch (c.kind) {
    case 'and':
    case 'or':
      for (const item of c.items) collect(item, into);
      return;
    case 'not':
      return collect(c.item, into);
    case 'equals':
    case 'exists': {
      const f = into.get(c.field) ?? new Field(c.field);
      into.set(c.field, f);
      if (c.kind === 'equals') for (const v of c.values) f.add(v);
      return;
    }
    default:
      return;
  }
}
