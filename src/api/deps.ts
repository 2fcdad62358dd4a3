/**
 * What the API needs from the rest of Vigil, as types only: the wiring passes the implementations in. Times are
 * integer microseconds. The store's `ControlStore` satisfies `ApiControl` (held by `api-fixture.test.ts`).
 */
import type { Readable } from 'node:stream';
import type { Log } from '../base/log.ts';
import type { Alert, AlertStatus, Severity } from '../model/alert.ts';
import type {
  AuditEntry,
  BacktestResult,
  EventDetail,
  FieldInfo,
  LedgerReport,
  LiveMessage,
  Overview,
  Role,
  ExceptionWhere,
  RuleCoverage,
  RuleDetail,
  RuleException,
  RuleInfo,
  RuleList,
  RuleMode,
  RuleTest,
  RuleVersionText,
  SearchAssist,
  SearchRequest,
  SearchResult,
  SenderInfo,
  Status,
  TenantInfo,
} from './contract.ts';

export type UserRecord = {
  readonly name: string;
  /** argon2id, PHC form. */
  readonly hash: string;
  readonly role: Role;
  readonly mustChangePassword: boolean;
  readonly createdAt: number;
  readonly lastLogin: number;
};
export type SessionRecord = {
  /** SHA-256 of the id, hex. */
  readonly hash: string;
  readonly user: string;
  readonly address: string;
  readonly createdAt: number;
  readonly seenAt: number;
  readonly expiresAt: number;
};
export type TokenScope = 'ingest' | 'read' | 'admin';
export type TokenRecord = {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly scope: TokenScope;
  readonly sources: readonly string[];
  readonly tenant: string;
  readonly createdBy: string;
  readonly lastFrom: string;
  readonly createdAt: number;
  /** 0 = never. */
  readonly expiresAt: number;
  readonly lastUsed: number;
  /** 0 = in force. */
  readonly revokedAt: number;
};
export type ListRecord = {
  readonly name: string;
  readonly kind: 'text' | 'domain' | 'cidr' | 'issuer';
  readonly values: readonly string[];
  readonly updatedBy: string;
  readonly validFrom: number;
};
export type AlertQuery = {
  readonly tenant: string;
  readonly status?: AlertStatus;
  readonly severity?: Severity;
  readonly q?: string;
  readonly sort: 'newest' | 'severity';
  readonly before?: { readonly openedAt: number; readonly id?: string };
  readonly limit: number;
};
type AlertAction = { id: string; tenants: readonly string[]; at: number; by: string };
type Gone = 'done' | 'unknown' | 'last_admin';

/** The control database, as far as the API uses it. Each change takes the audit entry written in the same transaction. */
export type ApiControl = {
  user(name: string): Promise<UserRecord | undefined>;
  users(): Promise<UserRecord[]>;
  createUser(user: UserRecord, audit: AuditEntry): Promise<boolean>;
  setPassword(
    name: string,
    change: { hash: string; mustChange: boolean; keepSession: string },
    audit: AuditEntry,
  ): Promise<boolean>;
  setRole(name: string, role: Role, audit: AuditEntry): Promise<Gone>;
  deleteUser(name: string, audit: AuditEntry): Promise<Gone>;
  session(hash: string): Promise<SessionRecord | undefined>;
  createSession(s: SessionRecord, audit: AuditEntry): Promise<void>;
  touchSession(hash: string, at: number): Promise<void>;
  endSession(hash: string, audit: AuditEntry): Promise<boolean>;
  token(id: string): Promise<TokenRecord | undefined>;
  tokens(): Promise<TokenRecord[]>;
  createToken(t: TokenRecord, audit: AuditEntry): Promise<void>;
  revokeToken(id: string, at: number, audit: AuditEntry): Promise<boolean>;
  touchToken(id: string, at: number, from: string, audit?: AuditEntry): Promise<void>;
  audit(a: AuditEntry): Promise<void>;
  auditPage(page: { before?: number; limit: number }): Promise<AuditEntry[]>;
  alertPage(query: AlertQuery): Promise<{
    alerts: readonly Alert[];
    total: number;
    counts: Readonly<Record<AlertStatus, number>>;
  }>;
  alert(id: string, tenants: readonly string[]): Promise<Alert | undefined>;
  relatedAlerts(alert: Alert, limit: number): Promise<Alert[]>;
  setAlertStatus(
    a: AlertAction,
    set: { status: AlertStatus; reason: string },
    audit: AuditEntry,
  ): Promise<Alert | undefined>;
  setAlertAssignee(a: AlertAction, assignee: string, audit: AuditEntry): Promise<Alert | undefined>;
  addAlertNote(a: AlertAction, text: string, audit: AuditEntry): Promise<Alert | undefined>;
  lists(): ListRecord[];
  setList(list: ListRecord, audit: AuditEntry): Promise<ListRecord>;
};

