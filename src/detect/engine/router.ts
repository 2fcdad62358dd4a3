/**
 * Which log sources an event belongs to. Log sources are conditions over few fields (channel, event code, source, action ...).
 * What a field's value decides is found once per value and remembered, and a tree asks one field after another, only for
 * as long as some log source is undecided.
 *
 * Contract: `classOf` gives what `find` gave for exactly the conditions that hold. Memory is bounded. Held by
 * `engine.prop.test.ts`.
 */
import { isComputed } from '../../condition/computed.ts';
import { compileCondition, type Judged, type Predicate } from '../../condition/evaluate.ts';
import { type Condition, EVERYTHING } from '../../condition/tree.ts';
import type { FieldValue } from '../../model/event.ts';

/** Nodes of the tree; beyond them all are forgotten. */
export const NODES_MAX = 20_000;
/** Values remembered per field; longer ones than VALUE_CHARS_MAX are judged each time. */
export const VALUES_MAX = 2000;
const VALUE_CHARS_MAX = 256;

type Leaf = Extract<
  Condition,
  { kind: 'equals' | 'like' | 'regex' | 'cidr' | 'compare' | 'exists' | 'null' }
>;

/** The router can judge these: leaves over one field that only the event decides. */
export function isRoutable(c: Condition): boolean {
  switch (c.kind) {
    case 'and':
    case 'or':
      return c.items.every(isRoutable);
    case 'not':
      return isRoutable(c.item);
    case 'const':
      return true;
    default:
      return isLeaf(c) && !isComputed(c.field);
  }
}

function isLeaf(c: Condition): c is Leaf {
  switch (c.kind) {
    case 'equals':
    case 'like':
    case 'regex':
    case 'cidr':
    case 'compare':
    case 'exists':
    case 'null':
      return true;
    default:
      return false;
  }
}

/** What a value decides. Equal truths have equal numbers. */
type Verdict = { readonly number: number; readonly truth: ReadonlyMap<Condition, boolean> };

class Field {
  readonly name: string;
  readonly #leaves: { readonly leaf: Leaf; readonly test: Predicate }[] = [];
  readonly #verdicts = new Map<string, Verdict>();
  readonly #byText = new Map<string, Verdict>();
  /** Lists, numbers and the like, by their JSON. */
  readonly #byOther = new Map<string, Verdict>();
  #absent: Verdict | undefined;

  constructor(name: string) {
    this.name = name;
  }

  add(leaf: Leaf): void {
    this.#leaves.push({ leaf, test: compileCondition(leaf, { lists: new Map() }) });
  }

  verdict(v: FieldValue | undefined): Verdict {
    if (typeof v === 'string') return this.#byText.get(v) ?? this.#remember(this.#byText, v, v);
    if (v === undefined) {
      this.#absent ??= this.#judge(v);
      return this.#absent;
    }
    const key = JSON.stringify(v);
    return this.#byOther.get(key) ?? this.#remember(this.#byOther, key, v);
  }

  #remember(known: Map<string, Verdict>, key: string, v: FieldValue): Verdict {
    const found = this.#judge(v);
    if (key.length > VALUE_CHARS_MAX) return found;
    if (known.size >= VALUES_MAX) known.clear();
    known.set(key, found);
    return found;
  }

  #judge(v: FieldValue | undefined): Verdict {
    const e: Judged = {
      fields: {
        get: (name) => (name === this.name ? v : undefined),
        has: (name) => name === this.name && v !== undefined,
        entries: () => new Map<string, FieldValue>().entries(),
      },
      rawText: '',
      entities: [],
    };
    const truth = new Map<Condition, boolean>();
    let key = '';
    for (const { leaf, test } of this.#leaves) {
      const holds = test(e);
      truth.set(leaf, holds);
      key += holds ? '1' : '0';
    }
    let verdict = this.#verdicts.get(key);
    if (verdict === undefined) {
      verdict = { number: this.#verdicts.size, truth };
      // As many as there are leaves, but for values that lists combine in many ways.
      if (this.#verdicts.size < VALUES_MAX) this.#verdicts.set(key, verdict);
      else return { number: -1, truth };
    }
    return verdict;
  }
}

/** A condition still to be decided, and whose it is. */
type Open = { readonly index: number; readonly condition: Condition };
type Node<C> =
  | { readonly found: C }
  | {
      readonly field: Field;
      readonly open: readonly Open[];
      readonly held: readonly number[];
      readonly next: Map<number, Node<C>>;
    };

