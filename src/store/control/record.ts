/**
 * Writing the audit, and with it the built-in alert of a change that weakens detection (`model/weakening.ts`): one
 * transaction for change, audit, alert and its notifications.
 *
 * An alert is folded into the actor's open and untouched one of the last day, unless it is graver: a hundred changes are
 * one alert with an exact count. Held by `src/api/weakening.int.test.ts`.
 */
import { createHash } from 'node:crypto';
import { type Alert, type AlertStep, SEVERITIES } from '../../model/alert.ts';
import { WEAKENED_RULE, WEAKENED_TITLE, type Weakening, weakeningOf } from '../../model/weakening.ts';
import type { Sql } from './sql.ts';
import { getAlert, putAlert } from './tables/alerts.ts';
import { type AuditRecord, appendAudit } from './tables/audit.ts';
import { putOutbox } from './tables/outbox.ts';

const TENANT = 'default';
const FOLD_US = 24 * 3600e6;
/** Changes told one by one in an alert; the count is exact. */
const STEPS_MAX = 50;

export type Raised = { readonly kind: 'opened' | 'updated'; readonly alert: Alert };

export class Recorder {
  readonly #sql: Sql;
  readonly #listeners = new Set<(r: Raised) => void>();
  /** Notification channels that hear of built-in alerts. */
  channels: readonly string[] = [];

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Called after the transaction, in a later turn. Returns how to stop listening. */
  onRaised(listen: (r: Raised) => void): () => void {
    this.#listeners.add(listen);
    return () => void this.#listeners.delete(listen);
  }

  /** Appends the audit; raises the alert where the change weakens detection. */
  write(a: AuditRecord): void {
    const w = weakeningOf(a);
    if (w === undefined) return appendAudit(this.#sql, a);
    const raised = this.#sql.tx(() => {
      appendAudit(this.#sql, a);
      return this.#raise(a, w);
    });
    queueMicrotask(() => {
      for (const f of this.#listeners) f(raised);
    });
  }

  #raise(a: AuditRecord, w: Weakening): Raised {
    const open = this.#open(a, w);
    const alert = open === undefined ? newAlert(a, w, this.#last(a.who)) : folded(open, a, w);
    putAlert(this.#sql, alert);
    if (open !== undefined) return { kind: 'updated', alert };
    const id = createHash('sha256').update(`${alert.id}\0opened`).digest('hex').slice(0, 32);
    for (const channel of this.channels)
      putOutbox(this.#sql, {
        id,
        channel,
        alert: alert.id,
        event: 'opened',
        payload: JSON.stringify(alert),
        createdAt: a.at,
      });
    return { kind: 'opened', alert };
  }

  #open(a: AuditRecord, w: Weakening): Alert | undefined {
    const id = this.#sql.rows(
      `select id from alerts where actor = ? and status = 'new' and updated_at > ? and severity_rank >= ? order by opened_at desc limit 1`,
      [a.who, a.at - FOLD_US, SEVERITIES.indexOf(w.severity)],
    )[0]?.['id'];
    return typeof id === 'string' ? getAlert(this.#sql, id, [TENANT]) : undefined;
  }

  #last(who: string): string {
    const id = this.#sql.rows('select id from alerts where actor = ? order by opened_at desc limit 1', [
      who,
    ])[0]?.['id'];
    return typeof id === 'string' ? id : '';
  }
}

const stepOf = (a: AuditRecord, w: Weakening): AlertStep => ({
  at: a.at,
  kind: 'note',
  text: `${a.who} ${w.what} (${a.from})`,
  by: 'vigil',
});

function newAlert(a: AuditRecord, w: Weakening, follows: string): Alert {
  const id = createHash('sha256')
    .update(JSON.stringify([WEAKENED_RULE, a.who, a.action, a.object, a.at, w.what]))
    .digest('hex')
    .slice(0, 32);
  return {
    id,
    tenant: TENANT,
    origin: 'live',
    actor: a.who,
    rule: WEAKENED_RULE,
    ruleTitle: WEAKENED_TITLE,
    ruleVersion: '1',
    author: 'Vigil',
    key: [`actor=${a.who}`],
    severity: w.severity,
    sentence: `${a.who} ${w.what}`,
    attack: ['T1562', 'defense-evasion'],
    status: 'new',
    assignee: '',
    reason: '',
    firstSeen: a.at,
    lastSeen: a.at,
    openedAt: a.at,
    updatedAt: a.at,
    count: 1,
    entities: a.who.startsWith('user:') ? [a.who] : [],
    hosts: [],
    hostCount: 0,
    events: [],
    eventRefs: [],
    nextSteps: [
      'Ask the one who did it, by another way than this console, whether it was meant.',
      'If it was not: undo it, end their sessions and tokens, and look at what else they did in the audit.',
      'The one who did it cannot close this alert; somebody else can.',
    ],
    steps: [
      { at: a.at, kind: 'opened', text: `opened: ${WEAKENED_TITLE.toLowerCase()}`, by: 'vigil' },
      stepOf(a, w),
    ],
    late: false,
    follows,
  };
}

function folded(open: Alert, a: AuditRecord, w: Weakening): Alert {
  const steps = open.steps.length < STEPS_MAX ? [...open.steps, stepOf(a, w)] : open.steps;
  return {
    ...open,
    count: open.count + 1,
    lastSeen: Math.max(open.lastSeen, a.at),
    updatedAt: Math.max(open.updatedAt, a.at),
    sentence: `${a.who} made ${open.count + 1} changes that weaken detection; the last: ${w.what}`,
    steps,
  };
}
