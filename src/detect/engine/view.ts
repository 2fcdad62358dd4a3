/**
 * The event at hand, as the checks of all rules see it: a field's text is made and folded at most once per event, however
 * many rules ask. One per engine, used for one event after another.
 */
import { reader } from '../../condition/computed.ts';
import { type Judged, keywordSees } from '../../condition/evaluate.ts';
import { fold, textsOf, typeOf } from '../../condition/text.ts';
import type { FieldType } from '../../model/catalogue.ts';
import type { FieldValue } from '../../model/event.ts';

type Slot = {
  readonly read: ReturnType<typeof reader>;
  readonly type: FieldType | 'any';
  textsAt: number;
  texts: readonly string[];
  foldedAt: number;
  folded: readonly string[];
};

const NO_EVENT: Judged = {
  fields: { get: () => undefined, has: () => false, entries: () => new Map<string, never>().entries() },
  rawText: '',
  entities: [],
};
const NONE: readonly string[] = [];

export class View {
  readonly #slots: Slot[] = [];
  readonly #byName = new Map<string, number>();
  /** Slots with texts of the event at hand. */
  readonly #filled: Slot[] = [];
  /** Changes with the event; what was made for an earlier one is stale. */
  epoch = 0;
  event: Judged = NO_EVENT;

  /** Number by which `texts` and `folded` know a field. */
  slot(name: string): number {
    let i = this.#byName.get(name);
    if (i === undefined) {
      i = this.#slots.push({
        read: reader(name),
        type: typeOf(name),
        textsAt: -1,
        texts: NONE,
        foldedAt: -1,
        folded: NONE,
      });
      this.#byName.set(name, --i);
    }
    return i;
  }

  begin(e: Judged): void {
    this.epoch++;
    this.event = e;
  }

  /** Lets go of the event and of all that was made of it. */
  end(): void {
    this.event = NO_EVENT;
    this.epoch++;
    for (const s of this.#filled) {
      s.texts = NONE;
      s.folded = NONE;
    }
    this.#filled.length = 0;
    this.#everywhere = NONE;
  }

  texts(slot: number): readonly string[] {
    const s = this.#slots[slot] as Slot;
    if (s.textsAt === this.epoch) return s.texts;
    const v = s.read(this.event.fields);
    s.texts = v === undefined || v === null ? NONE : textsOf(v, s.type);
    s.textsAt = this.epoch;
    this.#filled.push(s);
    return s.texts;
  }

  folded(slot: number): readonly string[] {
    const s = this.#slots[slot] as Slot;
    if (s.foldedAt === this.epoch) return s.folded;
    const texts = this.texts(slot);
    s.folded = texts.length === 0 ? NONE : texts.length === 1 ? [fold(texts[0] as string)] : texts.map(fold);
    s.foldedAt = this.epoch;
    return s.folded;
  }

  /** Where keywords look: the raw text and every value that they see, folded. */
  everywhere(): readonly string[] {
    if (this.#everywhereAt === this.epoch) return this.#everywhere;
    const out = [fold(this.event.rawText)];
    for (const [name, v] of this.event.fields.entries() as Iterable<[string, FieldValue]>)
      if (keywordSees(name)) for (const t of textsOf(v, typeOf(name))) out.push(fold(t));
    this.#everywhere = out;
    this.#everywhereAt = this.epoch;
    return out;
  }
  #everywhere: readonly string[] = NONE;
  #everywhereAt = -1;
}
