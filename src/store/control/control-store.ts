/**
 * The control store as the rest of Vigil sees it. Methods that return promises are the API's and the command line's;
 * the others are synchronous, for the pipeline. Every change by a person takes the audit record that is written in the same
 * transaction; a change that finds nothing to change returns false or undefined and writes no audit. Times: microseconds.
 */
import type { Alert, AlertChange, AlertStatus, Severity } from '../../model/alert.ts';
import type { BatchCommit } from './commit.ts';
import type { Raised } from './record.ts';
import type { AlertStretch } from './tables/alerts.ts';
import type { AlertBucket, AlertFilter, AlertList } from './tables/alert-lists.ts';
import type { AuditRecord } from './tables/audit.ts';
import type { Checkpoint } from './tables/checkpoints.ts';
import type { DedupKey } from './tables/dedup.ts';
import type { Exception, ExceptionFact } from './tables/exceptions.ts';
import type { LateWork } from './tables/late.ts';
import type { LedgerDelta, LedgerEntry, LedgerStored } from './tables/ledger.ts';
import type { List } from './tables/lists.ts';
import type { OutboxInput, OutboxItem } from './tables/outbox.ts';
import type { RiskCount } from './tables/risk-counts.ts';
import type { RuleModeSetting } from './tables/rule-modes.ts';
import type { RuleStat } from './tables/rule-stats.ts';
import type { Noted, RuleChanges, RuleRollback, RuleText, RuleVersion } from './tables/rule-versions.ts';
import type { Session } from './tables/sessions.ts';
import type { Token } from './tables/tokens.ts';
import type { User, UserRole } from './tables/users.ts';

/** Names a person's change to one alert of one of `tenants`. */
export type AlertAction = {
  readonly id: string;
  readonly tenants: readonly string[];
  readonly at: number;
  /** User name. */
  readonly by: string;
};

export type PipelinePart = {
  /** One transaction, durable on return; a batch committed before is `known` and ignored. */
  commitBatch(tx: BatchCommit): 'committed' | 'known';
  /** -1 before the first. */
  committedBatch(): number;
  /** As a commit does, of no batch. */
  addLedger(deltas: readonly LedgerDelta[]): void;
  /** The event store's own counts, as just asked. */
  setStored(lines: readonly LedgerStored[]): void;
  checkpoint(kind: Checkpoint['kind'], name: string): string | undefined;
  putCheckpoint(c: Checkpoint): void;
  /** What people say of an alert now; undefined where unknown. */
  alertStatus(id: string): AlertStatus | undefined;
  /** Called after a person changed an alert, within the same turn. Returns how to stop listening. */
  onHumanChange(listen: (alert: Alert) => void): () => void;
  dueOutbox(now: number, limit: number): OutboxItem[];
  outboxDone(id: string, channel: string, at: number): void;
  /** `nextAt` absent gives up. */
  outboxFailed(item: { id: string; channel: string; nextAt?: number; error: string }): void;
  dedupSince(since: number, limit: number): DedupKey[];
  ruleStats(): Map<string, RuleStat>;
  /** Lists in force, or those in force at `at`. */
  lists(at?: number): List[];
  /** Every version that was in force at some time after `since`, by its beginning. */
  listVersions(since: number): List[];
  onListChange(listen: (list: List) => void): () => void;
  setting(key: string): unknown;
  setSetting(key: string, value: unknown): void;
  /** Deletes what is past its time; how many rows went. */
  housekeep(before: {
    now: number;
    sessionIdleUs: number;
    dedup: number;
    ledger: number;
    outbox: number;
    /** Hours of `risk_counts`; absent keeps all. */
    risk?: number;
    /** Texts of rules that are gone; absent keeps all. */
    versions?: number;
  }): number;
};

export type AccessPart = {
  user(name: string): Promise<User | undefined>;
  users(): Promise<User[]>;
  /** False where the name is taken. */
  createUser(user: User, audit: AuditRecord): Promise<boolean>;
  /** New password hash; ends the user's sessions but for `keepSession` (a session hash, '' keeps none). */
  setPassword(
    name: string,
    change: { hash: string; mustChange: boolean; keepSession: string },
    audit: AuditRecord,
  ): Promise<boolean>;
  /** Ends the user's sessions. `last_admin`: refused, somebody must be left. */
  setRole(name: string, role: UserRole, audit: AuditRecord): Promise<'done' | 'unknown' | 'last_admin'>;
  /** Deletes the user and ends their sessions. */
  deleteUser(name: string, audit: AuditRecord): Promise<'done' | 'unknown' | 'last_admin'>;
  session(hash: string): Promise<Session | undefined>;
  /** Also notes the user's last login. */
  createSession(s: Session, audit: AuditRecord): Promise<void>;
  touchSession(hash: string, at: number): Promise<void>;
  endSession(hash: string, audit: AuditRecord): Promise<boolean>;
  token(id: string): Promise<Token | undefined>;
  /** Not revoked, expired ones included. */
  tokens(): Promise<Token[]>;
  createToken(t: Token, audit: AuditRecord): Promise<void>;
  revokeToken(id: string, at: number, audit: AuditRecord): Promise<boolean>;
  touchToken(id: string, at: number, from: string, audit?: AuditRecord): Promise<void>;
  audit(a: AuditRecord): Promise<void>;
  auditPage(page: { before?: number; limit: number }): Promise<AuditRecord[]>;
};

