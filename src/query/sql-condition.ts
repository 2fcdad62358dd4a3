/**
 * A condition as an SQL expression over the event table. Each node says whether it is exact; one that is not holds for
 * more events than it should (never fewer), also under NOT. Exact nodes give the very verdict of
 * `src/condition/evaluate.ts` (held by `exact.int.test.ts`).
 */
import { never } from '../base/result.ts';
import { keywordSees } from '../condition/evaluate.ts';
import { compilePattern, unanchored } from '../condition/glob.ts';
import { hexToIpv6, type IpRange, MAPPED_HIGH, MAPPED_LOW, parseCidr } from '../condition/ip-range.ts';
import { domainMembers, membersOf, rangesOf } from '../condition/lists.ts';
import { alone, expandParts, listsIn } from '../condition/placeholder.ts';
import { compileRegex, regexDiffersInSql, sqlRegexSource } from '../condition/regex.ts';
import { fold, needleTokens, NUMBER_CHARS_MAX, NUMBER_SOURCE, wellFormed } from '../condition/text.ts';
import type { Condition, Lists, NamedList, PatternPart } from '../condition/tree.ts';
import { type FieldDef, HOT_FIELDS, hotField } from '../model/catalogue.ts';
import { parseIp } from '../model/ip.ts';
import { anyTextSql, existsSql, nullSql, textOf, textsSql, type TextTest } from './sql-field.ts';
import { issuerTest } from './sql-issuer.ts';
import { columnOf, type SqlParams } from './sql-params.ts';
import { testSql } from './sql-test.ts';

/** Most members of a list that go into one query. */
export const SQL_LIST_MAX = 20_000;
/** Most `keyword` nodes in one query: each reads every column. */
export const SQL_KEYWORDS_MAX = 30;

/** Most patterns that a value with placeholders becomes; beyond it the engine judges alone. */
const SQL_PATTERNS_MAX = 500;
const TIME_PART_SQL = {
  minute: 'toMinute',
  hour: 'toHour',
  day: 'toDayOfMonth',
  week: 'toISOWeek',
  month: 'toMonth',
  year: 'toYear',
} as const;

/** A condition that cannot become SQL, in words for the person. */
export class SqlRefused extends Error {}

/** The condition as SQL; where it is not exact it holds for more rows than the condition, never for fewer. */
export function sqlCondition(c: Condition, p: SqlParams, lists: Lists): { sql: string; exact: boolean } {
  const compiler = new ConditionSql(p, lists);
  const sql = compiler.compile(c);
  return { sql, exact: compiler.exact };
}

export class ConditionSql {
  readonly #p: SqlParams;
  readonly #lists: Lists;
  #keywords = 0;
  /** False once a node over-approximated. */
  exact = true;

  constructor(params: SqlParams, lists: Lists) {
    this.#p = params;
    this.#lists = lists;
  }