export class Router<C> {
  readonly #fields = new Map<string, Field>();
  readonly #conditions: readonly Open[];
  readonly #find: (held: readonly number[]) => C;
  #root: Node<C> | undefined;
  #nodes = 0;

  /** `find` is told which of the conditions hold, by index, once per combination (again after it was forgotten). */
  constructor(conditions: readonly Condition[], find: (held: readonly number[]) => C) {
    this.#find = find;
    this.#conditions = conditions.map((condition, index) => ({ condition, index }));
    for (const c of conditions) this.#collect(c);
  }

  #collect(c: Condition): void {
    if (c.kind === 'and' || c.kind === 'or') for (const item of c.items) this.#collect(item);
    else if (c.kind === 'not') this.#collect(c.item);
    else if (isLeaf(c)) {
      const f = this.#fields.get(c.field) ?? new Field(c.field);
      this.#fields.set(c.field, f);
      f.add(c);
    }
  }

  forget(): void {
    this.#root = undefined;
    this.#nodes = 0;
  }

  classOf(e: Judged): C {
    let node = this.#root;
    if (node === undefined) {
      node = this.#node(this.#conditions, []);
      this.#root = node;
    }
    while (!('found' in node)) {
      const { field } = node;
      const verdict = field.verdict(e.fields.get(field.name));
      let next = node.next.get(verdict.number);
      if (next === undefined) {
        next = this.#after(node.open, node.held, verdict);
        if (this.#nodes >= NODES_MAX) this.forget();
        else if (verdict.number >= 0) node.next.set(verdict.number, next);
      }
      node = next;
    }
    return node.found;
  }

  #after(open: readonly Open[], held: readonly number[], { truth }: Verdict): Node<C> {
    const left: Open[] = [];
    const holds = [...held];
    for (const o of open) {
      const c = given(o.condition, truth);
      if (c.kind !== 'const') left.push({ index: o.index, condition: c });
      else if (c.value) holds.push(o.index);
    }
    return this.#node(left, holds);
  }

  #node(all: readonly Open[], held: readonly number[]): Node<C> {
    this.#nodes++;
    const open: Open[] = [];
    const holds = [...held];
    const votes = new Map<string, number>();
    for (const o of all) {
      const c = given(o.condition, NOTHING);
      if (c.kind === 'const') {
        if (c.value) holds.push(o.index);
        continue;
      }
      open.push({ index: o.index, condition: c });
      count(c, votes);
    }
    // The field that most depends on.
    let name: string | undefined;
    for (const [n, v] of votes) if (name === undefined || v > (votes.get(name) as number)) name = n;
    const field = name === undefined ? undefined : this.#fields.get(name);
    if (field === undefined) return { found: this.#find(holds.sort((a, b) => a - b)) };
    return { field, open, held: holds, next: new Map() };
  }
}

const NOTHING: ReadonlyMap<Condition, boolean> = new Map();
const FALSE: Condition = { kind: 'const', value: false };

/** The condition once some of its leaves are decided. Undecided leaves stay the same objects. */
function given(c: Condition, truth: ReadonlyMap<Condition, boolean>): Condition {
  switch (c.kind) {
    case 'not': {
      const item = given(c.item, truth);
      if (item.kind === 'const') return item.value ? FALSE : EVERYTHING;
      return item === c.item ? c : { kind: 'not', item };
    }
    case 'and':
    case 'or': {
      const decides = c.kind === 'or';
      const items: Condition[] = [];
      for (const i of c.items) {
        const item = given(i, truth);
        if (item.kind !== 'const') items.push(item);
        else if (item.value === decides) return item;
      }
      if (items.length === 0) return decides ? FALSE : EVERYTHING;
      return { kind: c.kind, items };
    }
    default: {
      const holds = truth.get(c);
      return holds === undefined ? c : holds ? EVERYTHING : FALSE;
    }
  }
}

function count(c: Condition, votes: Map<string, number>): void {
  if (c.kind === 'and' || c.kind === 'or') for (const item of c.items) count(item, votes);
  else if (c.kind === 'not') count(c.item, votes);
  else if (isLeaf(c)) votes.set(c.field, (votes.get(c.field) ?? 0) + 1);
}
