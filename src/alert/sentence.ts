/**
 * The sentence of an alert: computed from what the episode holds. Logic-less, one pass, own values only: a value that
 * contains `{user.name}` stays as it is. Values go through `printable` and are cut.
 *
 * Held by `sentence.test.ts`.
 */
import { printable } from '../base/printable.ts';
import { never } from '../base/result.ts';
import type { SentenceSpec } from '../detect/rule.ts';

export const VALUE_CHARS_MAX = 120;
export const SENTENCE_CHARS_MAX = 1000;
/** Names written out before "and N more". */
export const NAMES_MAX = 5;

/** What a sentence may speak of. */
export type SentenceFacts = {
  readonly title: string;
  readonly count: number;
  readonly hosts: readonly string[];
  readonly hostCount: number;
  /** `event.action` values seen, and `service.name`. */
  readonly actions: readonly string[];
  readonly services: readonly string[];
  /** Distinct values per field name, as far as kept; `more` says that there were others. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly more: ReadonlySet<string>;
  /** Texts added by escalations, in order. */
  readonly escalations: readonly string[];
  /** What the rule itself said of its newest match. */
  readonly said?: string;
};

export function show(value: string): string {
  const s = printable(value);
  return s.length > VALUE_CHARS_MAX ? `${s.slice(0, VALUE_CHARS_MAX)}…` : s;
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `4330548013` -> `4.3 GB`; what is no plain number stays as it is. */
function bytesText(value: string): string {
  if (!/^\d{1,18}$/.test(value)) return show(value);
  let n = Number(value);
  let unit = 0;
  while (n >= 999.5 && unit < BYTE_UNITS.length - 1) {
    n /= 1000;
    unit++;
  }
  return `${unit === 0 ? n : n.toFixed(n < 9.95 ? 1 : 0)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** "web01, db01 and 3 more". */
export function listed(names: readonly string[], total: number): string {
  const shown = names.slice(0, NAMES_MAX).map(show);
  const rest = total - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

const servers = (f: SentenceFacts): string =>
  `${f.hostCount} server${f.hostCount === 1 ? '' : 's'} (${listed(f.hosts, f.hostCount)})`;

/** Names of what is attacked, by `event.action`. */
const TARGETS: ReadonlyMap<string, string> = new Map([
  ['ssh_login', 'SSH'],
  ['vpn_login', 'VPN'],
  ['api_login', 'API'],
  ['mtls_handshake', 'mutual TLS'],
  ['kerberos_preauth_failed', 'Kerberos'],
  ['kerberos_tgt_requested', 'Kerberos'],
  ['credentials_validated', 'NTLM'],
  ['user_login', 'logins'],
  ['pam_login', 'logins'],
]);

function target(f: SentenceFacts): string {
  const names = new Set<string>();
  for (const a of f.actions) names.add(TARGETS.get(a) ?? a.replaceAll('_', ' '));
  return names.size === 0 ? 'logins' : [...names].slice(0, 3).map(show).join(' and ');
}

const HOLE = /\{([^{}]{1,200})\}/g;

/** Text in square brackets that has holes, `[ from {source.ip}]`: left out where a hole has no value. */
const OPTIONAL = /\[([^[\]]{1,300})\]/g;

function withoutOptional(template: string, f: SentenceFacts): string {
  if (!template.includes('[')) return template;
  return template.replace(OPTIONAL, (all, inside: string) => {
    const holes = [...inside.matchAll(HOLE)].map((m) => m[1] ?? '');
    if (holes.length === 0) return all;
    return holes.every((h) => hasValue(h, f)) ? inside : '';
  });
}

/**
 * One pass over `{name}` or `{first|else}`; an unknown or absent value reads "(unknown)". Optional parts are decided on the
 * template alone, so that values with brackets stay as they are.
 */
export function fill(template: string, f: SentenceFacts, valueText = show): string {
  return withoutOptional(template, f).replace(HOLE, (_all, name: string) => {
    if (name === 'count') return String(f.count);
    if (name === 'servers') return f.hostCount === 0 ? 'unknown servers' : servers(f);
    if (name === 'hosts') return f.hostCount === 0 ? '(unknown)' : listed(f.hosts, f.hostCount);
    const found = name.split('|').find((n) => (f.values.get(n) ?? []).length > 0);
    if (found === undefined) return '(unknown)';
    const values = f.values.get(found) ?? [];
    const text = found.endsWith('.bytes') ? bytesText : valueText;
    const shown = values.slice(0, 3).map(text).join(', ');
    return f.more.has(found) || values.length > 3 ? `${shown} and more` : shown;
  });
}

/**
 * A next step with its holes filled; undefined where one has no value, since half a step helps nobody. Links are not cut
 * as other values are: half a link leads nowhere.
 */
export function fillStep(template: string, f: SentenceFacts): string | undefined {
  const empty = [...template.matchAll(HOLE)].some((m) => !hasValue(m[1] ?? '', f));
  return empty ? undefined : fill(template, f, showLink);
}
/** A count of one goes without saying. */
function hasValue(hole: string, f: SentenceFacts): boolean {
  if (hole === 'count') return f.count > 1;
  if (hole === 'servers' || hole === 'hosts') return f.hostCount > 0;
  return hole.split('|').some((n) => (f.values.get(n) ?? []).length > 0);
}
const LINK_CHARS_MAX = 1000;
const showLink = (value: string): string =>
  value.startsWith('https://') && value.length <= LINK_CHARS_MAX ? printable(value) : show(value);

/** Field names that a template speaks of, so that the episode collects their values. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(HOLE)].flatMap((m) =>
    m[1] === undefined || ['count', 'servers', 'hosts'].includes(m[1]) ? [] : m[1].split('|'),
  );
}

export function sentence(spec: SentenceSpec | null, f: SentenceFacts): string {
  const base = spec === null ? (f.said ?? plain(f)) : baseOf(spec, f);
  const s = [base, ...f.escalations.map(printable)].join(', ');
  return s.length > SENTENCE_CHARS_MAX ? `${s.slice(0, SENTENCE_CHARS_MAX)}…` : s;
}

function baseOf(spec: SentenceSpec, f: SentenceFacts): string {
  switch (spec.kind) {
    case 'brute_force':
      return bruteForce(f);
    case 'text':
      return fill(spec.text, f);
    default:
      return never(spec);
  }
}

function bruteForce(f: SentenceFacts): string {
  const from = (f.values.get('source.ip') ?? [])[0];
  const who = from === undefined ? '' : ` from ${show(from)}`;
  const where = f.hostCount === 0 ? '' : ` on ${servers(f)}`;
  return `Brute force attack detected${who} targeting ${target(f)}${where}`;
}

/** For rules without a sentence of their own. */
function plain(f: SentenceFacts): string {
  const parts = [show(f.title)];
  const first = (name: string): string | undefined => (f.values.get(name) ?? [])[0];
  const user = first('user.name');
  const ip = first('source.ip');
  if (user !== undefined) parts.push(`by ${show(user)}`);
  if (ip !== undefined) parts.push(`from ${show(ip)}`);
  if (f.hostCount > 0) parts.push(`on ${listed(f.hosts, f.hostCount)}`);
  return f.count > 1 ? `${parts.join(' ')} (${f.count} times)` : parts.join(' ');
}
