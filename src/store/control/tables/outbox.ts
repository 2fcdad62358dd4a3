/**
 * `outbox`: notifications to be sent, written in the commit that made them. One row per notification and channel; the
 * id names (alert, event), so a replayed batch cannot send twice.
 */
import type { Sql } from '../sql.ts';

export type OutboxRow = {
  id: string;
  channel: string;
  alert: string;
  event: string;
  payload: string;
  last_error: string;
  created_at: number;
  attempts: number;
  next_at: number;
  done_at: number;
  gave_up: number;
};

/** What the pipeline hands over. `id` must be the same whenever the same (alert, event) is judged again. */
export type OutboxInput = {
  readonly id: string;
  readonly channel: string;
  readonly alert: string;
  /** `opened`, `escalated:critical`, ... */
  readonly event: string;
  /** JSON. */
  readonly payload: string;
  readonly createdAt: number;
};
export type OutboxItem = OutboxInput & {
  readonly attempts: number;
  readonly nextAt: number;
  /** 0 = not sent. */
  readonly doneAt: number;
  readonly gaveUp: boolean;
  readonly lastError: string;
};

export const outboxFromRow = (r: OutboxRow): OutboxItem => ({
  id: r.id,
  channel: r.channel,
  alert: r.alert,
  event: r.event,
  payload: r.payload,
  createdAt: r.created_at,
  attempts: r.attempts,
  nextAt: r.next_at,
  doneAt: r.done_at,
  gaveUp: r.gave_up !== 0,
  lastError: r.last_error,
});
export const outboxToRow = (o: OutboxInput): OutboxRow => ({
  id: o.id,
  channel: o.channel,
  alert: o.alert,
  event: o.event,
  payload: o.payload,
  last_error: '',
  created_at: o.createdAt,
  attempts: 0,
  next_at: o.createdAt,
  done_at: 0,
  gave_up: 0,
});

const ERROR_CHARS_MAX = 1000;
const INSERT = `insert into outbox (id, channel, alert, event, payload, last_error, created_at, attempts, next_at, done_at, gave_up)
  values (?, ?, ?, ?, ?, '', ?, 0, ?, 0, 0) on conflict (id, channel) do nothing`;
export function putOutbox(sql: Sql, o: OutboxInput): void {
  const r = outboxToRow(o);
  sql.exec(INSERT, [r.id, r.channel, r.alert, r.event, r.payload, r.created_at, r.next_at]);
}

/** Unsent notifications whose time has come, oldest first. */
export const dueOutbox = (sql: Sql, now: number, limit: number): OutboxItem[] =>
  sql
    .all(
      sql.db
        .selectFrom('outbox')
        .selectAll()
        .where('done_at', '=', 0)
        .where('gave_up', '=', 0)
        .where('next_at', '<=', now)
        .orderBy('next_at')
        .limit(limit),
    )
    .map(outboxFromRow);

export const outboxDone = (sql: Sql, id: string, channel: string, at: number): void => {
  sql.run(
    sql.db
      .updateTable('outbox')
      .set((e) => ({ done_at: at, attempts: e('attempts', '+', 1), last_error: '' }))
      .where('id', '=', id)
      .where('channel', '=', channel),
  );
};
/** One more failed attempt; `nextAt` undefined gives up. */
export const outboxFailed = (
  sql: Sql,
  item: { readonly id: string; readonly channel: string; readonly nextAt?: number; readonly error: string },
): void => {
  sql.run(
    sql.db
      .updateTable('outbox')
      .set((e) => ({
        attempts: e('attempts', '+', 1),
        last_error: item.error.slice(0, ERROR_CHARS_MAX),
        next_at: item.nextAt ?? 0,
        gave_up: item.nextAt === undefined ? 1 : 0,
      }))
      .where('id', '=', item.id)
      .where('channel', '=', item.channel),
  );
};
export const deleteOutboxBefore = (sql: Sql, at: number): number =>
  sql.run(
    sql.db
      .deleteFrom('outbox')
      .where('created_at', '<', at)
      .where((w) => w.or([w('done_at', '>', 0), w('gave_up', '=', 1)])),
  );
