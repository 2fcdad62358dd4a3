/**
 * `ledger`, `ledger_reasons`: the balanced ledger per (tenant, door, sender, minute of receipt). Counts are added by the
 * commit that caused them; `stored` and `quarantined` are what the event store said when last asked, never a remainder.
 */
import type { Sql } from '../sql.ts';

export type LedgerRow = {
  tenant: string;
  door: string;
  sender: string;
  minute: number;
  received: number;
  bytes: number;
  evaluated: number;
  kernel_drops: number;
  stored: number;
  quarantined: number;
  asked_at: number;
};
export type LedgerReasonRow = {
  tenant: string;
  door: string;
  sender: string;
  minute: number;
  kind: string;
  reason: string;
  n: number;
};

/** `minute` is the start of the minute of receipt, microseconds. */
export type LedgerKey = {
  readonly tenant: string;
  readonly door: string;
  readonly sender: string;
  readonly minute: number;
};
/** What to add. Absent means 0. Reasons are our own closed words, so a record is safe here. */
export type LedgerDelta = LedgerKey & {
  readonly received?: number;
  readonly bytes?: number;
  readonly evaluated?: number;
  readonly kernelDrops?: number;
  readonly dropped?: Readonly<Record<string, number>>;
  readonly failed?: Readonly<Record<string, number>>;
};
/** What the event store holds, when it was last asked. Replaces the earlier answer. */
export type LedgerStored = LedgerKey & {
  readonly stored: number;
  readonly quarantined: number;
  readonly askedAt: number;
};
export type LedgerEntry = LedgerKey & {
  readonly received: number;
  readonly bytes: number;
  readonly evaluated: number;
  readonly kernelDrops: number;
  readonly stored: number;
  readonly quarantined: number;
  /** 0 = the store was never asked. */
  readonly askedAt: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
};

type Reasons = { readonly dropped: Record<string, number>; readonly failed: Record<string, number> };
const noReasons = (): Reasons => ({
  dropped: Object.create(null) as Record<string, number>,
  failed: Object.create(null) as Record<string, number>,
});

export const ledgerFromRow = (r: LedgerRow, reasons: Reasons): LedgerEntry => ({
  tenant: r.tenant,
  door: r.door,
  sender: r.sender,
  minute: r.minute,
  received: r.received,
  bytes: r.bytes,
  evaluated: r.evaluated,
  kernelDrops: r.kernel_drops,
  stored: r.stored,
  quarantined: r.quarantined,
  askedAt: r.asked_at,
  dropped: reasons.dropped,
  failed: reasons.failed,
});

const ADD = `insert into ledger (tenant, door, sender, minute, received, bytes, evaluated, kernel_drops)
  values (?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (minute, tenant, door, sender) do update set
    received = ledger.received + excluded.received, bytes = ledger.bytes + excluded.bytes,
    evaluated = ledger.evaluated + excluded.evaluated, kernel_drops = ledger.kernel_drops + excluded.kernel_drops`;
const ADD_REASON = `insert into ledger_reasons (tenant, door, sender, minute, kind, reason, n) values (?, ?, ?, ?, ?, ?, ?)
  on conflict (minute, tenant, door, sender, kind, reason) do update set n = ledger_reasons.n + excluded.n`;
const SET_STORED = `insert into ledger (tenant, door, sender, minute, stored, quarantined, asked_at) values (?, ?, ?, ?, ?, ?, ?)
  on conflict (minute, tenant, door, sender) do update set
    stored = excluded.stored, quarantined = excluded.quarantined, asked_at = excluded.asked_at`;

export function addLedger(sql: Sql, d: LedgerDelta): void {
  sql.exec(ADD, [
    d.tenant,
    d.door,
    d.sender,
    d.minute,
    d.received ?? 0,
    d.bytes ?? 0,
    d.evaluated ?? 0,
    d.kernelDrops ?? 0,
  ]);
  for (const [kind, reasons] of [
    ['dropped', d.dropped],
    ['failed', d.failed],
  ] as const) {
    for (const [reason, n] of Object.entries(reasons ?? {})) {
      if (n !== 0) sql.exec(ADD_REASON, [d.tenant, d.door, d.sender, d.minute, kind, reason, n]);
    }
  }
}

export function setStored(sql: Sql, s: LedgerStored): void {
  sql.exec(SET_STORED, [s.tenant, s.door, s.sender, s.minute, s.stored, s.quarantined, s.askedAt]);
}

type Range = { readonly tenants: readonly string[]; readonly from: number; readonly to: number };

