/**
 * What may come next in the search bar. Works on the text up to the cursor and on the tables of `grammar.ts`; values
 * are not offered (they need the store). Pure, bounded. Held by `complete.test.ts`.
 */
import { HOT_FIELDS } from '../model/catalogue.ts';
import { COMPUTED_FIELDS } from '../condition/computed.ts';
import type { ExpressionFunction } from '../condition/expression.ts';
import { SIGNATURES } from '../condition/expression-type.ts';
import { ALIASES, ENTITY_KINDS, FIELD_GROUPS, KEY_ALIASES } from '../condition/language/aliases.ts';
import { CLASSES } from '../condition/language/classes.ts';
import { CALL_HELP } from '../condition/language/read-expression.ts';
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
    | 'list'
    | 'class'
    | 'value';
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
  const call = openCall(before.slice(0, start));
  if (call !== undefined && COUNTS.has(call.name)) {
    return inCount(call.inner, start, env);
  }
  if (call !== undefined && CALL_HELP.some((c) => c.name === call.name)) return inCall(call.name, start, env);
  if (/\bIN$/.test(lead)) {
    return [...env.lists].map((text) => ({ kind: 'list', text, start, about: 'list' }) as const);
  }
  // Behind `field:` stands a value, which only the store knows.
  if (/[:=<>]$/.test(lead) || /^[^:]+:/.test(word)) return [];
  const afterTerm = lead !== '' && !/(?:\b(?:AND|OR|NOT)|\()$/.test(lead);
  return [
    ...fieldOffers(start, env, ':'),
    ...functions([...FUNCTIONS, ...CALL_HELP], start),
    ...(afterTerm || word === '' || /^[A-Z]+$/.test(word) ? keywords(start) : []),
    ...(afterTerm && word === ''
      ? OPERATORS.filter((o) => o.name !== 'is').map((o) => operator(o, start))
      : []),
  ];
}

const functions = (
  of: readonly { readonly name: string; readonly about: string }[],
  start: number,
): Completion[] => of.map((f) => ({ kind: 'function', text: `${f.name}(`, start, about: f.about }));

const COUNTS: ReadonlySet<string> = new Set(['count', 'count_distinct', 'exists']);

/** The innermost call that is still open, and what stands in it so far. */
function openCall(text: string): { name: string; inner: string } | undefined {
  const open: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    } else if (text[i] === '(') open.push(i);
    else if (text[i] === ')') open.pop();
  }
  for (const at of open.reverse()) {
    const name = /[a-z_]+$/.exec(text.slice(Math.max(0, at - 30), at))?.[0];
    if (name !== undefined) return { name, inner: text.slice(at + 1) };
  }
  return undefined;
}

const WINDOWS = ['5m', '1 hour', '24 hours', 'last 7 days', 'last 30 days'];

/** What a count holds: a condition or class, then a key, then a length of time. */
function inCount(inner: string, start: number, env: CompletionEnv): Completion[] {
  if (/\bin\s+(last\s+)?$/.test(inner)) {
    return WINDOWS.map((text) => ({ kind: 'value', text, start, about: 'length of time' }));
  }
  const word = (text: string, about: string): Completion => ({ kind: 'keyword', text, start, about });
  const window = word('in', 'in 5m, in last 30 days');
  if (/\b(by|for|from)\s+([^)]*(,|\band\b)\s*)?$/.test(inner)) {
    const aliases = [...KEY_ALIASES].map(
      ([text, fields]): Completion => ({
        kind: 'alias',
        text,
        start,
        about: `the first of ${fields.join(', ')}`,
      }),
    );
    return [...aliases, ...fieldOffers(start, env, '')];
  }
  if (/\b(by|for|from)\s/.test(inner)) return [window];
  const classes = [...CLASSES].map(
    ([text, c]): Completion => ({ kind: 'class', text, start, about: c.about }),
  );
  const next = inner.trim() === '' ? [] : [word('by', 'counts per key'), window];
  return [...next, ...classes, ...fieldOffers(start, env, ':')];
}

/** Arguments of a function of expressions. */
function inCall(name: string, start: number, env: CompletionEnv): Completion[] {
  if (SIGNATURES[name as ExpressionFunction]?.takes !== 'time') {
    return [...fieldOffers(start, env, ''), ...functions(CALL_HELP, start)];
  }
  return HOT_FIELDS.filter((d) => d.type === 'date').map(
    (d): Completion => ({ kind: 'field', text: d.name, start, about: d.about }),
  );
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
  return [...fieldOffers(start, env, ''), ...functions(EXPR_FUNCTIONS, start)];
}

function fieldOffers(start: number, env: CompletionEnv, suffix: string): Completion[] {
  const out: Completion[] = [];
  for (const name of ENTITY_KINDS.keys()) {
    out.push({ kind: 'entity', text: name + suffix, start, about: 'entity, whichever field names it' });
  }
  for (const d of HOT_FIELDS) out.push({ kind: 'field', text: d.name + suffix, start, about: d.about });
  for (const [name, field] of ALIASES)
    out.push({ kind: 'alias', text: name + suffix, start, about: `short for ${field}` });
  for (const [name, fields] of FIELD_GROUPS)
    out.push({ kind: 'alias', text: name + suffix, start, about: `any of ${fields.join(', ')}` });
  for (const name of COMPUTED_FIELDS)
    out.push({ kind: 'field', text: name + suffix, start, about: 'computed from the event' });
  for (const name of env.fields ?? [])
    out.push({ kind: 'field', text: name + suffix, start, about: 'seen in events' });
  return out;
}
