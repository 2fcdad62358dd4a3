/**
 * A gate before a rule's full evaluation: an OR-set of (field, literal) of which one must occur in the event, or the
 * rule cannot be met. Literals are looked for in folded text, each at most once per event however many rules ask.
 *
 * Contract: over-approximates, never omits (held by `matcher.prop.test.ts`).
 */
import { fold as foldText, textsOf, typeOf } from '../condition/text.ts';
import type { Condition, PatternPart } from '../condition/tree.ts';
import type { EventFields } from '../model/event.ts';

/** A gate with more alternatives costs more than it saves. */
const ALTERNATIVES_MAX = 2000;

export type Literal = readonly [field: string, folded: string];

/** Folded so far that case-insensitive regular expressions cannot see more: to them a long s is an s. */
const fold = (s: string): string => foldText(s).replaceAll('ſ', 's');

/** The cheapest necessary OR-set of literals, undefined where there is none. */
export function gateOf(c: Condition): readonly Literal[] | undefined {
  switch (c.kind) {
    case 'equals':
      // Addresses compare in canonical form, which the text need not hold.
      if (typeOf(c.field) === 'ip') return undefined;
      return c.values.some((v) => v === '') || c.values.length > ALTERNATIVES_MAX
        ? undefined
        : c.values.map((v) => [c.field, fold(v)]);
    case 'like': {
      const text = longest(c.pattern);
      return text === '' ? undefined : [[c.field, fold(text)]];
    }
    case 'regex': {
      const text = requiredLiteral(c.source);
      return text === '' ? undefined : [[c.field, fold(text)]];
    }
    case 'and': {
      let best: readonly Literal[] | undefined;
      for (const item of c.items) {
        const g = gateOf(item);
        if (g !== undefined && (best === undefined || cost(g) < cost(best))) best = g;
      }
      return best;
    }
    case 'or': {
      const all: Literal[] = [];
      for (const item of c.items) {
        const g = gateOf(item);
        if (g === undefined) return undefined;
        all.push(...g);
      }
      return all.length > ALTERNATIVES_MAX ? undefined : all;
    }
    default:
      return undefined;
  }
}

/** Few alternatives and long literals are best. */
const cost = (g: readonly Literal[]): number =>
  g.reduce((sum, [, text]) => sum + 1 / Math.max(1, text.length - 1), 0);

function longest(pattern: readonly PatternPart[]): string {
  let best = '';
  for (const p of pattern) if (p.kind === 'text' && p.text.length > best.length) best = p.text;
  return best;
}

/** Escapes that stand for themselves. */
const SELF = /[\\.^$|?*+()[\]{}/"'\-<>=!:#&%@,;~` ]/;

/**
 * The longest text that every match of the (RE2) expression holds, '' where that is not plain: only characters outside
 * groups and classes and not under `?`, `*` or `{}` are taken, and none if there is a top-level alternative.
 */
export function requiredLiteral(source: string): string {
  let best = '';
  let run = '';
  let depth = 0;
  const end = (): void => {
    if (run.length > best.length) best = run;
    run = '';
  };
  for (let i = 0; i < source.length; i++) {
    const c = source[i] as string;
    if (c === '[') {
      end();
      i = classEnd(source, i);
    } else if (c === '(') {
      end();
      // An inline flag group without a colon ((?i)) changes what follows, but not which letters it has.
      depth++;
    } else if (c === ')') {
      depth--;
      end();
    } else if (c === '|' && depth === 0) return '';
    else if (c === '\\') {
      const next = source[++i] ?? '';
      if (next === 'Q') return '';
      if (depth === 0 && SELF.test(next)) run += next;
      else {
        end();
        // Skip what belongs to \x{..}, \p{..}.
        if (/[xpP]/.test(next) && source[i + 1] === '{') {
          const close = source.indexOf('}', i);
          if (close < 0) return '';
          i = close;
        } else if (/[0-9xpP]/.test(next)) return '';
      }
    } else if (c === '?' || c === '*' || c === '{') {
      run = dropLast(run);
      end();
      if (c === '{') {
        const bounds = /^\{\d*,?\d*\}/.exec(source.slice(i, i + 16));
        if (bounds === null) return '';
        i += bounds[0].length - 1;
      }
    } else if (c === '+' || c === '.' || c === '^' || c === '$') end();
    else if (c > '~') end();
    else if (depth === 0) run += c;
  }
  end();
  return best.length >= 2 ? best : '';
}

/** Without its last code point. */
const dropLast = (s: string): string => [...s].slice(0, -1).join('');

/** Index of the `]` that closes the class opened at `i`. */
function classEnd(source: string, i: number): number {
  let at = i + 1;
  if (source[at] === '^') at++;
  if (source[at] === ']') at++;
  for (; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[' && source[at + 1] === ':') {
      const close = source.indexOf(':]', at);
      if (close > 0) at = close + 1;
    } else if (source[at] === ']') return at;
  }
  return source.length;
}

/** All literals of a rule set; `begin` once per event, then `passes` per rule. */
export class Gates {
  readonly #slots = new Map<string, number>();
  readonly #fields: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #tests: { readonly slot: number; readonly text: string }[] = [];
  #texts: (readonly string[] | undefined)[] = [];
  /** Per literal: the event it was last looked for in, times two, plus whether it was there. */
  #stamp = new Float64Array(0);
  #event = 1;
  #current: Pick<EventFields, 'get'> | undefined;

  /** Numbers by which `passes` knows a gate's literals. */
  register(gate: readonly Literal[]): Int32Array {
    return Int32Array.from(gate, ([field, text]) => {
      const key = `${field}\u0000${text}`;
      const known = this.#ids.get(key);
      if (known !== undefined) return known;
      let slot = this.#slots.get(field);
      if (slot === undefined) {
        slot = this.#fields.push(field) - 1;
        this.#slots.set(field, slot);
      }
      this.#ids.set(key, this.#tests.length);
      return this.#tests.push({ slot, text }) - 1;
    });
  }

  begin(fields: Pick<EventFields, 'get'>): void {
    this.#event++;
    this.#current = fields;
    this.#texts = [];
    if (this.#stamp.length < this.#tests.length) this.#stamp = new Float64Array(this.#tests.length);
  }

  passes(ids: Int32Array): boolean {
    for (const id of ids) {
      const stamp = this.#stamp[id] as number;
      if (stamp >= 2 * this.#event) {
        if (stamp > 2 * this.#event) return true;
        continue;
      }
      const test = this.#tests[id] as { slot: number; text: string };
      let found = false;
      for (const t of this.#text(test.slot)) {
        if (!t.includes(test.text)) continue;
        found = true;
        break;
      }
      this.#stamp[id] = 2 * this.#event + (found ? 1 : 0);
      if (found) return true;
    }
    return false;
  }

  #text(slot: number): readonly string[] {
    const known = this.#texts[slot];
    if (known !== undefined) return known;
    const field = this.#fields[slot] as string;
    const texts = textsOf(this.#current?.get(field), typeOf(field)).map(fold);
    this.#texts[slot] = texts;
    return texts;
  }
}