  /** `positive`: under an even number of NOTs. */
  compile(c: Condition, positive = true): string {
    const p = this.#p;
    switch (c.kind) {
      case 'and':
      case 'or':
        return this.#group(c, positive);
      case 'not':
        return `NOT (${this.compile(c.item, !positive)})`;
      case 'const':
        return c.value ? '1' : '0';
      case 'exists':
        return existsSql(c.field, p);
      case 'null':
        return nullSql(c.field, p);
      case 'equals':
        return this.#equals(c);
      case 'like':
        return anyTextSql(c.field, this.#pattern(c.pattern, c.cased), p);
      case 'regex': {
        if (regexDiffersInSql(c.source)) {
          this.exact = false;
          if (!positive) return '0';
        }
        const source = p.bind('String', sqlRegexSource(c.source, c.flags));
        const empty = compileRegex(c.source, c.flags)('');
        return anyTextSql(c.field, { sql: (x) => `match(${x}, ${source})`, empty }, p);
      }
      case 'cidr': {
        const range = parseCidr(c.cidr);
        if (range === undefined) throw new SqlRefused(`"${c.cidr}" is no network (like 10.0.0.0/8)`);
        return this.#inRanges(c.field, [range]);
      }
      case 'compare':
        return this.#compare(c);
      case 'fieldref':
        return this.#fieldref(c);
      case 'inlist':
        return this.#inList(c.field, c.list);
      case 'placeholder':
        return this.#placeholder(c, positive);
      case 'timepart':
        return this.#timePart(c, positive);
      case 'test': {
        const sql = testSql(c, p);
        if (sql !== undefined) return sql;
        // What remembers is decided by no single row: every row may be one of those.
        this.exact = false;
        return positive ? '1' : '0';
      }
      case 'words':
        return this.#words(c.words, positive);
      case 'keyword':
        return this.#keyword(c, positive);
      case 'entity':
        return `has(entities, ${p.bind('String', c.entity)})`;
      default:
        return never(c);
    }
  }

  /** Written out over the lists as they are now. */
  #placeholder(c: Extract<Condition, { kind: 'placeholder' }>, positive: boolean): string {
    const whole = alone(c.parts);
    if (whole !== undefined && c.field !== '' && this.#lists.get(whole)?.kind !== 'text')
      return this.#inList(c.field, whole);
    for (const list of listsIn(c.parts))
      if (!this.#lists.has(list)) throw new SqlRefused(`there is no list named "${list}"`);
    const patterns = expandParts(c.parts, this.#lists);
    if (patterns.length > SQL_PATTERNS_MAX || (c.field === '' && patterns.length > SQL_KEYWORDS_MAX)) {
      this.exact = false;
      return positive ? '1' : '0';
    }
    const items = patterns.map((pattern): Condition => {
      if (c.field === '') return { kind: 'keyword', pattern, cased: c.cased };
      return { kind: 'like', field: c.field, pattern, cased: c.cased };
    });
    return this.compile({ kind: 'or', items }, positive);
  }

  /** Exact for dates; a text's date is left to the evaluator. */
  #timePart(c: Extract<Condition, { kind: 'timepart' }>, positive: boolean): string {
    const def = hotField(c.field);
    if (def?.type === 'date' && !def.multi && Number.isSafeInteger(c.value)) {
      const part = `${TIME_PART_SQL[c.part]}(${columnOf(def)}, 'UTC')`;
      const op = c.op === '==' ? '=' : c.op;
      const test = `${part} ${op} ${this.#p.bind('Int64', c.value)}`;
      return def.ours ? test : `ifNull(${test}, 0)`;
    }
    this.exact = false;
    return positive ? existsSql(c.field, this.#p) : '0';
  }

  #group(c: Extract<Condition, { kind: 'and' | 'or' }>, positive: boolean): string {
    if (c.items.length === 0) return c.kind === 'and' ? '1' : '0';
    return `(${c.items.map((i) => this.compile(i, positive)).join(c.kind === 'and' ? ' AND ' : ' OR ')})`;
  }

  /** A test against folded needles. */
  #folded(x: string, needle: string): string {
    return foldSql(x, needle.includes('σ'));
  }

  #equals(c: Extract<Condition, { kind: 'equals' }>): string {
    const def = hotField(c.field);
    const p = this.#p;
    if (def?.type === 'ip') return this.#oneOf(def, 'IPv6', unique(c.values.map(parseIp)));
    if (def?.type === 'long' || def?.type === 'date') {
      return this.#oneOf(def, 'Int64', unique(c.values.map(integerOf)));
    }
    const values = unique(c.values.map(c.cased ? wellFormed : fold));
    if (values.length === 0) return '0';
    const needle = values.join('');
    const one = values.length === 1;
    const bound = one ? p.bind('String', values[0] as string) : p.bind('Array(String)', values);
    const sql = (x: string): string => {
      const side = c.cased ? x : this.#folded(x, needle);
      return one ? `${side} = ${bound}` : `has(${bound}, ${side})`;
    };
    return anyTextSql(c.field, { sql, empty: values.includes('') }, p);
  }

