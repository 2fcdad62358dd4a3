/**
 * Names on an event what may keep a rule from seeing it as it is: what bounds left out, values that a sender can write in
 * two ways at once, characters that look like others or like nothing. The names are in `vigil.flags`; a shipped rule
 * (`content/rules/audit/event_disguised.yml`) counts those that ordinary software does not produce. What folds instead of
 * being named (case, mapped addresses, trailing dots) is in `docs/EVASION.md`.
 *
 * Contract: linear in the event, no throw; plain text has no flag. Held by `flags.test.ts` and `test/evasion`.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { INVALID_PREFIX } from '../model/catalogue.ts';
import { ENTITIES_MAX, type EventFields, type FieldValue, type Scalar } from '../model/event.ts';
import { RECORD_BYTES_MAX } from '../model/record.ts';

export const FLAGS = [
  /** Something was left out of the fields: a bound on size, fields, values, or what a source reads of a line. */
  'truncated',
  /** A JSON object or a CEF extension has a key twice; the last one is in the fields. */
  'duplicate_key',
  /** Several values for a field that holds one; the first is in the field, all are in `<field>.all`. */
  'several_values',
  /** A value that does not fit its field's type; it is in `invalid.<field>`. */
  'invalid_value',
  /** An account with its domain (`CORP\\bob`; in lines of text also `bob@corp`) where rules compare the bare name. */
  'qualified_name',
  /** A URL with letters, dots or slashes percent-encoded, twice encoded or overlong, where rules compare it as sent. */
  'encoded_url',
  /** Bytes that are no UTF-8; they are U+FFFD in the text. */
  'invalid_utf8',
  /** NUL, backspace, delete, C1 controls. */
  'control_characters',
  /** Characters without width beside ASCII, or such as turn the direction of writing. */
  'invisible_characters',
  /** Characters that look like ASCII letters: full-width and mathematical forms, marks upon letters, scripts mixed in a word. */
  'lookalike_characters',
] as const;
export type Flag = (typeof FLAGS)[number];

/** What decoding found out; set by `json.ts`. */
export type DecodingFacts = { duplicateKey: boolean; leftOut: boolean };
export const noFacts = (): DecodingFacts => ({ duplicateKey: false, leftOut: false });

/** NUL, backspace, delete, C1. Escape and tabs are ordinary in logs. */
const CONTROL = /[\0\x08\x7f-\x9f]/;
const ZERO =
  '\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2060-\\u2065\\u206a-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\u{e0000}-\\u{e0fff}';
/** Persian and emoji use joiners between their own characters: only beside ASCII does an invisible character hide anything. */
const INVISIBLE = new RegExp(`[!-~][${ZERO}]|[${ZERO}][!-~]|[\\u202a-\\u202e\\u2066-\\u2069]`, 'u');
const MARKS = '\\u0300-\\u036f\\u0483-\\u0489\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f';
/** Letters of scripts that share shapes with Latin; the micro sign's Greek twin is a unit. */
const OTHER = '\\u0370-\\u03bb\\u03bd-\\u03ff\\u0400-\\u0482\\u048a-\\u052f\\u0531-\\u0586\\u13a0-\\u13fd';
/** Full-width signs that mean something to shells, paths and SQL; others are ordinary punctuation in Chinese and Japanese. */
const SIGNS = '\\uff02\\uff04\\uff06\\uff07\\uff0d-\\uff0f\\uff1c-\\uff1e\\uff20\\uff3c\\uff3f\\uff5c';
const LOOKALIKE = new RegExp(
  `[\\u0130\\u0131\\u017f\\u0250-\\u02af\\u1d00-\\u1dbf\\u2070-\\u209c\\u2100-\\u2115\\u2118-\\u2121\\u2123-\\u2125\\u2127-\\u2129\\u212b-\\u214f\\u2460-\\u24ff\\uff10-\\uff19\\uff21-\\uff3a\\uff41-\\uff5a\\u{1d400}-\\u{1d7ff}\\u{1f130}-\\u{1f149}]` +
    `|[A-Za-z0-9][${MARKS}]|[A-Za-z][${OTHER}]|[${OTHER}][A-Za-z]|[A-Za-z0-9][${SIGNS}]|[${SIGNS}][A-Za-z0-9]`,
  'u',
);

export type Flagged = {
  readonly raw: Uint8Array;
  /** The record's text without the line ends and NULs at its end. */
  readonly text: string;
  readonly fields: EventFields;
  readonly entities: readonly string[];
  readonly facts: DecodingFacts;
  /** A text source saw only the head of the message. */
  readonly headOnly: boolean;
  /** Its fields are from a JSON document; a sender can put braces into any text. */
  readonly json: boolean;
  readonly source: string;
};

