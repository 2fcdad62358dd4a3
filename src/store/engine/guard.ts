/**
 * The gate before the engine for everything a person's search compiles to. It reads the SQL as tokens and lets through
 * one read-only SELECT over our own tables, made of listed keywords, listed functions and bound values; whatever it does
 * not know it refuses. It is the first of three walls: behind it the session runs with a role that may only SELECT from
 * `vigil.*`, and with `readonly=1` under limits (ClickHouse's `readonly` alone does not stop scalar `file()` or
 * `INTO OUTFILE`).
 *
 * Contract: no I/O, never throws, linear in the length of the text. Held by `guard.test.ts` and, straight to the bridge,
 * by `hostile.int.test.ts`. A function that a new pipe needs is added to FUNCTIONS below; one that reaches files, the
 * network, other tables by name, dictionaries or the server's state must never be.
 */
import { err, ok, type Result } from '../../base/result.ts';

/** Characters of one statement; values are bound, so real ones stay far below. */
export const STATEMENT_CHARS_MAX = 256 * 1024;

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'quoted'; readonly text: string; readonly at: number }
  | { readonly kind: 'string' | 'number' | 'symbol'; readonly text: string; readonly at: number }
  | { readonly kind: 'param'; readonly name: string; readonly type: string; readonly at: number };

/** Words of the SELECT grammar that may stand anywhere in their own right. */
const KEYWORDS = new Set(
  (
    'SELECT DISTINCT FROM PREWHERE WHERE GROUP BY HAVING ORDER LIMIT OFFSET WITH AS ASC DESC NULLS FIRST LAST ' +
    'AND OR NOT IN IS NULL LIKE ILIKE BETWEEN CASE WHEN THEN ELSE END UNION ALL EXCEPT TIES TOTALS ROLLUP CUBE FILL ' +
    'STEP TO ARRAY JOIN INNER LEFT ON USING ANY TRUE FALSE INTERVAL SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR ' +
    'OVER PARTITION ROWS RANGE UNBOUNDED PRECEDING FOLLOWING CURRENT ROW INTERPOLATE DIV MOD QUALIFY'
  ).split(' '),
);

/** Words that make no sense in a compiled search and open a door; refused even as a bare column name. */
const REFUSED = new Set(
  (
    'INTO OUTFILE INFILE FORMAT SETTINGS SYSTEM INFORMATION_SCHEMA BACKUP RESTORE INSERT UPDATE DELETE ALTER CREATE ' +
    'DROP TRUNCATE ATTACH DETACH RENAME EXCHANGE GRANT REVOKE SET USE KILL OPTIMIZE SHOW DESCRIBE EXPLAIN ' +
    'EXECUTE VALUES WATCH CHECK TABLE FUNCTION COLUMNS APPLY REPLACE FINAL SAMPLE GLOBAL PARALLEL RECURSIVE ' +
    'MATERIALIZED DICTIONARY COMMIT BEGIN ROLLBACK TRANSACTION UNDROP MOVE CLUSTER COMPRESSION PARSE IMPORT EXPORT'
  ).split(' '),
);