  /** Equality on a typed column, so that no text is made per row. */
  #oneOf(def: FieldDef, type: 'IPv6' | 'Int64', values: readonly (string | number)[]): string {
    if (values.length === 0) return '0';
    const p = this.#p;
    const col = columnOf(def);
    const bind = (v: string | number): string => {
      const b = p.bind(type, typeof v === 'string' ? asIpv6(v) : v);
      return def.type === 'date' ? `fromUnixTimestamp64Micro(${b}, 'UTC')` : b;
    };
    const tests = values.map((v) => `${def.multi ? 'x' : col} = ${bind(v)}`).join(' OR ');
    return def.multi ? `arrayExists(x -> ${tests}, ${col})` : `ifNull(${tests}, 0)`;
  }

  #pattern(pattern: readonly PatternPart[], cased: boolean): TextTest {
    const literal = pattern
      .map((x) => (x.kind === 'text' ? (cased ? wellFormed(x.text) : fold(x.text)) : ''))
      .join('');
    const like = this.#p.bind('String', likeOf(pattern, cased));
    const empty = compilePattern(pattern, cased)('');
    return { sql: (x) => `${cased ? x : this.#folded(x, literal)} LIKE ${like}`, empty };
  }

  #inRanges(field: string, ranges: readonly IpRange[]): string {
    if (ranges.length === 0) return '0';
    const def = hotField(field);
    const test = (ip: string): string => this.#rangeTest(ip, ranges);
    if (def?.type === 'ip' && !def.multi) {
      const col = columnOf(def);
      return `(isNotNull(${col}) AND ${test(`assumeNotNull(${col})`)})`;
    }
    const sql = (x: string): string =>
      `arrayExists(a -> isNotNull(a) AND ${test('assumeNotNull(a)')}, [${addressSql(x)}])`;
    return anyTextSql(field, { sql, empty: false }, this.#p);
  }

  #rangeTest(ip: string, ranges: readonly IpRange[]): string {
    const p = this.#p;
    const mapped = (): string => `(${ip} >= ${v6(p, MAPPED_LOW)} AND ${ip} <= ${v6(p, MAPPED_HIGH)})`;
    if (ranges.length <= 4) {
      const tests = ranges.map((r) => {
        const within = `${ip} >= ${v6(p, r.low)} AND ${ip} <= ${v6(p, r.high)}`;
        return r.exceptMapped ? `(${within} AND NOT ${mapped()})` : `(${within})`;
      });
      return `(${tests.join(' OR ')})`;
    }
    const bounds = (of: readonly IpRange[]): string =>
      `${p.bind(
        'Array(IPv6)',
        of.map((r) => hexToIpv6(r.low)),
      )}, ${p.bind(
        'Array(IPv6)',
        of.map((r) => hexToIpv6(r.high)),
      )}`;
    const within = (of: readonly IpRange[]): string =>
      of.length === 0 ? '0' : `arrayExists((l, h) -> ${ip} >= l AND ${ip} <= h, ${bounds(of)})`;
    const [plain, wide] = [ranges.filter((r) => !r.exceptMapped), ranges.filter((r) => r.exceptMapped)];
    return wide.length === 0 ? within(plain) : `(${within(plain)} OR (${within(wide)} AND NOT ${mapped()}))`;
  }

  #compare(c: Extract<Condition, { kind: 'compare' }>): string {
    const p = this.#p;
    const def = hotField(c.field);
    if (def?.type === 'ip' || def?.type === 'boolean') return '0';
    if (def?.type === 'date' && Number.isSafeInteger(c.value)) {
      // Compared as a time, so that the table's order prunes.
      const test = `${columnOf(def)} ${c.op} fromUnixTimestamp64Micro(${p.bind('Int64', c.value)}, 'UTC')`;
      return def.ours ? test : `ifNull(${test}, 0)`;
    }
    const value = Number.isSafeInteger(c.value) ? p.bind('Int64', c.value) : p.bind('Float64', c.value);
    if (def?.type === 'long' && !def.multi) return `ifNull(${columnOf(def)} ${c.op} ${value}, 0)`;
    const sql = (x: string): string => {
      const n = `toFloat64OrZero(toString(${x}))`;
      const isNumber = `match(${x}, '${NUMBER_SOURCE}') AND length(${x}) <= ${NUMBER_CHARS_MAX}`;
      return `(${isNumber} AND isFinite(${n}) AND ${n} ${c.op} ${value})`;
    };
    return anyTextSql(c.field, { sql, empty: false }, p);
  }

  #fieldref(c: Extract<Condition, { kind: 'fieldref' }>): string {
    const texts = (f: string): string => {
      const all = textsSql(f, this.#p);
      return c.cased ? all : `arrayMap(x -> ${foldSql('x', true)}, ${all})`;
    };
    const holds = {
      equals: 'a = b',
      startswith: 'startsWith(a, b)',
      endswith: 'endsWith(a, b)',
      contains: "(b = '' OR position(a, b) > 0)",
    }[c.op];
    return `arrayExists(a -> arrayExists(b -> ${holds}, ${texts(c.other)}), ${texts(c.field)})`;
  }

  /** Is the text, which may be NULL, on the list? For columns that are no fields. */
  textInList(text: string, name: string): string {
    const list = this.#list(name);
    if (list.kind !== 'cidr') {
      return `arrayExists(x -> isNotNull(x) AND ${this.#memberTest(list).sql('assumeNotNull(x)')}, [toNullable(toString(${text}))])`;
    }
    const ranges = rangesOf(list);
    if (ranges.length === 0) return '0';
    const test = this.#rangeTest('assumeNotNull(a)', ranges);
    return `arrayExists(x -> arrayExists(a -> isNotNull(a) AND ${test}, [${addressSql('x')}]), [ifNull(toString(${text}), '')])`;
  }

  #inList(field: string, name: string): string {
    const list = this.#list(name);
    if (list.kind === 'cidr') return this.#inRanges(field, rangesOf(list));
    return anyTextSql(field, this.#memberTest(list), this.#p);
  }

  #list(name: string): NamedList {
    const list = this.#lists.get(name);
    if (list === undefined) throw new SqlRefused(`there is no list called "${name}"`);
    if (list.values.length > SQL_LIST_MAX) {
      throw new SqlRefused(`the list "${name}" has more than ${SQL_LIST_MAX} members, too many for a search`);
    }
    return list;
  }

  #memberTest(list: NamedList): TextTest {
    if (list.kind === 'issuer') return issuerTest(list.values, this.#p);
    if (list.kind === 'domain') return this.#domainTest(list.values);
    const members = unique(membersOf(list));
    const bound = this.#p.bind('Array(String)', members);
    const sigma = members.some((m) => m.includes('σ'));
    return { sql: (x) => `has(${bound}, ${foldSql(x, sigma)})`, empty: members.includes('') };
  }

  #domainTest(values: readonly string[]): TextTest {
    const { names, covered } = domainMembers(values);
    const [bound, wild] = [this.#p.bind('Array(String)', names), this.#p.bind('Array(String)', covered)];
    const sigma = names.some((m) => m.includes('σ'));
    const sql = (x: string): string => {
      const d = `replaceRegexpOne(${foldSql(x, sigma)}, '[.]$', '')`;
      const covers = `(startsWith(${d}, '*.') AND has(${wild}, substring(${d}, 3)))`;
      return `(has(${bound}, ${d}) OR arrayExists(m -> endsWith(${d}, concat('.', m)), ${bound}) OR ${covers})`;
    };
    return { sql, empty: false };
  }

  /** The index is asked first, where that cannot lose an event: it folds like `lowerUTF8`, without the sigma rule. */
  #words(words: readonly string[], positive: boolean): string {
    const p = this.#p;
    const tokens = needleTokens(words);
    if (tokens.length === 0) return '0';
    const sure = tokens.filter((t) => !t.includes('\ufffd'));
    if (sure.length < tokens.length) {
      // U+FFFD stands for bytes that are no UTF-8: the stored bytes do not say which.
      this.exact = false;
      if (!positive) return '0';
      return sure.length === 0 ? '1' : `hasAllTokens(lowerUTF8(raw), ${p.bind('Array(String)', sure)})`;
    }
    const sigma = tokens.some((t) => t.includes('σ'));
    const phrase = `hasPhrase(${foldSql('raw', sigma)}, ${p.bind('String', tokens.join(' '))})`;
    if (!positive || sigma) return phrase;
    const index = `hasAllTokens(raw, ${p.bind('Array(String)', unique(tokens))})`;
    return tokens.length === 1 ? index : `(${index} AND ${phrase})`;
  }

  #keyword(c: Extract<Condition, { kind: 'keyword' }>, positive: boolean): string {
    if (++this.#keywords > SQL_KEYWORDS_MAX) {
      throw new SqlRefused(`more than ${SQL_KEYWORDS_MAX} keywords or words with wildcards in one search`);
    }
    let pattern = unanchored(c.pattern);
    const vague = pattern.some((x) => x.kind === 'one' || (x.kind === 'text' && x.text.includes('\ufffd')));
    if (vague) {
      // Bytes that are no UTF-8 are U+FFFD live, one or several: `?` may count them differently in the stored bytes.
      this.exact = false;
      if (!positive) return '0';
      pattern = pattern.flatMap(withoutVague);
    }
    const { sql } = this.#pattern(pattern, c.cased);
    // LIKE with a wildcard inside runs as RE2, whose dot does not pass bytes that are no UTF-8.
    const inner = pattern.slice(1, -1).some((x) => x.kind === 'any');
    const tests = [sql(inner ? 'toValidUTF8(raw)' : 'raw')];
    for (const def of KEYWORD_COLUMNS) tests.push(keywordColumn(def, sql));
    tests.push(`arrayExists(x -> ${sql('x')}, mapValues(fields))`);
    tests.push(`arrayExists(l -> arrayExists(x -> ${sql('x')}, l), mapValues(lists))`);
    return `(${tests.join(' OR ')})`;
  }
}

