/**
 * What may come next in the search bar. Works on the text up to the cursor and on the tables of `grammar.ts`; values
 * are not offered (they need the store). Pure, bounded. Held by `complete.test.ts`.
 */
import { HOT_FIELDS } from '../model/catalogue.ts';
import { ALIASES, ENTITY_KINDS } from '../condition/language/aliases.ts';
import { EXPR_FUNCTIONS } from './expression.ts';
import { FUNCTIONS, KEYWORDS, OPERATORS, QUERY_CHARS_MAX } from '../condition/language/grammar.ts';
import { AGGREGATES } from './pipes/aggregates.ts';
import { PIPES } from './pipes/registry.ts';

export type Completion = {
  readonly kind:
    | 'field'
    | 'alias'
    | 'entity'
    | 'keyword'
    | 'operator'
    | 'function'
    | 'pipe'
    | 'aggregate'
    | 'list';
  /** Replaces the text from `start` to the cursor. */
  readonly text: string;
  readonly start: number;
  readonly about: string;
};
export type CompletionEnv = {
  readonly lists: Iterable<string>;
  /** Further fields seen in the data. */
  readonly fields?: Iterable<string>;
};

/** Most suggestions at once. */
export const COMPLETIONS_MAX = 20;

export function complete(text: string, cursor: number, env: CompletionEnv): readonly Completion[] {
  const before = text.slice(0, Math.min(cursor, QUERY_CHARS_MAX));
  if (((before.match(/(?<!\\)"/g)?.length ?? 0) & 1) === 1) return [];
  const word = /[^\s()|,]*$/.exec(before)?.[0] ?? '';
  const start = before.length - word.length;
  const lead = before.slice(0, start).trimEnd();
  const offers = offersAt(before, lead, word, start, env);
  const lower = word.toLowerCase();
  const starts = offers.filter((o) => o.text.toLowerCase().startsWith(lower) && o.text !== word);
  const inside = offers.filter(
    (o) => !starts.includes(o) && o.text !== word && o.text.toLowerCase().includes(lower),
  );
  return [...starts, ...(word.length > 1 ? inside : [])].slice(0, COMPLETIONS_MAX);
}

function offersAt(
  before: string,
  lead: string,
  word: string,
  start: number,
  env: CompletionEnv,
): Completion[] {
  const pipe = /\|\s*(?:([a-z]+)\b[^|]*)?$/.exec(before.slice(0, start));
  if (pipe !== null) return pipe[1] === undefined ? pipes(start) : inPipe(lead, start, env);
  if (/\bIN$/.test(lead)) {
    return [...env.lists].map((text) => ({ kind: 'list', text, start, about: 'list' }) as const);
  }
  // Behind `field:` stands a value, which only the store knows.
  if (/[:=<>]$/.test(lead) || /^[^:]+:/.test(word)) return [];
  const afterTerm = lead !== '' && !/(?:\b(?:AND|OR|NOT)|\()$/.test(lead);
  return [
    ...fieldOffers(start, env, ':'),
    ...FUNCTIONS.map((f) => ({ kind: 'function', text: `${f.name}(`, start, about: f.about }) as const),
    ...(afterTerm || word === '' || /^[A-Z]+$/.test(word) ? keywords(start) : []),
    ...(afterTerm && word === ''
      ? OPERATORS.filter((o) => o.name !== 'is').map((o) => operator(o, start))
      : []),
  ];
}

const operator = (o: { readonly text: string; readonly about: string }, start: number): Completion => ({
  kind: 'operator',
  text: o.text,
  start,
  about: o.about,
});

const keywords = (start: number): Completion[] =>
  KEYWORDS.map((text) => ({ kind: 'keyword', text, start, about: 'keyword' }));

const pipes = (start: number): Completion[] =>
  [...PIPES].map(([text, p]) => ({ kind: 'pipe', text, start, about: p.about }));

function inPipe(lead: string, start: number, env: CompletionEnv): Completion[] {
  const aggregates = AGGREGATES.map(
    (a): Completion => ({
      kind: 'aggregate',
      text: a.field ? `${a.name}(` : `${a.name}()`,
      start,
      about: a.about,
    }),
  );
  const grouping = /\bby\b[^|]*$/.test(lead);
  if (/\|\s*(stats|timechart)((\s+(span|limit)=\S+)*|[^|]*,)$/.test(lead) && !grouping) return aggregates;
  if (/\|\s*lookup$/.test(lead)) {
    return [...env.lists].map((text) => ({ kind: 'list', text, start, about: 'list' }) as const);
  }
  if (!/\|\s*(where|eval)\b[^|]*$/.test(lead)) return fieldOffers(start, env, '');
  const functions = EXPR_FUNCTIONS.map(
    (f): Completion => ({ kind: 'function', text: `${f.name}(`, start, about: f.about }),
  );
  return [...fieldOffers(start, env, ''), ...functions];
}

function fieldOffers(start: number, env: CompletionEnv, suffix: string): Completion[] {
  const out: Completion[] = [];
  for (const name of ENTITY_KINDS.keys()) {
    out.push({ kind: 'entity', text: name + suffix, start, about: 'entity, whichever field names it' });
  }
  for (const d of HOT_FIELDS) out.push({ kind: 'field', text: d.name + suffix, start, about: d.about });
  for (const [name, field] of ALIASES)
    out.push({ kind: 'alias', text: name + suffix, start, about: `short for ${field}` });
  for (const name of env.fields ?? [])
    out.push({ kind: 'field', text: name + suffix, start, about: 'seen in events' });
  return out;
}
