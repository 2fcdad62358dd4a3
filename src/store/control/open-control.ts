/**
 * Opens the control database: SQLite in WAL mode with `synchronous=FULL` (a commit is on disk when it returns), file
 * mode 0600, migrated to the present format. One process writes; a second one waits up to BUSY_MS for a commit.
 */
import { chmodSync, closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Alert } from '../../model/alert.ts';
import { commitBatch, committedBatch } from './commit.ts';
import type {
  AccessPart,
  AlertAction,
  AnalystPart,
  ControlStore,
  PipelinePart,
  RulesPart,
} from './control-store.ts';
import { latePart } from './late-part.ts';
import { migrate } from './migrate.ts';
import { Recorder } from './record.ts';
import { rulesPart } from './rules-part.ts';
import { Sql } from './sql.ts';
import * as alertLists from './tables/alert-lists.ts';
import * as alerts from './tables/alerts.ts';
import { type AuditRecord, auditPage } from './tables/audit.ts';
import * as checkpoints from './tables/checkpoints.ts';
import * as dedup from './tables/dedup.ts';
import * as ledger from './tables/ledger.ts';
import * as lists from './tables/lists.ts';
import * as outbox from './tables/outbox.ts';
import { deleteRiskBefore } from './tables/risk-counts.ts';
import { deleteVersionsBefore } from './tables/rule-versions.ts';
import { allRuleStats } from './tables/rule-stats.ts';
import * as sessions from './tables/sessions.ts';
import { getSetting, setSetting } from './tables/settings.ts';
import * as tokens from './tables/tokens.ts';
import * as users from './tables/users.ts';

/** How long a write waits for another process (the offline password reset), milliseconds. */
const BUSY_MS = 5000;

/** @throws ControlFormatError where the file is of a newer format or not ours; its message is for people. */
export function openControl(path: string): ControlStore {
  if (path !== ':memory:') {
    // Made with the right mode before SQLite opens it; the -wal and -shm files take their mode from it.
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  }
  const raw = new DatabaseSync(path, { timeout: BUSY_MS });
  raw.exec('pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off;');
  const sql = new Sql(raw);
  try {
    migrate(sql, path);
  } catch (e) {
    sql.close();
    throw e;
  }
  const recorder = new Recorder(sql);
  const alertListeners = new Set<(alert: Alert) => void>();
  const listListeners = new Set<(list: lists.List) => void>();
  return {
    ...pipelinePart(sql, alertListeners, listListeners),
    ...accessPart(sql, recorder),
    ...analystPart(sql, recorder, alertListeners, listListeners),
    ...(rulesPart(sql, recorder) satisfies RulesPart),
    ...latePart(sql),
    close: () => sql.close(),
  };
}

function listen<T>(set: Set<(t: T) => void>, f: (t: T) => void): () => void {
  set.add(f);
  return () => void set.delete(f);
}

function pipelinePart(
  sql: Sql,
  alertListeners: Set<(alert: Alert) => void>,
  listListeners: Set<(list: lists.List) => void>,
): PipelinePart {
  return {
    commitBatch: (tx) => commitBatch(sql, tx),
    committedBatch: () => committedBatch(sql),
    addLedger: (deltas) => sql.tx(() => deltas.forEach((d) => void ledger.addLedger(sql, d))),
    setStored: (lines) => sql.tx(() => lines.forEach((l) => void ledger.setStored(sql, l))),
    checkpoint: (kind, name) => checkpoints.getCheckpoint(sql, kind, name),
    putCheckpoint: (c) => checkpoints.putCheckpoint(sql, c),
    alertStatus: (id) => alerts.alertStatus(sql, id),
    onHumanChange: (f) => listen(alertListeners, f),
    dueOutbox: (now, limit) => outbox.dueOutbox(sql, now, limit),
    outboxDone: (id, channel, at) => outbox.outboxDone(sql, id, channel, at),
    outboxFailed: (item) => outbox.outboxFailed(sql, item),
    dedupSince: (since, limit) => dedup.dedupSince(sql, since, limit),
    ruleStats: () => allRuleStats(sql),
    lists: (at) => lists.listsAt(sql, at),
    listVersions: (since) => lists.listVersions(sql, since),
    onListChange: (f) => listen(listListeners, f),
    setting: (key) => getSetting(sql, key),
    setSetting: (key, value) => setSetting(sql, key, value),
    housekeep: (before) =>
      sql.tx(
        () =>
          sessions.deleteSessionsBefore(sql, before.now, before.sessionIdleUs) +
          dedup.deleteDedupBefore(sql, before.dedup) +
          ledger.deleteLedgerBefore(sql, before.ledger) +
          outbox.deleteOutboxBefore(sql, before.outbox) +
          (before.risk === undefined ? 0 : deleteRiskBefore(sql, before.risk)) +
          (before.versions === undefined ? 0 : deleteVersionsBefore(sql, before.versions)),
      ),
  };
}