const KEYWORD_COLUMNS: readonly FieldDef[] = HOT_FIELDS.filter((d) => keywordSees(d.name));

function keywordColumn(def: FieldDef, sql: (x: string) => string): string {
  const col = columnOf(def);
  if (def.multi) return `arrayExists(x -> ${sql(textOf(def, 'x'))}, ${col})`;
  if (def.type === 'keyword' || def.type === 'text') return sql(col);
  return `(isNotNull(${col}) AND ${sql(textOf(def, `assumeNotNull(${col})`))})`;
}

function withoutVague(x: PatternPart): PatternPart[] {
  if (x.kind === 'one') return [{ kind: 'any' }];
  if (x.kind === 'any') return [x];
  return x.text
    .split('\ufffd')
    .flatMap((text, i): PatternPart[] => [
      ...(i > 0 ? [{ kind: 'any' } as const] : []),
      { kind: 'text', text },
    ]);
}

/** `fold` of `src/condition/text.ts`. */
const foldSql = (x: string, sigma: boolean): string =>
  sigma ? `replaceAll(lowerUTF8(${x}), 'ς', 'σ')` : `lowerUTF8(${x})`;

/** The pattern in LIKE's syntax. */
function likeOf(pattern: readonly PatternPart[], cased: boolean): string {
  let out = '';
  for (const x of pattern) {
    if (x.kind === 'any') out += '%';
    else if (x.kind === 'one') out += '_';
    else out += (cased ? wellFormed(x.text) : fold(x.text)).replace(/[\\%_]/g, '\\$&');
  }
  return out;
}

