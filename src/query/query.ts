/** A parsed query: the filter as a condition, then the pipes. Plain data. */
import type { Condition } from '../condition/tree.ts';
import type { Hint, Token } from '../condition/language/grammar.ts';
import type { Pipe } from './pipes/pipe.ts';

/** A search within a search: `where source.ip in (search failed | top 10 source.ip)`. */
export type Subquery = { readonly filter: Condition; readonly pipes: readonly Pipe[] };

export type Query = Subquery & {
  readonly hints: readonly Hint[];
  /** For highlighting, in order of the text. */
  readonly tokens: readonly Token[];
};
