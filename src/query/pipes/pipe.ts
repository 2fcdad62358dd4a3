/** What the pipes share. Each pipe has a file with its node, parser and compiler; `registry.ts` lists them. */
import type { HeadPipe } from './head.ts';
import type { SortPipe } from './sort.ts';
import type { StatsPipe } from './stats.ts';

export type Pipe = StatsPipe | SortPipe | HeadPipe;

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
  readonly fail: (message: string, expected: readonly string[], at?: { start: number; end: number }) => never;
};