const unique = <T>(values: readonly (T | undefined)[]): T[] => [
  ...new Set(values.filter((v): v is T => v !== undefined)),
];

/** A whole number in the one form in which a long's text is written. */
function integerOf(text: string): number | undefined {
  const n = Number(text);
  return Number.isSafeInteger(n) && String(n) === text ? n : undefined;
}

const asIpv6 = (canonical: string): string => (canonical.includes(':') ? canonical : `::ffff:${canonical}`);
const v6 = (p: SqlParams, hex: string): string => p.bind('IPv6', hexToIpv6(hex));

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const V4 = `${OCTET}[.]${OCTET}[.]${OCTET}[.]${OCTET}`;

/** A text that is an address as `Nullable(IPv6)`, else NULL: `ipHex` of `src/condition/ip-range.ts` in SQL. */
function addressSql(x: string): string {
  const bare = `if(startsWith(${x}, '[') AND endsWith(${x}, ']'), substring(${x}, 2, length(${x}) - 2), ${x})`;
  const inner = `replaceRegexpOne(${bare}, '%[0-9A-Za-z._-]+$', '')`;
  const v6Shape = `'^[0-9a-fA-F:]*:(${V4})?$'`;
  const v6Plain = `'^[0-9a-fA-F:]*:[0-9a-fA-F:]*$'`;
  const isV6 = `length(${x}) <= 64 AND (match(${inner}, ${v6Shape}) OR match(${inner}, ${v6Plain}))`;
  return `multiIf(match(${x}, '^${V4}$'), toIPv6OrNull(toString(${x})), ${isV6}, toIPv6OrNull(toString(${inner})), NULL)`;
}
