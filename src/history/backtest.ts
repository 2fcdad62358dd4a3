/**
 * What a rule would have done: its matches and alerts over stored events, per day, with examples and a forecast. The rule
 * is judged as if it alerted, whatever its mode; nothing is written and nobody is told.
 *
 * Held by `run.int.test.ts` and, through the interface, by `src/app/backtests.int.test.ts`.
 */
import type { Condition } from '../condition/tree.ts';
import { makeRuleSet, type Rule, type RuleProblem, type RuleSet } from '../detect/rule.ts';
import type { Severity } from '../model/alert.ts';
import type { Origin } from '../model/event.ts';
import { eventIdText, type MatchedEvent } from '../model/match.ts';
import { scopeSql } from './candidates.ts';
import { type Ask, extentOf } from './read.ts';
import { countedBy, reachOf, rulesFor } from './rule-closure.ts';
import { type HistoryLimits, type HistoryResult, type ListsFrom, runHistory } from './run.ts';

export const DAY_US = 86_400e6;
const WEEK_US = 7 * DAY_US;
export const EXAMPLES_MAX = 10;
/** Days that are told one by one. */
export const DAYS_MAX = 400;
const FIELDS_SHOWN_MAX = 12;

export type BacktestOptions = {
  readonly ask: Ask;
  /** The rule, and what it refers to. */
  readonly set: RuleSet;
  /** Id of a rule of the set. */
  readonly rule: string;
  readonly lists: readonly [ListsFrom, ...ListsFrom[]];
  readonly scope: { readonly tenants: readonly string[]; readonly rowFilter?: Condition };
  readonly origins?: readonly Origin[];
  /** Event time, microseconds. */
  readonly from: number;
  readonly to: number;
  readonly judgedAt: number;
  readonly limits?: Partial<HistoryLimits>;
  readonly signal?: AbortSignal;
};

export type BacktestAlert = {
  readonly id: string;
  readonly severity: Severity;
  readonly sentence: string;
  readonly key: readonly string[];
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly count: number;
};
export type BacktestEvent = {
  readonly id: string;
  readonly ts: number;
  readonly source: string;
  /** Some of its fields. */
  readonly fields: readonly (readonly [string, string])[];
};
export type Backtest = {
  readonly rule: {
    readonly id: string;
    readonly title: string;
    readonly version: string;
    readonly kind: string;
    readonly level: Severity;
  };
  /** Event time, microseconds. */
  readonly from: number;
  readonly to: number;
  /** Event time of the oldest event that is held in the range; 0 where there is none. */
  readonly heldFrom: number;
  /** Which lists it was judged by. Enrichment is always as it was: it is stored with the event. */
  readonly lists: 'as of now' | 'as it was';
  /** Events that met the rule (for a correlation: events that it counts), and how often a correlation was met. */
  readonly matches: number;
  readonly met: number;
  readonly alerts: number;
  readonly perDay: readonly { readonly day: string; readonly matches: number; readonly alerts: number }[];
  readonly examples: {
    readonly alerts: readonly BacktestAlert[];
    readonly events: readonly BacktestEvent[];
  };
  readonly forecast: {
    /** Alerts a week, and the range in which nine weeks of ten will lie if nothing changes. */
    readonly perWeek: number;
    readonly low: number;
    readonly high: number;
    /** Days of data it stands on; 0: there is no forecast. */
    readonly days: number;
  };
  readonly cost: Pick<HistoryResult, 'candidates' | 'rowsRead' | 'bytesRead' | 'tookMs' | 'width'>;
  readonly problems: readonly RuleProblem[];
  readonly stopped: HistoryResult['stopped'];
  /** Remarks for the reader. */
  readonly notes: readonly string[];
};