export type AnalystPart = {
  alertPage(filter: AlertFilter): Promise<AlertList>;
  alert(id: string, tenants: readonly string[]): Promise<Alert | undefined>;
  relatedAlerts(alert: Alert, limit: number): Promise<Alert[]>;
  openAlertCounts(tenant: string): Promise<Record<Severity, number>>;
  alertHistogram(range: {
    tenant: string;
    from: number;
    to: number;
    bucketUs: number;
  }): Promise<AlertBucket[]>;
  setAlertStatus(
    a: AlertAction,
    set: { status: AlertStatus; reason: string },
    audit: AuditRecord,
  ): Promise<Alert | undefined>;
  setAlertAssignee(a: AlertAction, assignee: string, audit: AuditRecord): Promise<Alert | undefined>;
  addAlertNote(a: AlertAction, text: string, audit: AuditRecord): Promise<Alert | undefined>;
  ledger(range: {
    tenants: readonly string[];
    from: number;
    to: number;
    limit: number;
  }): Promise<LedgerEntry[]>;
  setList(list: Omit<List, 'validTo'>, audit: AuditRecord): Promise<List>;
  /** Alerts, ledger and keys of a tenant (the demo's removal). */
  removeTenant(tenant: string, audit: AuditRecord): Promise<void>;
};

/** What came too late for its window, and what history finds of it. */
export type LatePart = {
  lateWork(): LateWork[];
  /** Alerts of the rule and lane whose episode meets this stretch of event time. */
  alertsOverlapping(of: AlertStretch): Alert[];
  /** One transaction: alerts, notifications, and the work as done (unless more of it came meanwhile). */
  commitLate(c: {
    readonly work: LateWork;
    readonly alerts: readonly AlertChange[];
    readonly outbox: readonly OutboxInput[];
  }): void;
};

/** Rules as people change them: modes, versions, roll-backs, exceptions. */
export type RulesPart = {
  ruleModes(): Map<string, RuleModeSetting>;
  /** All or none, under one audit entry. */
  setRuleModes(sets: readonly RuleModeSetting[], audit: AuditRecord): Promise<void>;
  /** The texts in force now: writes what changed since the last call; `audit` says what goes on record of it. */
  noteRuleVersions(
    texts: readonly RuleText[],
    by: Noted,
    audit: (c: RuleChanges) => AuditRecord | undefined,
  ): RuleChanges;
  ruleVersions(rule: string): RuleVersion[];
  ruleVersion(rule: string, n: number): (RuleVersion & RuleText) | undefined;
  rollbacks(): Map<string, RuleRollback>;
  setRollback(r: RuleRollback, audit: AuditRecord): Promise<void>;
  /** It no longer applies: the file has another version. */
  dropRollback(rule: string): void;
  exceptions(at: number): { inForce: Exception[]; over: Exception[] };
  /** Those in force, without their texts. */
  exceptionFacts(at: number): ExceptionFact[];
  createException(e: Exception, audit: AuditRecord): Promise<void>;
  /** False where it is not in force. */
  endException(id: string, end: { at: number; by: string }, audit: AuditRecord): Promise<boolean>;
  /** Modes, roll-backs or exceptions changed. Returns how to stop listening. */
  onRulesChange(listen: () => void): () => void;
  riskCountsOf(of: { tenant: string; entity: string; since: number }): RiskCount[];
  /** Writes an audit entry of Vigil's own, with the alert that it may raise. */
  record(a: AuditRecord): void;
  /** Built-in alerts, in a later turn. Returns how to stop listening. */
  onRaised(listen: (r: Raised) => void): () => void;
  /** Notification channels that hear of built-in alerts. */
  noticeChannels(names: readonly string[]): void;
};

export type ControlStore = PipelinePart & AccessPart & AnalystPart & RulesPart & LatePart & { close(): void };
