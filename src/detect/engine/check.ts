/**
 * A condition as a check of the event in the view: the same verdict as `compileCondition`, with leaves that rules
 * share judged once per event, cheap ones first, and regular expressions only where a text that they need occurs.
 *
 * Nodes that are not known here are left to `compileCondition`. Held by `engine.prop.test.ts`.
 */
import { compileCondition, type ConditionEnv, type Predicate } from '../../condition/evaluate.ts';
import { unanchored } from '../../condition/glob.ts';
import { equalTexts, fold, wellFormed } from '../../condition/text.ts';
import type { Condition, PatternPart } from '../../condition/tree.ts';
import { gateOfFolded } from './automaton.ts';
import { required } from './literal.ts';
import type { View } from './view.ts';

export type Check = {
  readonly run: () => boolean;
  /** Rough nanoseconds; orders the parts of a conjunction. */
  readonly cost: number;
};

const COST = { exists: 20, equals: 60, like: 100, plain: 400, regex: 3000, keyword: 20_000 } as const;

/** A text's length is looked at where an expression needs so many characters. */
const LONG = 8;

export class Checks {
  readonly #view: View;
  readonly #env: ConditionEnv;
  readonly #leaves = new Map<string, Check>();

  constructor(view: View, env: ConditionEnv) {
    this.#view = view;
    this.#env = env;
  }

  /** Throws where `compileCondition` throws. */
  make(c: Condition): Check {
    switch (c.kind) {
      case 'and':
        return joined(
          c.items.map((item) => this.make(item)),
          true,
        );
      case 'or':
        return joined(this.#bundled(c.items), false);
      case 'not': {
        const item = this.make(c.item);
        return { run: () => !item.run(), cost: item.cost };
      }
      case 'const':
        return { run: () => c.value, cost: 0 };
      default:
        return this.#leaf(c);
    }
  }

  /** Alternatives that look at the same texts become one check: lists of paths and names are the bulk of all rules. */
  #bundled(items: readonly Condition[]): Check[] {
    const out: Check[] = [];
    const bundles = new Map<string, Bundle>();
    for (const c of items) {
      const simple = c.kind === 'like' ? simplePattern(c.pattern) : undefined;
      if (c.kind !== 'equals' && (c.kind !== 'like' || simple === undefined)) {
        out.push(this.make(c));
        continue;
      }
      const key = `${c.cased ? 1 : 0}${c.field}`;
      const b: Bundle = bundles.get(key) ?? { field: c.field, cased: c.cased, of: [], texts: NO_TEXTS() };
      bundles.set(key, b);
      b.of.push(c);
      const norm = c.cased ? wellFormed : fold;
      if (simple !== undefined) b.texts[simple.kind].push(norm(simple.text));
      else if (c.kind === 'equals') for (const v of equalTexts(c)) b.texts.is.push(norm(v));
    }
    for (const b of bundles.values()) {
      const [only] = b.of;
      if (b.of.length === 1 && only !== undefined) out.push(this.make(only));
      else out.push(this.#remembered(this.#bundle(b)));
    }
    return out;
  }

  #bundle({ field, cased, texts }: Bundle): Check {
    const is = new Set(texts.is);
    const { contains, startswith, endswith } = texts;
    const count = texts.is.length + contains.length + startswith.length + endswith.length;
    return this.#any(field, cased, COST.like + 10 * count, (t) => {
      if (is.has(t)) return true;
      for (const x of endswith) if (t.endsWith(x)) return true;
      for (const x of startswith) if (t.startsWith(x)) return true;
      for (const x of contains) if (t.includes(x)) return true;
      return false;
    });
  }

  #leaf(c: Condition): Check {
    const key = JSON.stringify(c);
    const known = this.#leaves.get(key);
    if (known !== undefined) return known;
    const made = this.#remembered(this.#fresh(c));
    this.#leaves.set(key, made);
    return made;
  }

  #remembered(check: Check): Check {
    const view = this.#view;
    let at = -1;
    let held = false;
    return {
      cost: check.cost,
      run: () => {
        if (at === view.epoch) return held;
        held = check.run();
        // Only once it did not throw.
        at = view.epoch;
        return held;
      },
    };
  }

  #fresh(c: Condition): Check {
    switch (c.kind) {
      case 'equals':
        return this.#equals(c);
      case 'like': {
        const simple = simplePattern(c.pattern);
        if (simple !== undefined) return this.#simple(c.field, simple, c.cased);
        return this.#plain(c, COST.plain);
      }
      case 'regex': {
        const plain = this.#plain(c, COST.regex);
        const { need, min } = required(c.source);
        const long = min < LONG ? plain : this.#long(c.field, min, plain);
        return need === undefined ? long : this.#gated(c.field, need, long);
      }
      case 'keyword': {
        const simple = c.cased ? undefined : simplePattern(unanchored(c.pattern));
        return simple === undefined ? this.#plain(c, COST.keyword) : this.#keyword(fold(simple.text));
      }
      case 'words':
        return this.#plain(c, COST.keyword);
      default:
        return this.#plain(c, c.kind === 'exists' ? COST.exists : COST.plain);
    }
  }

  #plain(c: Condition, cost: number): Check {
    const test: Predicate = compileCondition(c, this.#env);
    const view = this.#view;
    return { run: () => test(view.event), cost };
  }

  #keyword(text: string): Check {
    const view = this.#view;
    return {
      cost: COST.keyword,
      run: () => {
        for (const t of view.everywhere()) if (t.includes(text)) return true;
        return false;
      },
    };
  }

  #equals(c: Extract<Condition, { kind: 'equals' }>): Check {
    const set = new Set(equalTexts(c).map(c.cased ? wellFormed : fold));
    return this.#any(c.field, c.cased, COST.equals, (t) => set.has(t));
  }

  #simple(field: string, p: Simple, cased: boolean): Check {
    const text = cased ? wellFormed(p.text) : fold(p.text);
    const cost = COST.like + text.length / 8;
    switch (p.kind) {
      case 'contains':
        return this.#any(field, cased, cost, (t) => t.includes(text));
      case 'startswith':
        return this.#any(field, cased, cost, (t) => t.startsWith(text));
      case 'endswith':
        return this.#any(field, cased, cost, (t) => t.endsWith(text));
      case 'is':
        return this.#any(field, cased, cost, (t) => t === text);
    }
  }

  #any(field: string, cased: boolean, cost: number, test: (t: string) => boolean): Check {
    const view = this.#view;
    const slot = view.slot(field);
    return {
      cost,
      run: () => {
        const texts = cased ? view.texts(slot) : view.folded(slot);
        if (texts.length === 1) return test(texts[0] as string);
        for (const t of texts) if (test(t)) return true;
        return false;
      },
    };
  }

  /** Where no text is long enough, none is matched. */
  #long(field: string, min: number, check: Check): Check {
    const view = this.#view;
    const slot = view.slot(field);
    return {
      cost: check.cost,
      run: () => {
        for (const t of view.texts(slot)) if (t.length >= min) return check.run();
        return false;
      },
    };
  }

  /** Literals are looked for in text folded as far as a case-insensitive expression can see. */
  #gated(field: string, need: readonly string[], check: Check): Check {
    const view = this.#view;
    const slot = view.slot(field);
    return {
      cost: check.cost,
      run: () => {
        for (const t of view.folded(slot)) {
          const text = gateOfFolded(t);
          for (const n of need) if (text.includes(n)) return check.run();
        }
        return false;
      },
    };
  }
}

