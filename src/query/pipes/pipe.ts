/** What the pipes share. Each pipe has a file with its node, parser and compiler; `registry.ts` lists them. */
import type { Lists } from '../../condition/tree.ts';
import type { Expr, Place } from '../expression.ts';
import type { Subquery } from '../query.ts';
import type { SqlParams } from '../sql-params.ts';
import type { DedupPipe } from './dedup.ts';
import type { EvalPipe } from './eval.ts';
import type { FieldsPipe } from './fields.ts';
import type { HeadPipe } from './head.ts';
import type { LookupPipe } from './lookup.ts';
import type { RenamePipe } from './rename.ts';
import type { RexPipe } from './rex.ts';
import type { SortPipe } from './sort.ts';
import type { StatsPipe } from './stats.ts';
import type { Table } from './table.ts';
import type { TimechartPipe } from './timechart.ts';
import type { TopPipe } from './top.ts';
import type { TransactionPipe } from './transaction.ts';
import type { WherePipe } from './where.ts';

export type Pipe =
  | DedupPipe
  | EvalPipe
  | FieldsPipe
  | HeadPipe
  | LookupPipe
  | RenamePipe
  | RexPipe
  | SortPipe
  | StatsPipe
  | TimechartPipe
  | TopPipe
  | TransactionPipe
  | WherePipe;

/** A field as written and as resolved (aliases). */
export type FieldRef = {
  readonly written: string;
  readonly field: string;
  readonly start: number;
  readonly end: number;
};

/** What a pipe's parser may read with. `scan` is at the text behind the pipe's name. */
export type PipeReader = {
  /** True at the end of this pipe: end of text or `|`. */
  readonly atEnd: () => boolean;
  /** Takes a word of the pipe's own grammar (`by`, `as`), any case. */
  readonly takeWord: (word: string) => boolean;
  readonly take: (char: string) => boolean;
  readonly expect: (char: string, why: string) => void;
  /** A field or column name; `sum(f)` is one too, as columns have such names. */
  readonly name: (what: string) => FieldRef;
  /** Takes a `+` or `-` that stands before a name. */
  readonly sign: () => '+' | '-' | '';
  readonly integer: (what: string, max: number) => number;
  /** A number, where one stands here. */
  readonly count: (what: string, max: number) => number | undefined;
  /** Takes `name=` and gives the place and text of the value behind it. */
  readonly option: (name: string) => (FieldRef & { readonly quoted: boolean }) | undefined;
  /** A word or quoted text as it stands. */
  readonly text: (what: string) => FieldRef & { readonly quoted: boolean };
  /** The name of a list there is. */
  readonly list: () => string;
  /** `name(`: the call's name, its parenthesis taken, where that is what stands here. */
  readonly call: (name: string) => boolean;
  /** A name and the `=` behind it. */
  readonly assigned: (what: string) => FieldRef;
  readonly expression: () => Expr;
  readonly fail: (message: string, expected: readonly string[], at?: { start: number; end: number }) => never;
};

/** What a pipe compiles with. Times in microseconds: the searched range. */
export type PipeEnv = {
  readonly p: SqlParams;
  readonly lists: Lists;
  readonly from: number;
  readonly to: number;
  /** Told of names of event fields that look like misspelled ones. */
  readonly hint: (message: string) => void;
  /** A search within the search, over the same scope: its rows before any limit. */
  readonly subsearch: (query: Subquery, at: Place) => Table;
};
