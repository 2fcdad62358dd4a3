/**
 * The quick way into an event: a flat JSON document of a source that reads tokens (`SourceSpec.fromTokens`). No object is
 * made of the document, and no field that nobody asks for.
 *
 * Contract: where `read` answers, the event has the fields that the plain way gives it, up to their order; undefined: the plain way
 * decides. Held by `quick.prop.test.ts`.
 */
import { EventFields } from '../model/event.ts';
import { bySignature, type Registry } from './registry.ts';
import type { Json, ParseOutcome, SourceSpec } from './source.ts';
import { PATHS_MAX, ROOT, Tokens } from './tokens.ts';

export type QuickRead = {
  readonly spec: SourceSpec;
  readonly status: Exclude<ParseOutcome, 'no'>;
  readonly fields: EventFields;
};

/** Combinations of keys remembered, by the order in which they come. */
export const SHAPES_MAX = 4096;

/** What a document is by the keys of signatures that it had so far. */
type Shape = {
  readonly keys: readonly string[];
  spec: SourceSpec | null | undefined;
  readonly next: Map<number, Shape>;
};

export class QuickReader {
  readonly #registry: Registry;
  readonly #tokens = new Tokens();
  readonly #keys = new Set<string>();
  #root: Shape = newShape([]);
  #shapes = 1;
  /** Per path of the document itself: 1 a signature's key, 2 none, 0 not known yet. */
  #isKey = new Uint8Array(0);
  #generation = 0;
  #journal = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
    for (const list of registry.signatures.values())
      for (const s of list) for (const key of s.keys) this.#keys.add(key);
  }

  read(text: string): QuickRead | undefined {
    if (text.charCodeAt(0) !== 0x7b || !this.#tokens.read(text)) return undefined;
    const spec = this.#specOf();
    if (spec?.fromTokens === undefined) return undefined;
    const fields = new EventFields();
    fields.set('event.kind', 'event');
    try {
      const status = spec.fromTokens(this.#tokens, fields);
      return status === undefined || status === 'no' ? undefined : { spec, status, fields };
    } catch {
      // The plain way meets the same fault and says so on the event.
      return undefined;
    }
  }

  /** The source that is asked first. */
  #specOf(): SourceSpec | undefined {
    const t = this.#tokens;
    if (this.#generation !== t.generation) {
      this.#generation = t.generation;
      this.#root = newShape([]);
      this.#shapes = 1;
      this.#isKey = new Uint8Array(PATHS_MAX);
      this.#journal = t.path(ROOT, '__REALTIME_TIMESTAMP');
    }
    if (t.has(this.#journal)) return undefined;
    let shape = this.#root;
    for (let i = 0; i < t.n; i++) {
      const path = t.paths[i] as number;
      if (t.parentOf(path) !== ROOT) continue;
      let is = this.#isKey[path];
      if (is === 0) {
        is = this.#keys.has(t.keyOf(path)) ? 1 : 2;
        this.#isKey[path] = is;
      }
      if (is === 1) shape = shape.next.get(path) ?? this.#grow(shape, path, t.keyOf(path));
    }
    if (shape.spec === undefined) shape.spec = this.#ask(shape.keys);
    return shape.spec ?? undefined;
  }

  #grow(from: Shape, path: number, key: string): Shape {
    if (this.#shapes >= SHAPES_MAX) {
      this.#root = newShape([]);
      this.#shapes = 1;
    }
    const shape = newShape([...from.keys, key]);
    from.next.set(path, shape);
    this.#shapes++;
    return shape;
  }

  #ask(keys: readonly string[]): SourceSpec | null {
    const doc = Object.create(null) as { [key: string]: Json };
    for (const key of keys) doc[key] = null;
    return bySignature(this.#registry, doc)[0] ?? null;
  }
}

const newShape = (keys: readonly string[]): Shape => ({ keys, spec: undefined, next: new Map() });
