/** Reading many alerts: pages, related alerts, counts over time. All with a tenant; `events` and `eventRefs` are left empty. */
import { sql as raw } from 'kysely';
import {
  ALERT_STATUSES,
  type Alert,
  type AlertStatus,
  SEVERITIES,
  type Severity,
} from '../../../model/alert.ts';
import type { Sql } from '../sql.ts';
import { alertFromRow, humanSteps } from './alerts.ts';

export type AlertFilter = {
  readonly tenant: string;
  readonly status?: AlertStatus;
  readonly severity?: Severity;
  /** Text looked for anywhere in title, sentence, rule, key and entities; case folded. */
  readonly q?: string;
  /** `newest` by opening; `severity` puts the gravest first. */
  readonly sort: 'newest' | 'severity';
  /** The last row shown, for the next page of `newest`; without `id`, all strictly older. */
  readonly before?: { readonly openedAt: number; readonly id?: string };
  readonly limit: number;
};
export type AlertList = {
  readonly alerts: readonly Alert[];
  /** Matching the filter, on all pages. */
  readonly total: number;
  /** By status, the filter's own status ignored. */
  readonly counts: Readonly<Record<AlertStatus, number>>;
};

const COLUMNS = [
  'id',
  'tenant',
  'rule',
  'origin',
  'severity',
  'severity_rank',
  'status',
  'assignee',
  'reason',
  'body',
  'first_seen',
  'last_seen',
  'opened_at',
  'updated_at',
  'touched_at',
  'count',
  'actor',
] as const;

const likeText = (q: string): string => `%${q.toLowerCase().replace(/[\\%_]/g, (c) => `\\${c}`)}%`;

export async function alertPage(sql: Sql, f: AlertFilter): Promise<AlertList> {
  let base = sql.db.selectFrom('alerts').where('tenant', '=', f.tenant);
  if (f.severity !== undefined) base = base.where('severity', '=', f.severity);
  if (f.q !== undefined && f.q !== '') {
    const pattern = likeText(f.q);
    base = base.where(raw<boolean>`search like ${pattern} escape '\\'`);
  }
  const counted = await base
    .select((e) => ['status', e.fn.countAll<number>().as('n')])
    .groupBy('status')
    .execute();
  const counts: Record<AlertStatus, number> = { new: 0, acknowledged: 0, closed: 0 };
  for (const r of counted) {
    const status = ALERT_STATUSES.find((s) => s === r.status);
    if (status !== undefined) counts[status] = Number(r.n);
  }
  let page = base.select([...COLUMNS]).limit(f.limit);
  if (f.status !== undefined) page = page.where('status', '=', f.status);
  const before = f.before;
  if (before !== undefined) {
    page = page.where((e) =>
      before.id === undefined
        ? e('opened_at', '<', before.openedAt)
        : e.or([
            e('opened_at', '<', before.openedAt),
            e.and([e('opened_at', '=', before.openedAt), e('id', '<', before.id)]),
          ]),
    );
  }
  if (f.sort === 'severity') page = page.orderBy('severity_rank', 'desc');
  const rows = await page.orderBy('opened_at', 'desc').orderBy('id', 'desc').execute();
  const steps = humanSteps(
    sql,
    rows.map((r) => r.id),
  );
  return {
    alerts: rows.map((r) => alertFromRow(r, steps.get(r.id) ?? [])),
    total: f.status === undefined ? counts.new + counts.acknowledged + counts.closed : counts[f.status],
    counts,
  };
}

/** Other alerts of the same tenant that share an entity, newest first. */
export async function relatedAlerts(sql: Sql, alert: Alert, limit: number): Promise<Alert[]> {
  if (alert.entities.length === 0) return [];
  const rows = await sql.db
    .selectFrom('alerts')
    .select([...COLUMNS])
    .where('tenant', '=', alert.tenant)
    .where('id', '!=', alert.id)
    .where('id', 'in', (e) =>
      e
        .selectFrom('alert_entities')
        .select('alert_entities.alert')
        .where('alert_entities.tenant', '=', alert.tenant)
        .where('alert_entities.entity', 'in', [...alert.entities]),
    )
    .orderBy('opened_at', 'desc')
    .limit(limit)
    .execute();
  const steps = humanSteps(
    sql,
    rows.map((r) => r.id),
  );
  return rows.map((r) => alertFromRow(r, steps.get(r.id) ?? []));
}

const noCounts = (): Record<Severity, number> => ({
  informational: 0,
  low: 0,
  medium: 0,
  high: 0,
  critical: 0,
});

/** Alerts not closed, by severity. */
export async function openAlertCounts(sql: Sql, tenant: string): Promise<Record<Severity, number>> {
  const rows = await sql.db
    .selectFrom('alerts')
    .select((e) => ['severity', e.fn.countAll<number>().as('n')])
    .where('tenant', '=', tenant)
    .where('status', '!=', 'closed')
    .groupBy('severity')
    .execute();
  const out = noCounts();
  for (const r of rows) {
    const s = SEVERITIES.find((x) => x === r.severity);
    if (s !== undefined) out[s] = Number(r.n);
  }
  return out;
}

export type AlertBucket = { readonly t: number; readonly bySeverity: Readonly<Record<Severity, number>> };
/** Alerts by the time that what they tell of began (an import's alerts stand where they belong), per bucket of `bucketUs` in [from, to), empty buckets left out. */
export function alertHistogram(
  sql: Sql,
  range: { readonly tenant: string; readonly from: number; readonly to: number; readonly bucketUs: number },
): AlertBucket[] {
  const rows = sql.rows(
    `select (first_seen / ?) * ? as t, severity, count(*) as n from alerts
      where tenant = ? and first_seen >= ? and first_seen < ? group by 1, 2 order by 1`,
    // BigInt, because a JS number binds as REAL and would divide as one.
    [BigInt(range.bucketUs), BigInt(range.bucketUs), range.tenant, range.from, range.to],
  );
  const out = new Map<number, Record<Severity, number>>();
  for (const r of rows) {
    const t = Number(r['t']);
    const at = out.get(t) ?? noCounts();
    out.set(t, at);
    const s = SEVERITIES.find((x) => x === r['severity']);
    if (s !== undefined) at[s] = Number(r['n']);
  }
  return [...out].map(([t, bySeverity]) => ({ t, bySeverity }));
}