/** Runs one rule over the range. Throws where the set has no such rule, and what the store throws. */
export async function backtest(o: BacktestOptions): Promise<Backtest> {
  const rule = o.set.rules.find((r) => r.id === o.rule);
  if (rule === undefined) throw new Error(`there is no rule "${o.rule}"`);
  const set = alerting(rulesFor(o.set, [rule.id]), rule);
  const tally = new Tally(rule, set, o);
  const result = await runHistory({
    ask: o.ask,
    rules: set,
    lists: o.lists,
    scope: o.scope,
    ...(o.origins === undefined ? {} : { origins: o.origins }),
    // Windows that reach into the range begin before it.
    from: o.from - reachOf(set),
    to: o.to,
    judgedAt: o.judgedAt,
    ...(o.limits === undefined ? {} : { limits: o.limits }),
    ...(o.signal === undefined ? {} : { signal: o.signal }),
    onMatch: (e) => tally.add(e),
  });
  const alerts = result.alerts.filter((a) => a.rule === rule.id && a.lastSeen >= o.from);
  for (const a of alerts) tally.alert(Math.max(a.firstSeen, o.from));
  const heldFrom = result.stopped === 'cancelled' ? 0 : await oldest(o);
  const days = heldFrom === 0 ? 0 : Math.max(0, o.to - Math.max(o.from, heldFrom)) / DAY_US;
  const counted = result.stopped === '' && result.alertsLeftOut === 0;
  return {
    rule: {
      id: rule.id,
      title: rule.title,
      version: rule.version,
      kind: rule.kind,
      level: rule.level,
    },
    from: o.from,
    to: o.to,
    heldFrom,
    lists: o.lists.length === 1 ? 'as of now' : 'as it was',
    matches: tally.matches,
    met: rule.kind === 'rule' ? tally.matches : (result.matched.get(rule.id) ?? 0),
    alerts: alerts.length,
    perDay: tally.perDay(),
    examples: {
      alerts: spread(alerts).map((a) => ({
        id: a.id,
        severity: a.severity,
        sentence: a.sentence,
        key: a.key,
        firstSeen: a.firstSeen,
        lastSeen: a.lastSeen,
        count: a.count,
      })),
      events: tally.examples,
    },
    // Days that were not judged, or alerts that were not counted, would make it too low.
    forecast: forecast(alerts.length, counted ? days : 0),
    cost: {
      candidates: result.candidates,
      rowsRead: result.rowsRead,
      bytesRead: result.bytesRead,
      tookMs: result.tookMs,
      width: result.width,
    },
    problems: result.problems,
    stopped: result.stopped,
    notes: notesOf(rule, o, { result, heldFrom, days, counted }),
  };
}

/** As if it alerted: not what it does now is asked, but what it would do. */
function alerting(set: RuleSet, rule: Rule): RuleSet {
  const level = rule.level === 'informational' ? 'low' : rule.level;
  return makeRuleSet(
    set.rules.map((r) => (r.id === rule.id ? { ...r, level, alerts: true, mode: 'alerting' as const } : r)),
  );
}

/** Alerts per week from a count over days; the range is that of a Poisson count (90%). */
export function forecast(alerts: number, days: number): Backtest['forecast'] {
  if (days <= 0) return { perWeek: 0, low: 0, high: 0, days: 0 };
  const weeks = (days * DAY_US) / WEEK_US;
  const round = (x: number): number => Math.round(x * 10) / 10;
  const perWeek = alerts / weeks;
  // How sure the mean is, and how much a single week strays from it.
  const spreadOf = 1.645 * Math.sqrt(alerts / weeks ** 2 + perWeek);
  // Nothing seen is no proof of nothing to come: the rule of three.
  const high = alerts === 0 ? 3 / weeks : perWeek + spreadOf;
  return {
    perWeek: round(perWeek),
    low: round(Math.max(0, perWeek - spreadOf)),
    high: round(high),
    days: round(days),
  };
}

/** Event time of the first event that is held in the range; 0 where there is none. */
async function oldest(o: BacktestOptions): Promise<number> {
  const extent = await extentOf({
    ask: o.ask,
    scope: scopeSql({
      ...o.scope,
      from: o.from,
      to: o.to,
      ...(o.origins === undefined ? {} : { origins: o.origins }),
    }),
    cost: { rowsRead: 0, bytesRead: 0, statements: 0 },
    order: 'time',
    ...(o.signal === undefined ? {} : { signal: o.signal }),
  });
  return extent?.first ?? 0;
}

