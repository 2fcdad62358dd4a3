/**
 * `alerts`, `alert_entities`, `alert_steps`: alerts as the pipeline and people together make them.
 *
 * Contract: the pipeline owns `body` and `evidence`, people own `status`, `assignee`, `reason` and `alert_steps`, and
 * neither writes the other's columns, so a pipeline update can never undo what an analyst did (held by
 * `../control.int.test.ts`: "a pipeline update never overwrites what an analyst did"). Reading joins the two.
 */
import {
  ALERT_STATUSES,
  type Alert,
  type AlertStatus,
  type AlertStep,
  SEVERITIES,
} from '../../../model/alert.ts';
import type { Sql } from '../sql.ts';

export type AlertRow = {
  id: string;
  tenant: string;
  rule: string;
  origin: string;
  severity: string;
  severity_rank: number;
  status: string;
  assignee: string;
  reason: string;
  /** Lower-case text that the list's search looks in. */
  search: string;
  /** JSON of the rest. */
  body: string;
  /** JSON of `events` and `eventRefs`, apart because lists do not need them. */
  evidence: string;
  first_seen: number;
  last_seen: number;
  opened_at: number;
  updated_at: number;
  /** Last change by a person. */
  touched_at: number;
  count: number;
  /** Who caused a built-in alert (`../record.ts`), '' for all others. */
  actor: string;
};
export type AlertEntityRow = { alert: string; entity: string; tenant: string };
export type AlertStepRow = { id: number; at: number; alert: string; kind: string; text: string; by: string };

/** The author of the pipeline's own steps; no user may have this name. */
export const VIGIL = 'vigil';
/** Search text kept per alert, UTF-16 units. */
const SEARCH_CHARS_MAX = 4096;
/** Steps by people that are read back per alert; later ones are kept and not shown. */
const STEPS_MAX = 1000;

type Evidence = Pick<Alert, 'events' | 'eventRefs'>;
type Body = Omit<
  Alert,
  | keyof Evidence
  | 'id'
  | 'tenant'
  | 'rule'
  | 'origin'
  | 'severity'
  | 'status'
  | 'assignee'
  | 'reason'
  | 'firstSeen'
  | 'lastSeen'
  | 'openedAt'
  | 'updatedAt'
  | 'count'
  | 'actor'
>;

export function alertFromRow(
  r: Omit<AlertRow, 'evidence' | 'search'> & { evidence?: string },
  human: readonly AlertStep[],
): Alert {
  const body = JSON.parse(r.body) as Body;
  const evidence: Evidence =
    r.evidence === undefined ? { events: [], eventRefs: [] } : (JSON.parse(r.evidence) as Evidence);
  const steps = human.length === 0 ? body.steps : [...body.steps, ...human].sort((a, b) => a.at - b.at);
  return {
    ...body,
    ...evidence,
    id: r.id,
    tenant: r.tenant,
    rule: r.rule,
    origin: r.origin as Alert['origin'],
    severity: SEVERITIES.find((s) => s === r.severity) ?? 'informational',
    status: ALERT_STATUSES.find((s) => s === r.status) ?? 'new',
    assignee: r.assignee,
    reason: r.reason,
    firstSeen: r.first_seen,
    lastSeen: r.last_seen,
    openedAt: r.opened_at,
    updatedAt: Math.max(r.updated_at, r.touched_at),
    count: r.count,
    steps,
    ...(r.actor === '' ? {} : { actor: r.actor }),
  };
}

export function alertToRow(a: Alert): AlertRow {
  const body: Body = {
    ruleTitle: a.ruleTitle,
    ruleVersion: a.ruleVersion,
    author: a.author,
    key: a.key,
    sentence: a.sentence,
    attack: a.attack,
    entities: a.entities,
    hosts: a.hosts,
    hostCount: a.hostCount,
    nextSteps: a.nextSteps,
    // People's steps have a table of their own; the pipeline may hand back those it once read.
    steps: a.steps.filter((s) => s.by === VIGIL),
    late: a.late,
    follows: a.follows,
  };
  const search = `${a.ruleTitle}\n${a.sentence}\n${a.rule}\n${a.key.join('\n')}\n${a.entities.join('\n')}`;
  return {
    id: a.id,
    tenant: a.tenant,
    rule: a.rule,
    origin: a.origin,
    severity: a.severity,
    severity_rank: SEVERITIES.indexOf(a.severity),
    status: a.status,
    assignee: a.assignee,
    reason: a.reason,
    search: search.slice(0, SEARCH_CHARS_MAX).toLowerCase(),
    body: JSON.stringify(body),
    evidence: JSON.stringify({ events: a.events, eventRefs: a.eventRefs } satisfies Evidence),
    first_seen: a.firstSeen,
    last_seen: a.lastSeen,
    opened_at: a.openedAt,
    updated_at: a.updatedAt,
    touched_at: 0,
    count: a.count,
    actor: a.actor ?? '',
  };
}

