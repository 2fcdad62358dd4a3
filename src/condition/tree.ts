/**
 * The one typed tree of the condition language. The search bar's text and Sigma rules both become this; `evaluate.ts`
 * runs it over a live event, `src/query/sql.ts` compiles it to SQL. Plain frozen data, no methods.
 *
 * Semantics (both back ends, held by `src/query/exact.int.test.ts`):
 * - An absent field fails every positive test, so `not` passes. A multi-valued field passes if any member does.
 * - Numbers compare with text by their source text; `<` and friends compare as numbers and fail for non-numbers.
 * - Case is folded with Unicode simple lower-casing (`toLowerCase` = `lowerUTF8`) unless `cased`.
 */

import type { Expression, TestOp } from './expression.ts';
import type { TimePart, TimePartOp } from './time-part.ts';

/** A wildcard pattern as parts: literal text, `*` (any run) or `?` (exactly one character). */
export type PatternPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'one' };

export type CompareOp = '<' | '<=' | '>' | '>=';

/** A piece of a value with placeholders: `list` stands for any member of a named list. */
export type PlaceholderPart = PatternPart | { readonly kind: 'list'; readonly list: string };

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly item: Condition }
  /** True or false for every event (an empty search is `always`). */
  | { readonly kind: 'const'; readonly value: boolean }
  /** Present, empty and null included. */
  | { readonly kind: 'exists'; readonly field: string }
  /** Absent or null (Sigma's `null`). */
  | { readonly kind: 'null'; readonly field: string }
  /** Equal to any of the values; '' means present and empty. */
  | {
      readonly kind: 'equals';
      readonly field: string;
      readonly values: readonly string[];
      readonly cased: boolean;
    }
  | {
      readonly kind: 'like';
      readonly field: string;
      readonly pattern: readonly PatternPart[];
      readonly cased: boolean;
    }
  /** RE2 syntax, unanchored. */
  | { readonly kind: 'regex'; readonly field: string; readonly source: string; readonly flags: string }
  | { readonly kind: 'cidr'; readonly field: string; readonly cidr: string }
  | { readonly kind: 'compare'; readonly field: string; readonly op: CompareOp; readonly value: number }
  | {
      readonly kind: 'fieldref';
      readonly field: string;
      readonly op: 'equals' | 'startswith' | 'endswith' | 'contains';
      readonly other: string;
      readonly cased: boolean;
    }
  /** Member of a named list (`monitored_domains`); list kind decides how members match. */
  | { readonly kind: 'inlist'; readonly field: string; readonly list: string }
  /** A value with placeholders (Sigma's `|expand`), see `placeholder.ts`; `field` '' looks into every value as `keyword` does. */
  | {
      readonly kind: 'placeholder';
      readonly field: string;
      readonly parts: readonly PlaceholderPart[];
      readonly cased: boolean;
    }
  /** A part of a date compares with a number (Sigma's time modifiers), see `time-part.ts`. */
  | {
      readonly kind: 'timepart';
      readonly field: string;
      readonly part: TimePart;
      readonly op: TimePartOp;
      readonly value: number;
    }
  /** Two expressions compare (`compile-test.ts`); `!=` is the opposite of `==`. May remember: see `stateful.ts`. */
  | { readonly kind: 'test'; readonly op: TestOp; readonly left: Expression; readonly right: Expression }
  /** The words stand side by side as whole tokens in the raw text, case folded. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Sigma keyword: the pattern occurs in any value of the event. */
  | { readonly kind: 'keyword'; readonly pattern: readonly PatternPart[]; readonly cased: boolean }
  /** Entity of the event, exactly: `ip:10.0.1.5`. */
  | { readonly kind: 'entity'; readonly entity: string };

/** The condition that every event meets. */
export const EVERYTHING: Condition = { kind: 'const', value: true };

/** Named lists at the time of judgement. */
export type Lists = ReadonlyMap<string, NamedList>;
export const LIST_KINDS = ['text', 'domain', 'cidr', 'issuer'] as const;
export type ListKind = (typeof LIST_KINDS)[number];
/**
 * `domain` members match themselves, their subdomains and the wildcard certificates that cover them; `cidr` members match
 * addresses within; `issuer` members match a certificate authority by its name or key; `text` folds case. See `lists.ts`.
 */
export type NamedList = { readonly kind: ListKind; readonly values: readonly string[] };