/** Sources that decode more than JSON's and XML's escapes: audit writes odd values in hex, arguments with NULs between. */
const DECODING: ReadonlySet<string> = new Set(['auditd']);

/** In the order of FLAGS; empty for nearly every event. */
export function flagsOf(e: Flagged): readonly Flag[] {
  const { fields, facts } = e;
  const out: Flag[] = [];
  const leftOut = fields.overflow > 0 || fields.cut > 0 || facts.leftOut || e.headOnly;
  if (leftOut || e.raw.length >= RECORD_BYTES_MAX || e.entities.length >= ENTITIES_MAX) out.push('truncated');
  if (facts.duplicateKey || fields.repeated > 0) out.push('duplicate_key');
  if (fields.several > 0) out.push('several_values');
  if ((fields.invalid > 0 && hasInvalid(fields)) || fields.misfit > 0) out.push('invalid_value');
  if (ACCOUNTS.some((name) => isQualified(fields.get(name), e))) out.push('qualified_name');
  if (URLS.some((name) => isEncoded(fields.get(name)))) out.push('encoded_url');
  if (e.text.includes('\ufffd') && !isUtf8(e.raw)) out.push('invalid_utf8');
  characters(e, out);
  return out;
}

const URLS = ['url.original', 'url.path', 'url.query'] as const;
/** What needs no encoding (RFC 3986 section 2.3) and slashes, an encoded `%`, overlong UTF-8, nginx' `\\x2F`. */
const ENCODED =
  /%(?:2[def]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae]|25[0-9a-f]{2}|c[01])|\\x[0-9a-f]{2}/i;
const isEncoded = (v: FieldValue | undefined): boolean =>
  typeof v === 'string' && (v.includes('%') || v.includes('\\x')) && ENCODED.test(v);

const ACCOUNTS = ['user.name', 'user.target.name', 'user.effective.name'] as const;

/** Cloud services know their users by e-mail address: in JSON, `@` is part of the name. */
function isQualified(v: FieldValue | undefined, e: Flagged): boolean {
  return typeof v === 'string' && (v.includes('\\') || (v.includes('@') && !e.json));
}

/** A source may have taken the value back and said it better. */
function hasInvalid(fields: EventFields): boolean {
  for (const [name] of fields.entries()) if (name.startsWith(INVALID_PREFIX)) return true;
  return false;
}

/**
 * Values, since escapes (`\u200b`, `&#8203;`, audit's hex) are decoded there; but only where the bytes leave room for
 * anything odd, which spares nearly all events (3 us for one of 500 bytes).
 */
function characters(e: Flagged, out: Flag[]): void {
  let control = hasControl(e.text);
  const escapes = !DECODING.has(e.source);
  if (escapes && isAscii(e.raw) && !hasEscapes(e.text)) {
    if (control) out.push('control_characters');
    return;
  }
  let invisible = false;
  let lookalike = false;
  const look = (s: string): void => {
    control ||= escapes && CONTROL.test(s);
    invisible ||= INVISIBLE.test(s);
    lookalike ||= LOOKALIKE.test(s);
  };
  for (const [name, value] of e.fields.entries()) {
    look(name);
    if (typeof value === 'string') look(value);
    else if (Array.isArray(value))
      for (const v of value as readonly Scalar[]) if (typeof v === 'string') look(v);
  }
  look(e.text);
  if (control) out.push('control_characters');
  if (invisible) out.push('invisible_characters');
  if (lookalike) out.push('lookalike_characters');
}

const hasEscapes = (s: string): boolean => s.includes('\\u') || s.includes('\\b') || s.includes('&#');
const hasControl = (s: string): boolean => s.includes('\0') || s.includes('\b') || s.includes('\x7f');

/** Fields that hold host names: `example.com.` is `example.com` (RFC 1034 section 3.1). */
const HOST_FIELDS = [
  'host.name',
  'source.domain',
  'destination.domain',
  'url.domain',
  'dns.question.name',
  'x509.alternative_names',
] as const;

/** Takes the dots off the ends of host names. The root, `.`, stays. */
export function trimDots(fields: EventFields): void {
  for (const name of HOST_FIELDS) {
    const v = fields.get(name);
    if (typeof v === 'string') {
      if (v.endsWith('.')) fields.setOurs(name, withoutDots(v));
    } else if (
      Array.isArray(v) &&
      (v as readonly Scalar[]).some((x) => typeof x === 'string' && x.endsWith('.'))
    )
      fields.setOurs(
        name,
        (v as readonly Scalar[]).map((x) => (typeof x === 'string' ? withoutDots(x) : x)) as FieldValue,
      );
  }
}

function withoutDots(s: string): string {
  let end = s.length;
  while (end > 0 && s.charCodeAt(end - 1) === 46) end--;
  return end === 0 ? s : s.slice(0, end);
}
