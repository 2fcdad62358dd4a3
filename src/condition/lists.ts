/**
 * Membership in a named list. `text` folds case, `domain` members match themselves and their subdomains (one trailing
 * dot is ignored on both sides), `cidr` members match addresses within. Held by `evaluate.test.ts`.
 */
import { inRange, ipHex, type IpRange, parseCidr } from './ip-range.ts';
import { fold } from './text.ts';
import type { NamedList } from './tree.ts';

export const foldDomain = (s: string): string => fold(s).replace(/[.]$/, '');

/** Ranges of a cidr list; members that are no address or network are left out. */
export const rangesOf = (list: NamedList): IpRange[] =>
  list.values.map(parseCidr).filter((r): r is IpRange => r !== undefined);

/** Folded members of a text or domain list. */
export const membersOf = (list: NamedList): string[] =>
  list.kind === 'domain' ? list.values.map(foldDomain).filter((v) => v !== '') : list.values.map(fold);

export function compileList(list: NamedList): (text: string) => boolean {
  if (list.kind === 'cidr') {
    const ranges = rangesOf(list);
    return (t) => {
      const hex = ipHex(t);
      return hex !== undefined && ranges.some((r) => inRange(hex, r));
    };
  }
  const set = new Set(membersOf(list));
  if (list.kind === 'text') return (t) => set.has(fold(t));
  return (t) => {
    let d = foldDomain(t);
    for (;;) {
      if (set.has(d)) return true;
      const dot = d.indexOf('.');
      if (dot < 0) return false;
      d = d.slice(dot + 1);
    }
  };
}