function accessPart(sql: Sql, recorder: Recorder): AccessPart {
  /** Runs the change and, where it did something, its audit, together. */
  const audited = <T>(audit: AuditRecord, done: (t: T) => boolean, change: () => T): T =>
    sql.tx(() => {
      const out = change();
      if (done(out)) recorder.write(audit);
      return out;
    });
  const yes = (b: boolean): boolean => b;
  const whenDone = (s: string): boolean => s === 'done';
  return {
    user: async (name) => users.getUser(sql, name),
    users: async () => users.listUsers(sql),
    createUser: async (user, audit) => audited(audit, yes, () => users.insertUser(sql, user)),
    setPassword: async (name, c, audit) =>
      audited(audit, yes, () => {
        sessions.deleteSessionsOf(sql, name, c.keepSession);
        return users.patchUser(sql, name, { hash: c.hash, mustChangePassword: c.mustChange });
      }),
    setRole: async (name, role, audit) =>
      audited(audit, whenDone, () => {
        if (users.getUser(sql, name) === undefined) return 'unknown' as const;
        if (role !== 'admin' && users.otherAdmins(sql, name) === 0) return 'last_admin' as const;
        users.patchUser(sql, name, { role });
        sessions.deleteSessionsOf(sql, name);
        return 'done' as const;
      }),
    deleteUser: async (name, audit) =>
      audited(audit, whenDone, () => {
        if (users.getUser(sql, name) === undefined) return 'unknown' as const;
        if (users.otherAdmins(sql, name) === 0) return 'last_admin' as const;
        sessions.deleteSessionsOf(sql, name);
        users.deleteUser(sql, name);
        return 'done' as const;
      }),
    session: async (hash) => sessions.getSession(sql, hash),
    createSession: async (s, audit) =>
      sql.tx(() => {
        sessions.insertSession(sql, s);
        users.patchUser(sql, s.user, { lastLogin: s.createdAt });
        recorder.write(audit);
      }),
    touchSession: async (hash, at) => sessions.touchSession(sql, hash, at),
    endSession: async (hash, audit) => audited(audit, yes, () => sessions.deleteSession(sql, hash)),
    token: async (id) => tokens.getToken(sql, id),
    tokens: async () => tokens.listTokens(sql),
    createToken: async (t, audit) =>
      sql.tx(() => {
        tokens.insertToken(sql, t);
        recorder.write(audit);
      }),
    revokeToken: async (id, at, audit) => audited(audit, yes, () => tokens.revokeToken(sql, id, at)),
    touchToken: async (id, at, from, audit) =>
      sql.tx(() => {
        tokens.touchToken(sql, id, at, from);
        if (audit !== undefined) recorder.write(audit);
      }),
    audit: async (a) => recorder.write(a),
    auditPage: async (page) => auditPage(sql, page),
  };
}

function analystPart(
  sql: Sql,
  recorder: Recorder,
  alertListeners: ReadonlySet<(alert: Alert) => void>,
  listListeners: ReadonlySet<(list: lists.List) => void>,
): AnalystPart {
  const change = (
    a: AlertAction,
    c: Pick<alerts.HumanChange, 'step' | 'set'>,
    audit: AuditRecord,
  ): Alert | undefined => {
    const after = sql.tx(() => {
      const alert = alerts.changeAlert(sql, { ...a, ...c });
      if (alert !== undefined) recorder.write(audit);
      return alert;
    });
    if (after !== undefined) for (const f of alertListeners) f(after);
    return after;
  };
  return {
    alertPage: (filter) => alertLists.alertPage(sql, filter),
    alert: async (id, tenants) => alerts.getAlert(sql, id, tenants),
    relatedAlerts: (alert, limit) => alertLists.relatedAlerts(sql, alert, limit),
    openAlertCounts: (tenant) => alertLists.openAlertCounts(sql, tenant),
    alertHistogram: async (range) => alertLists.alertHistogram(sql, range),
    setAlertStatus: async (a, set, audit) => {
      const text = set.reason === '' ? set.status : `${set.status}: ${set.reason}`;
      return change(a, { step: { kind: 'status', text }, set }, audit);
    },
    setAlertAssignee: async (a, assignee, audit) => {
      const text = assignee === '' ? 'assigned to nobody' : `assigned to ${assignee}`;
      return change(a, { step: { kind: 'status', text }, set: { assignee } }, audit);
    },
    addAlertNote: async (a, text, audit) => change(a, { step: { kind: 'note', text }, set: {} }, audit),
    ledger: (range) => ledger.readLedger(sql, range),
    setList: async (list, audit) => {
      const made = sql.tx(() => {
        recorder.write(audit);
        return lists.putList(sql, list);
      });
      for (const f of listListeners) f(made);
      return made;
    },
    removeTenant: async (tenant, audit) =>
      sql.tx(() => {
        alerts.deleteAlertsOf(sql, tenant);
        ledger.deleteLedgerOf(sql, tenant);
        dedup.deleteDedupOf(sql, tenant);
        recorder.write(audit);
      }),
  };
}