function notesOf(
  rule: Rule,
  o: BacktestOptions,
  r: {
    readonly result: HistoryResult;
    readonly heldFrom: number;
    readonly days: number;
    readonly counted: boolean;
  },
): string[] {
  const out: string[] = [];
  const fed = countedBy(o.set, rule.id);
  if (fed.length > 0)
    out.push(
      `in force it is counted by ${fed.map((x) => `"${x.title}"`).join(', ')}; the alerts shown are those it would raise by itself`,
    );
  if (rule.level === 'informational')
    out.push(
      'its level is informational, which never enters the queue; the alerts shown are those of level low',
    );
  if (r.heldFrom > o.from + DAY_US)
    out.push(
      `the store holds ${r.days.toFixed(1)} days of the range${r.counted ? '; the forecast stands on those' : ''}`,
    );
  if (r.result.stopped !== '')
    out.push(
      `it was stopped (${r.result.stopped}): the figures are those up to there, and there is no forecast`,
    );
  if (r.result.alertsLeftOut > 0)
    out.push(`${r.result.alertsLeftOut} more alerts are not counted, so there is no forecast`);
  if (r.result.alerts.some((a) => a.rule.startsWith('vigil.storm')))
    out.push('it would have run into the storm limit: some matches were folded into one alert');
  return out;
}

/** First and last ones. */
function spread<T>(list: readonly T[]): readonly T[] {
  const half = EXAMPLES_MAX / 2;
  return list.length <= EXAMPLES_MAX ? list : [...list.slice(0, half), ...list.slice(-half)];
}

const dayOf = (us: number): string => new Date(us / 1000).toISOString().slice(0, 10);

/** Counts matches as they come; keeps the first examples and the latest. */
class Tally {
  readonly #ids: ReadonlySet<string>;
  readonly #from: number;
  readonly #days = new Map<string, { matches: number; alerts: number }>();
  readonly #first: BacktestEvent[] = [];
  readonly #latest: MatchedEvent[] = [];
  matches = 0;

  constructor(rule: Rule, set: RuleSet, o: { readonly from: number; readonly to: number }) {
    this.#ids = new Set(
      rule.kind === 'rule' ? [rule.id] : set.rules.flatMap((r) => (r.kind === 'rule' ? [r.id] : [])),
    );
    this.#from = o.from;
    // Quiet days are told too.
    for (let t = o.from; t < o.to && this.#days.size < DAYS_MAX; t += DAY_US) this.#day(t);
  }

  #day(us: number): { matches: number; alerts: number } | undefined {
    const key = dayOf(us);
    let d = this.#days.get(key);
    if (d === undefined && this.#days.size < DAYS_MAX) {
      d = { matches: 0, alerts: 0 };
      this.#days.set(key, d);
    }
    return d;
  }

  add(e: MatchedEvent): void {
    if (e.ts < this.#from || !e.rules.some((id) => this.#ids.has(id))) return;
    this.matches++;
    const d = this.#day(e.ts);
    if (d !== undefined) d.matches++;
    if (this.#first.length < EXAMPLES_MAX / 2) this.#first.push(shown(e));
    else {
      this.#latest.push(e);
      if (this.#latest.length > EXAMPLES_MAX / 2) this.#latest.shift();
    }
  }

  alert(at: number): void {
    const d = this.#day(at);
    if (d !== undefined) d.alerts++;
  }

  get examples(): readonly BacktestEvent[] {
    return [...this.#first, ...this.#latest.map(shown)];
  }

  perDay(): { day: string; matches: number; alerts: number }[] {
    return [...this.#days].map(([day, d]) => ({ day, ...d })).sort((a, b) => (a.day < b.day ? -1 : 1));
  }
}

const shown = (e: MatchedEvent): BacktestEvent => ({
  id: eventIdText(e.id),
  ts: e.ts,
  source: e.source,
  fields: e.fields
    .filter(([name]) => !name.startsWith('vigil.') && name !== '@timestamp' && name !== 'event.ingested')
    .slice(0, FIELDS_SHOWN_MAX)
    .map(([name, v]) => [name, (Array.isArray(v) ? v.join(', ') : String(v)).slice(0, 300)]),
});
