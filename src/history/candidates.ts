/**
 * The rows that a run of rules over history has to look at: a scope, and SQL that holds for every event that any of the
 * base rules can be met by. It may hold for more (the engine judges each row again), never for less.
 *
 * Three widths, the narrowest that can be said: what the rules say; only their log sources; everything in the scope.
 * Held by `candidates.test.ts` and, row by row, by `equivalence.int.test.ts`.
 */
import { type Condition, type Lists, EVERYTHING } from '../condition/tree.ts';
import type { RuleSet } from '../detect/rule.ts';
import type { Origin } from '../model/event.ts';
import { type Compiled, compileWhere, type Scope } from '../query/sql.ts';

/** More base rules than this are not written out: reading what their log sources say costs less than asking each. */
export const RULES_WRITTEN_MAX = 100;
/** Distinct log sources written out. */
const SOURCES_WRITTEN_MAX = 60;

export type CandidateScope = {
  readonly tenants: readonly string[];
  /** ANDed; has to be exact. */
  readonly rowFilter?: Condition;
  readonly origins?: readonly Origin[];
  /** Event time, microseconds, `from <= ts < to`. */
  readonly from: number;
  readonly to: number;
  /** Receive time, microseconds: `received.from <= ingested < received.to`. */
  readonly received?: { readonly from: number; readonly to: number };
};

export type Candidates = Compiled & { readonly width: 'rules' | 'logsources' | 'all' };

const and = (items: readonly Condition[]): Condition => ({ kind: 'and', items });
const or = (items: readonly Condition[]): Condition => ({ kind: 'or', items });

/** What the scope asks beyond tenant and event time. */
function scopeConditions(s: CandidateScope): Condition[] {
  const out: Condition[] = [];
  if (s.origins !== undefined)
    out.push({ kind: 'equals', field: 'vigil.origin', values: [...s.origins], cased: true });
  if (s.received !== undefined) {
    out.push({ kind: 'compare', field: 'event.ingested', op: '>=', value: s.received.from });
    out.push({ kind: 'compare', field: 'event.ingested', op: '<', value: s.received.to });
  }
  return out;
}

type Base = { readonly where: Condition; readonly condition: Condition };
const basesOf = (set: RuleSet): Base[] =>
  set.rules.flatMap((r) => (r.kind === 'rule' ? [{ where: r.where, condition: r.condition }] : []));

/** Each once; rules share their log sources. */
function distinct(conditions: readonly Condition[]): Condition[] {
  return [...new Map(conditions.map((c) => [JSON.stringify(c), c])).values()];
}

/** WHERE text of every row of the scope. Throws where the scope cannot be said (a row filter that is not exact). */
export function scopeSql(scope: CandidateScope, lists: Lists = new Map()): Compiled {
  const all = compileWhere(and(scopeConditions(scope)), scopeOf(scope), { lists });
  if (!all.ok) throw new Error(all.error.message);
  return all.value;
}

const scopeOf = (scope: CandidateScope): Scope => ({
  tenants: scope.tenants,
  from: scope.from,
  to: scope.to,
  ...(scope.rowFilter === undefined ? {} : { rowFilter: scope.rowFilter }),
});

/** WHERE text of the candidates. Throws where not even the scope can be said (a row filter that is not exact). */
export function candidateSql(set: RuleSet, scope: CandidateScope, lists: Lists): Candidates {
  const bases = basesOf(set);
  const fixed = scopeOf(scope);
  const compile = (c: Condition): Compiled | undefined => {
    const r = compileWhere(and([...scopeConditions(scope), c]), fixed, { lists });
    return r.ok ? r.value : undefined;
  };
  if (bases.length <= RULES_WRITTEN_MAX) {
    // One that cannot be said stands with its log source alone, and widens nothing else.
    const each = bases.map((b) => {
      const whole = and([b.where, b.condition]);
      return compile(whole) !== undefined ? whole : compile(b.where) !== undefined ? b.where : EVERYTHING;
    });
    const sql = compile(or(distinct(each)));
    if (sql !== undefined) return { ...sql, width: each.includes(EVERYTHING) ? 'all' : 'rules' };
  }
  const sources = distinct(bases.map((b) => b.where));
  const sql = sources.length > SOURCES_WRITTEN_MAX ? undefined : compile(or(sources));
  if (sql !== undefined) return { ...sql, width: 'logsources' };
  return { ...scopeSql(scope, lists), width: 'all' };
}