const UPSERT = `insert into alerts (id, tenant, rule, origin, severity, severity_rank, status, assignee, reason, search, body,
    evidence, first_seen, last_seen, opened_at, updated_at, touched_at, count, actor)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
  on conflict (id) do update set severity = excluded.severity, severity_rank = excluded.severity_rank,
    search = excluded.search, body = excluded.body, evidence = excluded.evidence, first_seen = excluded.first_seen,
    last_seen = excluded.last_seen, updated_at = excluded.updated_at, count = excluded.count`;
const ADD_ENTITIES = `insert into alert_entities (alert, entity, tenant) select ?, value, ? from json_each(?) where true
  on conflict (alert, entity) do nothing`;

/** Writes the pipeline's part. `status`, `assignee`, `reason`, `actor` count only when the alert is new. */
export function putAlert(sql: Sql, a: Alert): void {
  const r = alertToRow(a);
  sql.exec(UPSERT, [
    r.id,
    r.tenant,
    r.rule,
    r.origin,
    r.severity,
    r.severity_rank,
    r.status,
    r.assignee,
    r.reason,
    r.search,
    r.body,
    r.evidence,
    r.first_seen,
    r.last_seen,
    r.opened_at,
    r.updated_at,
    r.count,
    r.actor,
  ]);
  sql.exec(ADD_ENTITIES, [r.id, r.tenant, JSON.stringify(a.entities)]);
}

export function alertStatus(sql: Sql, id: string): AlertStatus | undefined {
  const row = sql.first(sql.db.selectFrom('alerts').select('status').where('id', '=', id));
  return row === undefined ? undefined : ALERT_STATUSES.find((s) => s === row.status);
}

export function humanSteps(sql: Sql, ids: readonly string[]): Map<string, AlertStep[]> {
  const out = new Map<string, AlertStep[]>();
  if (ids.length === 0) return out;
  const q = sql.db
    .selectFrom('alert_steps')
    .selectAll()
    .where('alert', 'in', [...ids])
    .orderBy('id');
  for (const r of sql.all(q)) {
    const list = out.get(r.alert) ?? [];
    out.set(r.alert, list);
    const kind = r.kind === 'note' ? 'note' : 'status';
    if (list.length < STEPS_MAX) list.push({ at: r.at, kind, text: r.text, by: r.by });
  }
  return out;
}

/** One alert whole, if it belongs to one of these tenants. */
export function getAlert(sql: Sql, id: string, tenants: readonly string[]): Alert | undefined {
  const row = sql.first(
    sql.db
      .selectFrom('alerts')
      .selectAll()
      .where('id', '=', id)
      .where('tenant', 'in', [...tenants]),
  );
  return row === undefined ? undefined : alertFromRow(row, humanSteps(sql, [id]).get(id) ?? []);
}

export type AlertStretch = {
  readonly tenant: string;
  readonly origin: Alert['origin'];
  readonly rule: string;
  /** Event time, microseconds, both ends. */
  readonly from: number;
  readonly to: number;
};
/** Alerts looked through for one that overlaps. */
const OVERLAPS_MAX = 10_000;

/** Alerts of a rule and lane whose episode meets a stretch of event time, without evidence and people's steps. */
export const alertsOverlapping = (sql: Sql, s: AlertStretch): Alert[] =>
  sql
    .all(
      sql.db
        .selectFrom('alerts')
        .selectAll()
        .where('tenant', '=', s.tenant)
        .where('rule', '=', s.rule)
        .where('origin', '=', s.origin)
        .where('first_seen', '<=', s.to)
        .where('last_seen', '>=', s.from)
        .limit(OVERLAPS_MAX),
    )
    .map((r) => alertFromRow(r, []));

export type HumanChange = {
  readonly id: string;
  readonly tenants: readonly string[];
  /** Microseconds. */
  readonly at: number;
  /** User name. */
  readonly by: string;
  readonly step: { readonly kind: 'status' | 'note'; readonly text: string };
  readonly set: { readonly status?: AlertStatus; readonly reason?: string; readonly assignee?: string };
};
/** Applies a person's change; the alert after it, or undefined where there is none in these tenants. Inside a transaction. */
export function changeAlert(sql: Sql, c: HumanChange): Alert | undefined {
  const n = sql.run(
    sql.db
      .updateTable('alerts')
      .set({ ...c.set, touched_at: c.at })
      .where('id', '=', c.id)
      .where('tenant', 'in', [...c.tenants]),
  );
  if (n === 0) return undefined;
  sql.run(
    sql.db
      .insertInto('alert_steps')
      .values({ alert: c.id, at: c.at, kind: c.step.kind, text: c.step.text, by: c.by } as AlertStepRow),
  );
  return getAlert(sql, c.id, c.tenants);
}

export const deleteAlertsOf = (sql: Sql, tenant: string): number => {
  sql.exec('delete from alert_steps where alert in (select id from alerts where tenant = ?)', [tenant]);
  sql.exec('delete from alert_entities where tenant = ?', [tenant]);
  return sql.exec('delete from alerts where tenant = ?', [tenant]);
};