/** Functions and aggregates a compiled search may call: pure, over their arguments only, no table or file by name. */
const FUNCTIONS = new Set(
  // logic, comparison, arithmetic
  (
    'and or not xor if multiIf equals notEquals less lessOrEquals greater greaterOrEquals in notIn plus minus multiply ' +
    'divide intDiv intDivOrZero modulo abs negate round floor ceil trunc greatest least min2 max2 sqrt log log2 log10 exp pow ' +
    'isNull isNotNull ifNull nullIf coalesce assumeNotNull toNullable isNaN isFinite isInfinite identity bitAnd bitOr ' +
    // conversion
    'toString toInt8 toInt16 toInt32 toInt64 toUInt8 toUInt16 toUInt32 toUInt64 toFloat64 toInt64OrNull toInt64OrZero ' +
    'toUInt64OrNull toUInt64OrZero toFloat64OrNull toFloat64OrZero toFixedString toDate toDateTime toDateTime64 ' +
    'toDateTime64OrNull toDateTimeOrNull parseDateTime64BestEffortOrNull toIPv4OrNull toIPv6 toIPv6OrNull toIPv6OrDefault ' +
    'IPv6NumToString IPv6StringToNumOrNull IPv4StringToNumOrNull isIPv4String isIPv6String isIPAddressInRange IPv6CIDRToRange IPv4ToIPv6 ' +
    'CAST cast accurateCastOrNull toTypeName hex unhex base64Encode ' +
    // time
    'fromUnixTimestamp64Micro toUnixTimestamp64Micro fromUnixTimestamp64Milli toUnixTimestamp64Milli toUnixTimestamp toStartOfInterval ' +
    'toStartOfSecond toStartOfMinute toStartOfFiveMinutes toStartOfTenMinutes toStartOfFifteenMinutes toStartOfHour ' +
    'toStartOfDay toStartOfWeek toStartOfMonth toISOWeek toHour toMinute toDayOfWeek toYYYYMMDD toYear toMonth toDayOfMonth dateDiff ' +
    'toIntervalMicrosecond toIntervalMillisecond toIntervalSecond toIntervalMinute toIntervalHour toIntervalDay formatDateTime ' +
    // text
    'lower lowerUTF8 upper upperUTF8 length lengthUTF8 char_length empty notEmpty concat concatWithSeparator substring substringUTF8 ' +
    'left right leftUTF8 rightUTF8 trim trimLeft trimRight trimBoth startsWith startsWithUTF8 endsWith endsWithUTF8 position ' +
    'positionUTF8 positionCaseInsensitive positionCaseInsensitiveUTF8 like ilike notLike notILike match extract extractAll ' +
    'multiSearchAny multiSearchAnyCaseInsensitive multiSearchAnyCaseInsensitiveUTF8 hasToken hasTokenCaseInsensitive ' +
    'hasAllTokens hasAnyTokens hasPhrase tokens splitByNonAlpha splitByChar splitByString replaceOne replaceAll replaceRegexpOne ' +
    'replaceRegexpAll extractGroups reverse reverseUTF8 toValidUTF8 isValidUTF8 formatReadableSize caseFoldUTF8 normalizeUTF8NFKC ' +
    'cutToFirstSignificantSubdomain domainWithoutWWW ' +
    // arrays, maps, tuples
    'array has hasAny hasAll hasSubstr indexOf arrayElement arrayExists arrayAll arrayFilter arrayMap arrayFirst arrayLast arrayCount ' +
    'arrayConcat arrayDistinct arraySort arrayReverseSort arraySlice arrayStringConcat arrayUniq arrayJoin arrayFlatten ' +
    'arrayZip arrayEnumerate arrayMin arrayMax arraySum arrayPushBack arrayPushFront arrayCompact arrayIntersect emptyArrayString ' +
    'map mapContains mapContainsKey mapContainsKeyLike mapContainsValue mapKeys mapValues mapFilter mapApply mapExists ' +
    'tuple tupleElement untuple ' +
    // aggregates
    'count countIf sum sumIf avg avgIf min max minIf maxIf any anyIf anyLast anyLastIf argMin argMax argMinIf argMaxIf uniq uniqIf ' +
    'uniqExact uniqExactIf uniqCombined uniqCombined64 uniqHLL12 quantile quantileIf quantiles quantileExact quantileTDigest ' +
    'quantilesTDigest quantileExactInclusive quantileExactInclusiveArray stddevSampArray median medianIf stddevPop stddevSamp varPop varSamp groupArray groupArrayIf groupUniqArray groupUniqArrayIf ' +
    'groupArraySample topK topKWeighted countArray sumArray uniqArray groupUniqArrayArray entropy ' +
    // windows and hashes
    'row_number rank dense_rank lagInFrame leadInFrame first_value last_value cityHash64 sipHash64 xxHash64'
  ).split(' '),
);

/** Tables a search may read. */
const TABLES = new Set(['events']);

