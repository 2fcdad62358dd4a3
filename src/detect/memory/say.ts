/**
 * What an alert of a rule that remembers says, as a colleague would: what was counted, by whom, against what is usual;
 * which certificate runs out when, and that nobody tried to renew it. Held by `memory.test.ts`.
 */
import { printable } from '../../base/printable.ts';
import type { ConditionRule, Residual, Term } from '../rule.ts';
import type { Certificate } from './inventory.ts';
import { DAY_US } from './usual.ts';

const VALUE_CHARS_MAX = 120;
const show = (s: string): string => {
  const p = printable(s);
  return p.length > VALUE_CHARS_MAX ? `${p.slice(0, VALUE_CHARS_MAX)}…` : p;
};

/** `2026-03-05 14:00 UTC` */
export const timeText = (us: number): string =>
  `${new Date(us / 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
const dateText = (us: number): string => new Date(us / 1000).toISOString().slice(0, 10);

export function spanText(us: number): string {
  for (const [unit, name] of [
    [7 * DAY_US, 'week'],
    [DAY_US, 'day'],
    [3600e6, 'hour'],
    [60e6, 'minute'],
    [1e6, 'second'],
  ] as const)
    if (us % unit === 0 && (name !== 'week' || us === unit))
      return us === unit ? `1 ${name}` : `${us / unit} ${name}s`;
  return `${us / 1e6} seconds`;
}

/** Numbers as people say them: `57`, `2.4`, `0.3`. */
export const numberText = (n: number): string =>
  Number.isInteger(n) ? String(n) : n >= 10 ? String(Math.round(n)) : n.toFixed(1);

/** Names of key fields as people say them. */
const WHO: ReadonlyMap<string, string> = new Map([
  ['source.ip', ''],
  ['user.name', 'user '],
  ['host.name', 'host '],
  ['acme.account', 'ACME account '],
  ['certificate.requester', 'requester '],
]);
const who = (shown: readonly string[]): string =>
  shown
    .map((s) => {
      const at = s.indexOf('=');
      const field = s.slice(0, at);
      return `${WHO.get(field) ?? (/acme/i.test(field) ? 'ACME account ' : `${field} `)}${show(s.slice(at + 1))}`;
    })
    .join(', ');

export type Counted = {
  readonly term: Term;
  readonly n: number | undefined;
  readonly usual: number | undefined;
};

/** A rule at an event. */
export function sayCounts(
  rule: ConditionRule,
  shown: readonly string[],
  counted: readonly Counted[],
  notes: readonly string[],
): string {
  const facts = counted.flatMap((c) => {
    if (c.n === undefined) return [];
    const what = c.term.distinct === '' ? c.term.what : `different ${c.term.distinct}`;
    if (c.n === 0) return [`no ${what} within ${spanText(c.term.span)}`];
    const usual =
      c.usual === undefined
        ? ''
        : ` (usual for it: ${c.usual <= 1 ? 'at most 1' : `about ${numberText(c.usual)}`})`;
    return [`${numberText(c.n)} ${what} within ${spanText(c.term.span)}${usual}`];
  });
  const from = shown.length === 0 ? '' : ` from ${who(shown)}`;
  return withNotes(`${show(rule.title)}${from}: ${facts.join(', ')}`, notes);
}

/** A certificate that time has caught up with. */
export function sayCertificate(
  rule: ConditionRule,
  c: Certificate,
  now: number,
  notes: readonly string[],
): string {
  const names = c.names.length === 0 ? '(no name)' : some(firstOf(c));
  const by = c.issuerName === '' ? '' : `, issued by ${show(c.issuerName)}`;
  const serial = c.serial === '' ? '' : ` (serial ${show(c.serial)}${by})`;
  const where = c.service === '' ? '' : ` on ${show(c.service)}`;
  const asked = c.requester === '' ? '' : `; it was requested by ${show(c.requester)}`;
  const none = rule.terms.find((t) => t.certificate && deniesAny(rule.residual));
  const silence =
    none === undefined ? '' : `, and nobody has tried to renew it in the last ${spanText(none.span)}`;
  const when = c.notAfter === null ? '' : ` expires ${c.rough ? 'around ' : ''}${expiry(c.notAfter, now)}`;
  return withNotes(
    `The certificate for ${names}${serial === '' && by !== '' ? by.replace(/^, /, ' ') : serial}${where}${when}${silence}${asked}`,
    notes,
  );
}

/** The common name leads. */
const firstOf = (c: Certificate): string[] =>
  c.common === '' ? [...c.names] : [c.common, ...c.names.filter((n) => n !== c.common)];
const some = (names: readonly string[]): string =>
  names.slice(0, 3).map(show).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');

function expiry(notAfter: number, now: number): string {
  const left = (notAfter - now) / DAY_US;
  const hours = Math.floor(left * 24);
  const days = Math.floor(left);
  const text =
    left < 0
      ? 'already'
      : days >= 2
        ? `in ${days} days`
        : hours >= 2
          ? `in ${hours} hours`
          : `in ${Math.max(1, Math.floor(left * 24 * 60))} minutes`;
  return `${text}, on ${timeText(notAfter)}`;
}

const deniesAny = (r: Residual): boolean =>
  r.kind === 'and' || r.kind === 'or' ? r.items.some(deniesAny) : r.kind === 'test' && r.negated;

const withNotes = (text: string, notes: readonly string[]): string =>
  notes.length === 0 ? text : `${text} (${notes.join('; ')})`;

/** `history since 2026-03-01: 4 of 30 days` */
export function historyNote(since: number, at: number, span: number): string {
  const [unit, name] = span >= 2 * DAY_US ? [DAY_US, 'days'] : ([3600e6, 'hours'] as const);
  const held = Math.max(0, Math.floor((at - since) / unit));
  return `history since ${dateText(since)}: ${held} of ${numberText(span / unit)} ${name}`;
}
