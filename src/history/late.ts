/**
 * Judges again over the store what came too late for its window: the rule (and what counts it) runs over the stored
 * events around the late ones, as if all had come in time. What it finds beyond the alerts that are there becomes an
 * alert marked late.
 *
 * Contract: every alert that the late events would have raised in time is there afterwards, once (held by
 * `src/app/history.int.test.ts` with the real pipeline, and by `equivalence.int.test.ts`); where that could not be judged
 * in full, an alert says so. Idempotent: alert ids come from what is alerted on.
 */
import { gapOf } from '../alert/detection.ts';
import { type AlertHead, alertId, toAlert, newEpisode } from '../alert/episode.ts';
import { keyText } from '../detect/group-keys.ts';
import { builtInRule, type Rule, type RuleSet } from '../detect/rule.ts';
import type { Alert, AlertChange } from '../model/alert.ts';
import type { LateMark } from '../model/late.ts';
import type { Ask } from './read.ts';
import { reachOf, rulesFor, withCounting } from './rule-closure.ts';
import { ALERTS_MAX, type HistoryLimits, type HistoryResult, type ListsFrom, runHistory } from './run.ts';

/** Late work is done beside everything else: what would take longer is reported instead. */
export const LATE_LIMITS: HistoryLimits = {
  candidatesMax: 5_000_000,
  bytesMax: 50e9,
  msMax: 600_000,
  alertsMax: ALERTS_MAX,
};
export const LATE_RULE_ID = 'vigil.late';
const REASON_CHARS_MAX = 200;

export type LateOptions = {
  readonly ask: Ask;
  /** In force. */
  readonly rules: RuleSet;
  readonly lists: readonly [ListsFrom, ...ListsFrom[]];
  /** What had been received by then counts. Microseconds. */
  readonly judgedAt: number;
  /** Alerts that are there already: of the rule and lane, meeting this stretch of event time. */
  readonly known: (of: {
    readonly tenant: string;
    readonly origin: Alert['origin'];
    readonly rule: string;
    readonly from: number;
    readonly to: number;
  }) => readonly Alert[];
  readonly limits?: Partial<HistoryLimits>;
  readonly signal?: AbortSignal;
};

export type LateJudgement = {
  readonly changes: readonly AlertChange[];
  readonly result: HistoryResult;
};

export async function judgeLate(mark: LateMark, o: LateOptions): Promise<LateJudgement | undefined> {
  // Correlations that count this one were judged without it as well.
  const ids = withCounting(o.rules, [mark.rule]);
  const set = rulesFor(o.rules, ids);
  if (!set.rules.some((r) => r.id === mark.rule)) return undefined;
  const reach = reachOf(set);
  const result = await runHistory({
    ask: o.ask,
    rules: set,
    lists: o.lists,
    scope: { tenants: [mark.tenant] },
    origins: [mark.origin],
    // In the order of arrival it would come too late again.
    order: 'time',
    // The windows that the late events stand in, and those that these windows stand in.
    from: mark.from - 2 * reach,
    to: mark.to + 2 * reach + 1,
    judgedAt: o.judgedAt,
    limits: { ...LATE_LIMITS, ...o.limits },
    ...(o.signal === undefined ? {} : { signal: o.signal }),
  });
  const byId = new Map(o.rules.rules.map((r) => [r.id, r]));
  const changes: AlertChange[] = [];
  for (const a of result.alerts) {
    if (!ids.includes(a.rule) || !concerns(mark, a, byId.get(a.rule), reach)) continue;
    const rule = byId.get(a.rule);
    const gap = rule === undefined ? 0 : gapOf(rule);
    const there = o
      .known({
        tenant: a.tenant,
        origin: a.origin,
        rule: a.rule,
        from: a.firstSeen - gap,
        to: a.lastSeen + gap,
      })
      .some((x) => x.id === a.id || sameKey(x, a));
    if (!there) changes.push({ kind: 'opened', alert: late(a, o.judgedAt) });
  }
  const missing = missingOf(result);
  if (missing !== '' && result.stopped !== 'cancelled')
    changes.push({
      kind: 'opened',
      alert: overflow(mark, missing, { rule: byId.get(mark.rule), at: o.judgedAt }),
    });
  return { changes, result };
}

const sameKey = (a: Alert, b: Alert): boolean =>
  a.key.join('\n').toLowerCase() === b.key.join('\n').toLowerCase();

/** Does the alert meet the late events: their stretch of time and, where they are told apart, their keys? */
function concerns(mark: LateMark, a: Alert, rule: Rule | undefined, reach: number): boolean {
  if (a.lastSeen < mark.from - reach || a.firstSeen > mark.to + reach) return false;
  if (mark.keys === null || rule === undefined || rule.id !== mark.rule || rule.kind !== 'correlation')
    return true;
  const values = a.key.map((k, i) => k.slice((rule.groupBy[i]?.name ?? '').length + 1));
  return mark.keys.includes(keyText(values));
}

const late = (a: Alert, at: number): Alert => ({
  ...a,
  late: true,
  // When people could first know of it.
  openedAt: at,
  updatedAt: at,
  steps: [
    ...a.steps.map((s) => ({ ...s, at })),
    {
      at,
      kind: 'note',
      text: 'events came too late for their window: judged again over the stored events',
      by: 'vigil',
    },
  ],
});

/** Why the judgement is not whole, for a person; '' where it is. */
function missingOf(r: HistoryResult): string {
  const out: string[] = [];
  if (r.stopped !== '') out.push(`more than the limit of ${r.stopped}`);
  if (r.alertsLeftOut > 0) out.push(`${r.alertsLeftOut} more alerts were not kept`);
  const [problem] = r.problems;
  if (problem !== undefined)
    out.push(
      `${r.problems.length} ${r.problems.length === 1 ? 'rule' : 'rules'} could not be compiled: ${problem.reason.slice(0, REASON_CHARS_MAX)}`,
    );
  return out.length === 0 ? '' : `${out.join('; ')} (${r.candidates} events were judged)`;
}

/** Says what could not be judged: which rule, which stretch, how much. */
function overflow(
  mark: LateMark,
  missing: string,
  o: { readonly rule: Rule | undefined; readonly at: number },
): Alert {
  const title = o.rule?.title ?? mark.rule;
  const time = (us: number): string => new Date(us / 1000).toISOString();
  const rule: Rule = { ...BUILT_IN, level: o.rule?.level ?? 'medium' };
  const from = mark.from;
  const episode = newEpisode({
    rule,
    tenant: mark.tenant,
    lane: mark.origin,
    keyText: JSON.stringify([mark.rule]),
    key: [`rule=${mark.rule}`],
    gap: 0,
    from,
    to: mark.to,
    follows: '',
    now: o.at,
  });
  episode.count = mark.events;
  episode.late = true;
  const head: AlertHead = {
    title: rule.title,
    version: '',
    author: 'Vigil',
    sentence: null,
    fixed:
      `${mark.events} events came too late for the windows of rule "${title}", between ${time(from)} and ${time(mark.to)}, ` +
      `and could not all be judged again: ${missing}`,
  };
  return toAlert(
    { ...episode, id: alertId([mark.tenant, mark.origin, rule.id, mark.rule, mark.from]) },
    head,
  );
}

const BUILT_IN: Rule = builtInRule({
  id: LATE_RULE_ID,
  title: 'Late events not judged',
  level: 'medium',
  nextSteps: [
    'Run `vigil rules backtest` for this rule over the stretch of time that the sentence names.',
    'Look at what sends old events: a shipper that was offline, or a clock that is wrong.',
  ],
});