const WORD_START = /[A-Za-z_]/;
const WORD = /[A-Za-z0-9_]/y;
const PARAM = /\{([A-Za-z_][A-Za-z0-9_]{0,63}):([A-Za-z0-9(), ']{1,64})\}/y;
const PARAM_TYPE =
  /^(?:Array\((?:Array\()?)?(?:Nullable\()?(?:String|U?Int(?:8|16|32|64)|Float64|Bool|IPv6|IPv4|Date|DateTime|DateTime64\(6(?:, ?'UTC')?\)|FixedString\(\d{1,3}\))\){0,3}$/;
const NUMBER = /\d[\dA-Za-z_]*(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SYMBOLS = new Set([...'()[],.=<>!+-*/%:?|']);

/** Reads the text as tokens; refuses comments, `;`, heredocs, control characters and letters outside ASCII unless quoted. */
export function tokenize(sql: string): Result<readonly Token[]> {
  if (sql.length > STATEMENT_CHARS_MAX) return err(`statement longer than ${STATEMENT_CHARS_MAX} characters`);
  const out: Token[] = [];
  let i = 0;
  while (i < sql.length) {
    const c = sql[i] as string;
    if (c === ' ' || c === '\n' || c === '\t') {
      i++;
      continue;
    }
    const token = readToken(sql, i, c);
    if (typeof token === 'string') return err(token);
    out.push(token.token);
    i = token.next;
  }
  return ok(out);
}

function readToken(sql: string, at: number, c: string): { token: Token; next: number } | string {
  if (c === "'" || c === '"' || c === '`') return readQuoted(sql, at, c);
  if (c === '{') {
    PARAM.lastIndex = at;
    const m = PARAM.exec(sql);
    if (m === null) return `"{" at ${at} is no bound value`;
    const type = m[2] as string;
    if (!PARAM_TYPE.test(type)) return `type ${type} of a bound value is not allowed`;
    return { token: { kind: 'param', name: m[1] as string, type, at }, next: PARAM.lastIndex };
  }
  if (WORD_START.test(c)) {
    let end = at + 1;
    for (WORD.lastIndex = end; end < sql.length && WORD.test(sql); end = WORD.lastIndex);
    return { token: { kind: 'word', text: sql.slice(at, end), at }, next: end };
  }
  if (c >= '0' && c <= '9') {
    NUMBER.lastIndex = at;
    const m = NUMBER.exec(sql);
    const text = m?.[0] ?? c;
    return { token: { kind: 'number', text, at }, next: at + text.length };
  }
  const two = sql.slice(at, at + 2);
  if (two === '--' || two === '/*' || two === '*/') return `a comment at ${at} is not allowed`;
  if (!SYMBOLS.has(c))
    return `character U+${c.charCodeAt(0).toString(16).padStart(4, '0')} at ${at} is not allowed`;
  return { token: { kind: 'symbol', text: c, at }, next: at + 1 };
}

/** ClickHouse: backslash escapes and the doubled quote both stand for a character; all three quotes alike. */
function readQuoted(sql: string, at: number, quote: string): { token: Token; next: number } | string {
  let text = '';
  for (let i = at + 1; i < sql.length; i++) {
    const c = sql[i] as string;
    if (c === '\0') return `a NUL in quotes at ${i} is not allowed`;
    if (c === '\\') {
      if (quote !== "'") return `a backslash in a quoted name at ${i} is not allowed`;
      i++;
      text += sql[i] ?? '';
    } else if (c === quote) {
      if (sql[i + 1] !== quote) {
        return { token: { kind: quote === "'" ? 'string' : 'quoted', text, at }, next: i + 1 };
      }
      i++;
      text += quote;
    } else {
      text += c;
    }
  }
  return `quote at ${at} is not closed`;
}

/** ok, or why the statement is refused (one sentence without the statement's text beyond the offending name). */
export function checkSearch(sql: string): Result<true> {
  const read = tokenize(sql);
  if (!read.ok) return read;
  const t = read.value;
  const first = t[0];
  if (first?.kind !== 'word' || !/^(SELECT|WITH)$/i.test(first.text)) {
    return err('only one SELECT is allowed');
  }
  const tables = withNames(t);
  let depth = 0;
  for (let i = 0; i < t.length; i++) {
    const token = t[i] as Token;
    if (token.kind === 'symbol') {
      if (token.text === '(') depth++;
      if (token.text === ')' && --depth < 0) return err('unbalanced ")"');
      continue;
    }
    if (token.kind !== 'word' && token.kind !== 'quoted') continue;
    const why = checkName(t, i, token, tables);
    if (why !== undefined) return err(why);
  }
  return depth === 0 ? ok(true) : err('unbalanced "("');
}

const symbolAt = (t: readonly Token[], i: number, text: string): boolean => {
  const x = t[i];
  return x?.kind === 'symbol' && x.text === text;
};

const wordAt = (t: readonly Token[], i: number, pattern: RegExp): boolean => {
  const x = t[i];
  return x?.kind === 'word' && pattern.test(x.text);
};

/** Our tables and the names that `WITH name AS (SELECT ...)` makes. */
function withNames(t: readonly Token[]): ReadonlySet<string> {
  const names = new Set(TABLES);
  for (let i = 0; i < t.length; i++) {
    const x = t[i] as Token;
    if (x.kind !== 'word' && x.kind !== 'quoted') continue;
    if (wordAt(t, i + 1, /^AS$/i) && symbolAt(t, i + 2, '(') && wordAt(t, i + 3, /^(SELECT|WITH)$/i))
      names.add(x.text);
  }
  return names;
}

function checkName(
  t: readonly Token[],
  i: number,
  token: Token & { text: string },
  tables: ReadonlySet<string>,
): string | undefined {
  const upper = token.text.toUpperCase();
  if (REFUSED.has(upper) && !(token.kind === 'quoted' && !/^(SYSTEM|INFORMATION_SCHEMA)$/.test(upper))) {
    return `${token.text.slice(0, 64)} is not allowed`;
  }
  const called = symbolAt(t, i + 1, '(');
  // A quoted name is a column or an alias; called it would be a function whose name was hidden in quotes.
  if (token.kind === 'quoted' && called) return 'a quoted name cannot be called';
  const keyword = token.kind === 'word' && KEYWORDS.has(upper);
  // `left(` and `any(` are functions, `IN (` and `AND (` are not: a listed function may always be called.
  if (called && !keyword && !FUNCTIONS.has(token.text)) {
    return `function ${token.text.slice(0, 64)} is not allowed`;
  }
  if (symbolAt(t, i + 1, '.') || symbolAt(t, i - 1, '.')) return checkDotted(t, i, token);
  // Outside our database a bare table name cannot reach: the session's database is `vigil`. Within it, only TABLES.
  if (keyword && (upper === 'FROM' || upper === 'JOIN')) return checkTable(t, i + 1, tables);
  if (keyword && upper === 'IN' && !symbolAt(t, i + 1, '(') && !symbolAt(t, i + 1, '[')) {
    if (t[i + 1]?.kind !== 'param') return 'IN takes a list in brackets or a bound value';
  }
  return undefined;
}

/** The only dotted name is the table `vigil.events`. */
function checkDotted(t: readonly Token[], i: number, token: Token & { text: string }): string | undefined {
  const left = symbolAt(t, i - 1, '.') ? t[i - 2] : token;
  const right = symbolAt(t, i - 1, '.') ? token : t[i + 2];
  const isTable =
    left?.kind === 'word' && left.text === 'vigil' && right?.kind === 'word' && TABLES.has(right.text);
  const longer = symbolAt(t, i - 1, '.')
    ? symbolAt(t, i + 1, '.') || symbolAt(t, i - 3, '.')
    : symbolAt(t, i + 3, '.');
  if (isTable && !longer) return undefined;
  return `name with a dot at ${token.at} is not allowed (quote it, or use vigil.events)`;
}

function checkTable(t: readonly Token[], i: number, tables: ReadonlySet<string>): string | undefined {
  const x = t[i];
  // `ARRAY JOIN expression AS name` takes an expression, which the other rules check.
  if (wordAt(t, i - 2, /^ARRAY$/i)) return undefined;
  if (symbolAt(t, i, '(')) {
    let inner = i + 1;
    while (symbolAt(t, inner, '(')) inner++;
    if (wordAt(t, inner, /^(SELECT|WITH)$/i)) return undefined;
  }
  if (x?.kind === 'word' && x.text === 'vigil' && symbolAt(t, i + 1, '.')) return undefined;
  if ((x?.kind === 'word' || x?.kind === 'quoted') && tables.has(x.text)) return undefined;
  return 'only vigil.events or a subquery can follow FROM or JOIN';
}
