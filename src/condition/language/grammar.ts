/**
 * The query language as data: keywords, operators, functions and bounds. The scanner, the parser, error texts and the
 * console's highlighting and completion all read these tables. The language itself is described in `docs/SEARCH.md`.
 */

/** Longest query, UTF-16 units. */
export const QUERY_CHARS_MAX = 10_000;
/** Deepest nesting of parentheses and NOT. */
export const QUERY_DEPTH_MAX = 50;
/** Most terms (words and comparisons) in one query. */
export const QUERY_TERMS_MAX = 500;

export type TokenKind =
  | 'keyword'
  | 'field'
  | 'operator'
  | 'value'
  | 'quoted'
  | 'regex'
  | 'word'
  | 'function'
  | 'list'
  | 'class'
  | 'pipe'
  | 'punctuation';

/** A stretch of the text and what it is. Offsets are UTF-16 units, `end` exclusive. */
export type Token = { readonly kind: TokenKind; readonly start: number; readonly end: number };

/** Upper case only, so that the words "and", "or", "not" and "in" can be searched. */
export const KEYWORDS = ['AND', 'OR', 'NOT', 'IN'] as const;
export type Keyword = (typeof KEYWORDS)[number];

export type OperatorName = 'is' | 'equals' | 'differs' | 'regex' | '<' | '<=' | '>' | '>=';
export type Operator = { readonly text: string; readonly name: OperatorName; readonly about: string };

/** Longest first: the scanner takes the first that fits. */
export const OPERATORS: readonly Operator[] = [
  { text: '==', name: 'equals', about: 'exactly equal: case matters, no wildcards' },
  { text: '!=', name: 'differs', about: 'not exactly equal (absent fields differ too)' },
  { text: '=~', name: 'regex', about: 'matches a regular expression (RE2), found anywhere' },
  { text: '<=', name: '<=', about: 'at most (numbers, times)' },
  { text: '>=', name: '>=', about: 'at least (numbers, times)' },
  { text: '<', name: '<', about: 'less (numbers, times)' },
  { text: '>', name: '>', about: 'more (numbers, times)' },
  { text: ':', name: 'is', about: 'equal whatever the case; * and ? are wildcards; networks; /regex/' },
];

export type FunctionName = 'exists' | 'null' | 'cased' | 'keyword' | 'fieldref' | 'entity' | 'true' | 'false';
/** Written `name(...)` without a blank before the parenthesis. */
export const FUNCTIONS: readonly { readonly name: FunctionName; readonly about: string }[] = [
  {
    name: 'exists',
    about:
      'the field is there, even empty: exists(user.name); or exists(auth_failure for user.name in last 30 days)',
  },
  { name: 'null', about: 'the field is absent or null: null(user.name)' },
  { name: 'cased', about: 'case matters inside: cased(process.name:Pow*)' },
  { name: 'keyword', about: 'found anywhere in the raw text or in any value: keyword("4625")' },
  { name: 'fieldref', about: 'compares two fields: fieldref(user.name, equals, user.target.name)' },
  { name: 'entity', about: 'an entity by its full name: entity("ip:10.0.1.5")' },
  { name: 'true', about: 'every event: true()' },
  { name: 'false', about: 'no event: false()' },
];

export const FIELDREF_OPS = ['equals', 'startswith', 'endswith', 'contains'] as const;

/** Characters that end an unquoted word. */
export const WORD_ENDS = '()",|';
/** Characters that also end a word where a field name may stand; a value may hold them. */
export const FIELD_ENDS = ':=!<>';

export type QueryError = {
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly expected: readonly string[];
  readonly suggestion?: string;
};
/** A remark that does not stop the query: an unknown field that looks like a misspelled one. */
export type Hint = {
  readonly message: string;
  readonly start: number;
  readonly end: number;
  readonly suggestion: string;
};