/** Older lines are added up over at least this long, and over at least this part of what is older. */
const COARSE_US_MIN = 3600e6;
const COARSE_PARTS = 100;

/**
 * Entries whose minute lies in [from, to), oldest first. The newest `limit` are single minutes; older ones are added up per
 * sender over an hour or more, under the latest minute that each holds. So nothing is left out, however many senders.
 */
export async function readLedger(
  sql: Sql,
  range: Range & { readonly limit: number },
): Promise<LedgerEntry[]> {
  const fine = fineFrom(sql, range, range.limit);
  const rows = await sql.db
    .selectFrom('ledger')
    .selectAll()
    .where('minute', '>=', fine)
    .where('minute', '<', range.to)
    .where('tenant', 'in', [...range.tenants])
    .orderBy('minute')
    .execute();
  const reasonRows = await sql.db
    .selectFrom('ledger_reasons')
    .selectAll()
    .where('minute', '>=', fine)
    .where('minute', '<', range.to)
    .where('tenant', 'in', [...range.tenants])
    .execute();
  const older = fine > range.from ? coarse(sql, { ...range, to: fine }) : [];
  return [...older, ...joined(rows, reasonRows, (r) => r.minute)];
}

/** The minute from which on there are at most `limit` lines; `from` where there are not more in all. */
function fineFrom(sql: Sql, range: Range, limit: number): number {
  const beyond = sql.first(
    sql.db
      .selectFrom('ledger')
      .select('minute')
      .where('minute', '>=', range.from)
      .where('minute', '<', range.to)
      .where('tenant', 'in', [...range.tenants])
      .orderBy('minute', 'desc')
      .offset(limit)
      .limit(1),
  );
  return beyond === undefined ? range.from : beyond.minute + 1;
}

function coarse(sql: Sql, range: Range): LedgerEntry[] {
  const where = `minute >= ? and minute < ? and tenant in (${range.tenants.map(() => '?').join(', ')})`;
  const values = [range.from, range.to, ...range.tenants];
  const first = Number(sql.rows(`select min(minute) as m from ledger where ${where}`, values)[0]?.['m'] ?? 0);
  const part = Math.ceil(Math.max(COARSE_US_MIN, (range.to - first) / COARSE_PARTS));
  // Both are numbers of ours; bound ones would be divided as floating point.
  const bucket = `(minute - ${first}) / ${part}`;
  const rows = sql.rows(
    `select tenant, door, sender, ${bucket} as bucket, max(minute) as minute, sum(received) as received, sum(bytes) as bytes,
       sum(evaluated) as evaluated, sum(kernel_drops) as kernel_drops, sum(stored) as stored,
       sum(quarantined) as quarantined, min(asked_at) as asked_at
     from ledger where ${where} group by bucket, tenant, door, sender order by bucket, minute`,
    values,
  );
  const reasons = sql.rows(
    `select tenant, door, sender, ${bucket} as bucket, kind, reason, sum(n) as n
     from ledger_reasons where ${where} group by bucket, tenant, door, sender, kind, reason`,
    values,
  );
  type Bucketed = { bucket: number };
  return joined(rows as (LedgerRow & Bucketed)[], reasons as (LedgerReasonRow & Bucketed)[], (r) => r.bucket);
}

type Named = { tenant: string; door: string; sender: string };

/** Lines with their reasons; `when` tells which belong together. */
function joined<R extends LedgerRow, Q extends Omit<LedgerReasonRow, 'minute'>>(
  rows: readonly R[],
  reasonRows: readonly Q[],
  when: (r: R | Q) => number,
): LedgerEntry[] {
  const keyOf = (r: Named, at: number): string => JSON.stringify([at, r.tenant, r.door, r.sender]);
  const reasons = new Map<string, Reasons>();
  for (const r of reasonRows) {
    const key = keyOf(r, when(r));
    const at = reasons.get(key) ?? noReasons();
    reasons.set(key, at);
    (r.kind === 'failed' ? at.failed : at.dropped)[r.reason] = r.n;
  }
  return rows.map((r) => ledgerFromRow(r, reasons.get(keyOf(r, when(r))) ?? noReasons()));
}

export const deleteLedgerBefore = (sql: Sql, minute: number): number =>
  sql.run(sql.db.deleteFrom('ledger_reasons').where('minute', '<', minute)) +
  sql.run(sql.db.deleteFrom('ledger').where('minute', '<', minute));
export const deleteLedgerOf = (sql: Sql, tenant: string): number =>
  sql.run(sql.db.deleteFrom('ledger_reasons').where('tenant', '=', tenant)) +
  sql.run(sql.db.deleteFrom('ledger').where('tenant', '=', tenant));
