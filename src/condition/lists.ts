/**
 * Membership in a named list. `text` folds case. `cidr` members match addresses within. `issuer`: see `issuer.ts`.
 *
 * `domain` members match themselves and their subdomains; one trailing dot is ignored on both sides, and so are `*.` and
 * a leading dot of a member. A value `*.example.com` (a wildcard certificate) also matches the members it covers, such as
 * `login.example.com`. Unicode and punycode spellings of a name are the same, label by label, composed or not.
 *
 * Held by `lists.test.ts`.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { inRange, ipHex, type IpRange, parseCidr } from './ip-range.ts';
import { compileIssuers } from './issuer.ts';
import { fold } from './text.ts';
import type { NamedList } from './tree.ts';

export const foldDomain = (s: string): string => fold(s).replace(/[.]$/, '');

/** Most spellings of one member: names of more than three labels that are not ASCII have only the plain ones. */
const SPELLINGS_MAX = 27;

/** Ranges of a cidr list; members that are no address or network are left out. */
export const rangesOf = (list: NamedList): IpRange[] =>
  list.values.map(parseCidr).filter((r): r is IpRange => r !== undefined);

/** Folded members of a text list. */
export const membersOf = (list: NamedList): string[] => list.values.map(fold);

export type DomainMembers = {
  /** Every spelling of every member. */
  readonly names: readonly string[];
  /** What follows `*.` in a wildcard that covers a member. */
  readonly covered: readonly string[];
};

export function domainMembers(values: readonly string[]): DomainMembers {
  const names = new Set<string>();
  const covered = new Set<string>();
  for (const v of values) {
    const name = foldDomain(v).replace(/^([*][.]|[.])/, '');
    if (name === '') continue;
    for (const s of spellings(name)) {
      names.add(s);
      const dot = s.indexOf('.');
      if (dot > 0) covered.add(s.slice(dot + 1));
    }
  }
  return { names: [...names], covered: [...covered] };
}

/** The name as written, and with each label in punycode and in Unicode, composed and decomposed. */
function spellings(name: string): string[] {
  if (!/[^\u0000-\u007f]|xn--/.test(name)) return [name];
  const ascii = domainToASCII(name.normalize('NFC'));
  const unicode = fold(domainToUnicode(ascii));
  if (ascii === '' || unicode === '') return [name];
  const forms = ascii.split('.').map((label, i) => {
    const written = unicode.split('.')[i] ?? label;
    return [...new Set([label, written, written.normalize('NFD')])];
  });
  const count = forms.reduce((n, f) => n * f.length, 1);
  if (count > SPELLINGS_MAX) return [...new Set([name, ascii, unicode, unicode.normalize('NFD')])];
  const all = forms.reduce<string[]>(
    (heads, f) => heads.flatMap((h) => f.map((label) => (h === '' ? label : `${h}.${label}`))),
    [''],
  );
  return [...new Set([name, ...all])];
}

export function compileList(list: NamedList): (text: string) => boolean {
  switch (list.kind) {
    case 'cidr': {
      const ranges = rangesOf(list);
      return (t) => {
        const hex = ipHex(t);
        return hex !== undefined && ranges.some((r) => inRange(hex, r));
      };
    }
    case 'text': {
      const set = new Set(membersOf(list));
      return (t) => set.has(fold(t));
    }
    case 'issuer':
      return compileIssuers(list.values);
    case 'domain':
      return compileDomains(list.values);
  }
}

function compileDomains(values: readonly string[]): (text: string) => boolean {
  const members = domainMembers(values);
  const names = new Set(members.names);
  const covered = new Set(members.covered);
  return (t) => {
    let d = foldDomain(t);
    if (d.startsWith('*.') && covered.has(d.slice(2))) return true;
    for (;;) {
      if (names.has(d)) return true;
      const dot = d.indexOf('.');
      if (dot < 0) return false;
      d = d.slice(dot + 1);
    }
  };
}