/** All of them, or any; cheap ones first. */
function joined(checks: readonly Check[], all: boolean): Check {
  const order = [...checks].sort((a, b) => a.cost - b.cost);
  const [only] = order;
  if (order.length === 1 && only !== undefined) return only;
  return {
    cost: order.reduce((sum, c) => sum + c.cost, 0),
    run: () => {
      for (const c of order) if (c.run() !== all) return !all;
      return all;
    },
  };
}

type Bundle = {
  readonly field: string;
  readonly cased: boolean;
  readonly of: Condition[];
  readonly texts: { readonly [kind in Simple['kind']]: string[] };
};
const NO_TEXTS = (): Bundle['texts'] => ({ is: [], contains: [], startswith: [], endswith: [] });

type Simple = { readonly kind: 'contains' | 'startswith' | 'endswith' | 'is'; readonly text: string };

/** Patterns with one piece of text and `*` only at their ends. */
function simplePattern(pattern: readonly PatternPart[]): Simple | undefined {
  let text = '';
  let before = false;
  let after = false;
  for (const p of pattern) {
    if (p.kind === 'one') return undefined;
    if (p.kind === 'any') {
      if (text === '') before = true;
      else after = true;
    } else if (p.text !== '') {
      if (after) return undefined;
      text += p.text;
    }
  }
  if (text === '') return undefined;
  return { kind: before ? (after ? 'contains' : 'endswith') : after ? 'startswith' : 'is', text };
}