/** A query that does not compile: where in the text, and what would have been right. */
export type QueryProblem = {
  readonly kind: 'problem';
  readonly message: string;
  readonly position?: { readonly start: number; readonly end: number };
  readonly expected?: readonly string[];
  readonly suggestion?: string;
};

/** A request to the ingest door, authenticated and not yet read: the very shape that `src/collect` takes. */
export type IngestRequest = {
  /** The raw body: bounds, decompression and framing are the handler's, which must consume or destroy it. */
  readonly stream: Readable;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Peer address without port. */
  readonly peer: string;
  /** `sources` empty: the token may write any source. */
  readonly token: { readonly id: string; readonly tenant: string; readonly sources: readonly string[] };
};
export type IngestAnswer = {
  readonly status: number;
  /** `IngestResult` or `ApiError`. */
  readonly body: unknown;
  readonly retryAfterSeconds?: number;
};
export type IngestHandler = (request: IngestRequest) => Promise<IngestAnswer>;

/** Who changes a rule, and the audit entry of the route's action about `object`. */
export type RuleActor = {
  readonly who: string;
  readonly from: string;
  /** Microseconds. */
  readonly at: number;
  audit(object: string, outcome: string, detail?: unknown): AuditEntry;
};
/** What a change of a rule came to; a refusal says why, for people. */
export type RuleOutcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly reason: string };
export type ExceptionInput = {
  readonly title: string;
  readonly where: readonly ExceptionWhere[];
  readonly owner: string;
  readonly reason: string;
  /** Microseconds. */
  readonly expiresAt: number;
};
export type ApiRules = {
  list(): Promise<RuleList>;
  /** Without what has to be asked of the store. */
  info(id: string): RuleInfo | undefined;
  detail(id: string): Promise<RuleDetail | undefined>;
  version(id: string, n: number): RuleVersionText | undefined;
  tests(id: string): Promise<readonly RuleTest[] | undefined>;
  coverage(): Promise<RuleCoverage>;
  exceptions(): readonly RuleException[];
  setMode(
    id: string,
    set: { readonly mode: RuleMode; readonly reason: string },
    by: RuleActor,
  ): Promise<RuleOutcome<true>>;
  /** `ids` undefined: all that are proposed. How many were accepted. */
  accept(ids: readonly string[] | undefined, by: RuleActor): Promise<RuleOutcome<number>>;
  rollback(
    id: string,
    to: { readonly version: number; readonly reason: string },
    by: RuleActor,
  ): Promise<RuleOutcome<true>>;
  except(id: string, input: ExceptionInput, by: RuleActor): Promise<RuleOutcome<RuleException>>;
  endException(id: string, by: RuleActor): Promise<RuleOutcome<true>>;
};

export type BacktestAsked = {
  readonly tenant: string;
  /** Id, name, title or file of a rule in force, or of one in `yaml`. */
  readonly rule: string;
  /** A rule that is not in force yet. */
  readonly yaml?: string;
  /** Event time, microseconds. */
  readonly from: number;
  readonly to: number;
  /** By lists as they are, or as they were. */
  readonly lists: 'now' | 'then';
};
export type BacktestAnswer =
  | { readonly kind: 'done'; readonly value: BacktestResult }
  | { readonly kind: 'problem' | 'busy'; readonly message: string };

export type ApiDeps = {
  readonly version: string;
  readonly control: ApiControl;
  readonly log: Log;
  /** The clock, microseconds. */
  now(): number;
  /** `default`, and `demo` while the demo is there. */
  tenants(): readonly TenantInfo[];
  demo(): boolean;
  overview(range: { tenant: string; from: number; to: number }): Promise<Overview>;
  /** `signal` aborts when the asker is gone. */
  search(request: SearchRequest, by: { signal: AbortSignal }): Promise<SearchResult | QueryProblem>;
  fields(): readonly FieldInfo[];
  assist(query: string, cursor: number): SearchAssist;
  event(tenant: string, id: string): Promise<EventDetail | undefined>;
  ledger(range: { tenants: readonly string[]; from: number; to: number }): Promise<LedgerReport>;
  senders(tenants: readonly string[]): Promise<readonly SenderInfo[]>;
  readonly rules: ApiRules;
  backtest(asked: BacktestAsked, by: { signal: AbortSignal }): Promise<BacktestAnswer>;
  status(): Promise<Status>;
  /** Sends live messages about these tenants until the returned function is called. */
  live(tenants: readonly string[], send: (m: LiveMessage) => void): () => void;
  readonly ingest: IngestHandler;
};
