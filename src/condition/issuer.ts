/**
 * Members of an `issuer` list (`approved_cas`): a common name, a distinguished name, or the authority's key identifier.
 * A value of an event is compared in every form it may have:
 * - as a distinguished name: attributes in any order, RFC 4514 (`CN=a, O="b, c"`) or OpenSSL (`/O=b/CN=a`), case, runs of
 *   blanks and the blanks around `=` do not matter; all of it has to be the same;
 * - as a common name: alone, or that of a distinguished name;
 * - as a key identifier: hex, with or without `keyid:`, colons and blanks.
 * A member that is a distinguished name of more than its CN is not met by a common name alone.
 *
 * The steps are replacements by regular expressions on which V8 and RE2 agree, so that `src/query/sql-issuer.ts` says the
 * same. Held by `lists.test.ts` and `src/query/exact.int.test.ts`.
 */
import { fold } from './text.ts';

/** Each `[what, by]` replaces every occurrence; `\1` in `by` is the first group. */
export type Step = readonly [what: string, by: string];

const BLANKS = '[ \\t\\n\\v\\f\\r]+';
export const COLLAPSE: readonly Step[] = [
  [BLANKS, ' '],
  ['^ | $', ''],
];
/** What stands between commas and semicolons; quotes and backslashes protect them. */
export const DN_PIECES = '(?:[^,;"\\\\]|\\\\[\\s\\S]|"(?:[^"\\\\]|\\\\[\\s\\S])*")+';
export const DN_STEPS: readonly Step[] = [
  ...COLLAPSE,
  ['^(?:oid[.])?([a-z0-9.-]+) ?= ?', '\\1='],
  ['^([a-z0-9.-]+)="([\\s\\S]*)"$', '\\1=\\2'],
  ['\\\\([\\s\\S])', '\\1'],
  ['^2[.]5[.]4[.]3=', 'cn='],
  ['^(?:s|2[.]5[.]4[.]8)=', 'st='],
  ['^(?:e|email|1[.]2[.]840[.]113549[.]1[.]9[.]1)=', 'emailaddress='],
];
export const KEY_STEPS: readonly Step[] = [['^keyid:|[: \\t\\n\\r-]', '']];

const compiled = new Map<string, RegExp>();
function apply(text: string, steps: readonly Step[]): string {
  let out = text;
  for (const [what, by] of steps) {
    let re = compiled.get(what);
    if (re === undefined) {
      re = new RegExp(what, 'gu');
      compiled.set(what, re);
    }
    out = out.replace(re, by.replace(/\\(\d)/g, '$$$1'));
  }
  return out;
}

const PIECES = new RegExp(DN_PIECES, 'gu');

/** The attributes of a distinguished name, canonical, sorted by their bytes; empty where the text is none. */
function attributes(folded: string): string[] {
  if (!folded.includes('=')) return [];
  const pieces = folded.startsWith('/') ? folded.split('/') : (folded.match(PIECES) ?? []);
  return pieces
    .map((p) => apply(p, DN_STEPS))
    .filter((p) => p !== '')
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Attributes hold no line breaks, so that this cannot be forged by one that holds a comma. */
const joined = (attributes: readonly string[]): string => attributes.join('\n');
const CN = 'cn=';

export type IssuerMembers = {
  readonly names: readonly string[];
  readonly distinguished: readonly string[];
  readonly keys: readonly string[];
};

const KEY = /^[0-9a-f]{16,128}$/;

export function issuerMembers(values: readonly string[]): IssuerMembers {
  const [names, distinguished, keys] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const v of values) {
    const folded = fold(v);
    const parts = attributes(folded);
    const [only] = parts;
    const key = apply(folded, KEY_STEPS);
    if (KEY.test(key)) keys.add(key);
    else if (only !== undefined) distinguished.add(joined(parts));
    else if (v.trim() !== '') names.add(apply(folded, COLLAPSE));
    if (parts.length === 1 && only?.startsWith(CN) === true) names.add(only.slice(CN.length));
  }
  return { names: [...names], distinguished: [...distinguished], keys: [...keys] };
}

export function compileIssuers(values: readonly string[]): (text: string) => boolean {
  const members = issuerMembers(values);
  const names = new Set(members.names);
  const distinguished = new Set(members.distinguished);
  const keys = new Set(members.keys);
  return (text) => {
    const folded = fold(text);
    if (names.has(apply(folded, COLLAPSE)) || keys.has(apply(folded, KEY_STEPS))) return true;
    const parts = attributes(folded);
    if (parts.length === 0) return false;
    return (
      distinguished.has(joined(parts)) || parts.some((p) => p.startsWith(CN) && names.has(p.slice(CN.length)))
    );
  };
}
