/**
 * The HTTP API's shapes, shared with the web UI and the CLI. Base path `/api/v1`. Times are integer microseconds UTC.
 * Errors: HTTP status and `ApiError`. Every route but `POST /session` and `GET /status/public` needs a session cookie
 * or a bearer token with scope `read` or `admin`.
 *
 * GET  /api/v1/status/public            -> PublicStatus
 * POST /api/v1/session                  LoginRequest -> Me            (sets the session cookie)
 * GET  /api/v1/session                  -> Me
 * DELETE /api/v1/session                -> 204
 * POST /api/v1/session/password         {current, next} -> 204
 * GET  /api/v1/overview?tenant&from&to  -> Overview
 * GET  /api/v1/live?tenant              -> text/event-stream of LiveMessage (one a second, and each alert change)
 * POST /api/v1/search                   SearchRequest -> SearchResult
 * GET  /api/v1/fields                   -> FieldInfo[]
 * GET  /api/v1/events/:id?tenant        -> EventDetail
 * GET  /api/v1/alerts?tenant&status&severity&q&sort&before&limit -> AlertPage (sort: newest|severity; before: `openedAt` or `openedAt:id`)
 * GET  /api/v1/alerts/:id               -> AlertDetail
 * POST /api/v1/alerts/:id/status        {status, reason} -> Alert
 * POST /api/v1/alerts/:id/assignee      {assignee} -> Alert
 * POST /api/v1/alerts/:id/note          {text} -> Alert
 * POST /api/v1/search/assist           {query, cursor} -> SearchAssist
 * GET  /api/v1/ledger?tenant&from&to    -> LedgerReport
 * GET  /api/v1/senders?tenant           -> SenderInfo[]
 * GET  /api/v1/rules                    -> RuleList
 * GET  /api/v1/rule-summary             -> RuleSummary
 * GET  /api/v1/rule-coverage            -> RuleCoverage
 * GET  /api/v1/rules/:id                -> RuleDetail
 * GET  /api/v1/rules/:id/versions/:n    -> RuleVersionText
 * GET  /api/v1/rules/:id/tests          -> RuleTest[]
 * PUT  /api/v1/rules/:id/mode           {mode, reason?} -> RuleDetail (admin)
 * POST /api/v1/rules/:id/rollback       {version, reason?} -> RuleDetail (admin)
 * POST /api/v1/rules/:id/exceptions     {title, where, owner, reason, expiresAt} -> RuleException (analyst)
 * DELETE /api/v1/exceptions/:id         -> 204 (analyst)
 * GET  /api/v1/exceptions               -> RuleException[]
 * POST /api/v1/rules/proposals          {rules?} -> {accepted} (admin; all where none are named)
 * POST /api/v1/rules/backtest           {rule, yaml?, tenant?, from, to, lists?} -> BacktestResult (analyst)
 * GET  /api/v1/status                   -> Status
 * GET  /api/v1/lists                    -> ListInfo[]
 * PUT  /api/v1/lists/:name              {kind, values} -> ListInfo    (admin)
 * GET  /api/v1/users                    -> UserInfo[]                 (admin)
 * POST /api/v1/users                    {name, role, password?} -> UserCreated
 * POST /api/v1/users/:name/role         {role} -> 204
 * POST /api/v1/users/:name/password     -> UserCreated                (a new one, made here)
 * DELETE /api/v1/users/:name            -> 204
 * GET  /api/v1/tokens                   -> TokenInfo[]                (admin)
 * POST /api/v1/tokens                   {name, scope, sources?, tenant?, expiresAt?} -> TokenCreated
 * DELETE /api/v1/tokens/:id             -> 204
 * GET  /api/v1/audit?before&limit       -> AuditEntry[]               (admin)
 * POST /api/v1/ingest                   JSON, NDJSON or text lines -> IngestResult (bearer token with scope `ingest`)
 */
import type { Alert, AlertStatus, Severity } from '../model/alert.ts';
import type { FieldValue } from '../model/event.ts';

export type ApiError = {
  readonly error: string;
  readonly message: string;
  /** For query errors: where in the text, and what would have been right. */
  readonly position?: { readonly start: number; readonly end: number };
  readonly expected?: readonly string[];
  readonly suggestion?: string;
};

export type Role = 'viewer' | 'analyst' | 'admin';
export type PublicStatus = { readonly name: 'Vigil'; readonly version: string; readonly demo: boolean };
export type LoginRequest = { readonly user: string; readonly password: string };
export type TenantInfo = { readonly id: string; readonly title: string };
export type Me = {
  readonly user: string;
  readonly role: Role;
  readonly tenants: readonly TenantInfo[];
  readonly defaultTenant: string;
  readonly mustChangePassword: boolean;
};

export type Point = { readonly t: number; readonly n: number };
export type Top = { readonly value: string; readonly count: number };
export type Overview = {
  readonly from: number;
  readonly to: number;
  readonly bucketUs: number;
  readonly events: readonly Point[];
  readonly failures: readonly Point[];
  readonly alerts: readonly { readonly t: number; readonly bySeverity: Readonly<Record<Severity, number>> }[];
  readonly openAlerts: Readonly<Record<Severity, number>>;
  readonly topSources: readonly Top[];
  readonly topHosts: readonly Top[];
  readonly topUsers: readonly Top[];
  readonly topLogTypes: readonly Top[];
  readonly topActions: readonly Top[];
  readonly total: number;
};

export type LiveMessage =
  | {
      readonly kind: 'rate';
      readonly at: number;
      readonly eventsPerSecond: number;
      readonly pending: number;
      readonly openAlerts: number;
    }
  | { readonly kind: 'alert'; readonly change: 'opened' | 'updated' | 'escalated'; readonly alert: Alert };

export type SearchRequest = {
  readonly tenant: string;
  readonly query: string;
  readonly from: number;
  readonly to: number;
  /** Newest first; `before` continues a page: the last row's `{ts, id}`. At most 500 rows. */
  readonly limit: number;
  readonly before?: { readonly ts: number; readonly id: string };
  /** Also compute histogram and total (only for the first page). */
  readonly histogram: boolean;
};
export type EventRow = {
  readonly id: string;
  readonly ts: number;
  readonly ingested: number;
  readonly source: string;
  readonly host: string;
  readonly message: string;
  readonly action: string;
  readonly outcome: string;
  readonly user: string;
  readonly sourceIp: string;
  readonly status: string;
};
export type SearchResult = {
  readonly kind: 'events' | 'table';
  readonly rows: readonly EventRow[];
  /** For pipes: column names and text cells. */
  readonly columns: readonly string[];
  readonly table: readonly (readonly (string | number | null)[])[];
  readonly total: number;
  readonly histogram: readonly {
    readonly t: number;
    readonly success: number;
    readonly failure: number;
    readonly other: number;
  }[];
  readonly bucketUs: number;
  readonly tookMs: number;
  readonly bytesRead: number;
  readonly rowsRead: number;
  readonly partial: boolean;
  /** True if the range holds any event at all, so that "nothing found" can be told from "nothing there". */
  readonly hasData: boolean;
  /** The filter has no exact form in the store: counts and tables may hold a little more than it says, never less. */
  readonly approximate?: boolean;
  /** Remarks on the query that did not stop it, such as an unknown field that looks like a misspelled one. */
  readonly hints?: readonly string[];
};
export type FieldInfo = { readonly name: string; readonly type: string; readonly about: string };
export type EventDetail = {
  readonly id: string;
  readonly ts: number;
  readonly ingested: number;
  readonly fields: readonly (readonly [string, FieldValue])[];
  /** Raw bytes as text (U+FFFD for invalid UTF-8) and exactly, base64. */
  readonly raw: string;
  readonly rawBase64: string;
  readonly entities: readonly string[];
  readonly provenance: {
    readonly door: string;
    readonly sender: string;
    readonly token: string;
    readonly source: string;
    readonly parser: string;
    readonly status: string;
    readonly origin: string;
    readonly retention: string;
  };
  readonly leaf: string;
};

export type AlertPage = {
  /** `events` and `eventRefs` are empty here; the alert's own page has them. */
  readonly alerts: readonly Alert[];
  readonly total: number;
  readonly counts: Readonly<Record<AlertStatus, number>>;
};
export type AlertDetail = {
  readonly alert: Alert;
  readonly rule: RuleInfo | null;
  /** Other alerts that share an entity, newest first. */
  readonly related: readonly Alert[];
};

/** For the search bar while somebody types. Offsets are UTF-16 units, `end` exclusive. */
export type SearchAssist = {
  readonly tokens: readonly { readonly kind: string; readonly start: number; readonly end: number }[];
  /** `text` replaces what stands from `start` to the cursor. */
  readonly completions: readonly {
    readonly kind: string;
    readonly text: string;
    readonly start: number;
    readonly about: string;
  }[];
};

export type LedgerLine = {
  readonly door: string;
  readonly sender: string;
  /** Start of the minute of receipt, microseconds; 0 in totals. */
  readonly minute: number;
  readonly received: number;
  readonly bytes: number;
  readonly stored: number;
  readonly quarantined: number;
  readonly pending: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly evaluated: number;
  readonly evaluationPending: number;
  readonly evaluationFailed: Readonly<Record<string, number>>;
  readonly kernelDrops: number;
  readonly balanced: boolean;
};
export type LedgerReport = {
  readonly totals: readonly LedgerLine[];
  readonly minutes: readonly LedgerLine[];
  readonly balanced: boolean;
  /** Why the event store could not be asked: `stored` is then what it last said. '' where it answered. */
  readonly storeTrouble: string;
};

export type SenderInfo = {
  readonly door: string;
  readonly sender: string;
  readonly sources: readonly Top[];
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly received: number;
  readonly unparsed: number;
  readonly perMinute: readonly Point[];
  readonly ledger: LedgerLine;
};

/** off: not judged · shadow: counted · risk: counted and kept per entity · alerting: opens alerts. */
export type RuleMode = 'off' | 'shadow' | 'risk' | 'alerting';
export type RuleOrigin = 'shipped' | 'own' | 'imported';

/** A rule as a list shows it. */
export type RuleRow = {
  readonly id: string;
  readonly title: string;
  readonly level: Severity;
  /** Sigma's status; `not loaded` for a file that is refused. */
  readonly status: string;
  readonly file: string;
  readonly kind: 'rule' | 'correlation' | 'condition';
  readonly attack: readonly string[];
  readonly mode: RuleMode;
  readonly origin: RuleOrigin;
  /** Opens alerts where the mode is alerting; false: only counted by other rules. */
  readonly alerts: boolean;
  /** What an imported rule in shadow is proposed to become, '' where nothing is. */
  readonly proposal: RuleMode | '';
  readonly matched: number;
  readonly lastMatched: number;
  /** Why the newest file version is not in force, '' if it is. */
  readonly problem: string;
  /** Why it cannot fire here, '' where it can. */
  readonly dead: string;
  /** `windows/sysmon`; '' looks at every event. */
  readonly logsource: string;
  /** Time of the last event of its log source, microseconds; 0 where none is known. */
  readonly lastCandidate: number;
  /** Share of all evaluations since the start, 0 to 1. */
  readonly cost: number;
  /** Exceptions in force. */
  readonly exceptions: number;
};
export type RuleInfo = RuleRow & {
  readonly description: string;
  readonly author: string;
  readonly version: string;
  readonly falsepositives: readonly string[];
  readonly nextSteps: readonly string[];
  readonly references: readonly string[];
  readonly yaml: string;
};
export type RuleSummary = {
  readonly total: number;
  readonly byMode: Readonly<Record<RuleMode, number>>;
  /** Cannot fire (and are not off). */
  readonly dead: number;
  readonly problems: number;
  readonly proposals: number;
  readonly exceptions: number;
};
export type RuleList = {
  readonly rules: readonly RuleRow[];
  readonly summary: RuleSummary;
  /** Receipt of the events that `dead` was judged by, microseconds. */
  readonly from: number;
  readonly to: number;
  /** Why less is known than should be, '' where all is. */
  readonly trouble: string;
};
export type RuleFieldNeed = {
  readonly name: string;
  /** Receipt of the last event of its log source with it; 0 where none was seen. */
  readonly last: number;
  /** A source of Vigil could supply it. */
  readonly declared: boolean;
};
export type RuleVersionInfo = {
  readonly n: number;
  readonly version: string;
  readonly who: string;
  /** `file`, `import ...`, `rolled back to version 3`. */
  readonly source: string;
  readonly since: number;
  /** 0 = in force. */
  readonly until: number;
};
export type RuleException = {
  readonly id: string;
  readonly title: string;
  readonly rules: readonly string[];
  readonly yaml: string;
  readonly owner: string;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** 0 = not ended by hand. */
  readonly endedAt: number;
  readonly endedBy: string;
};
export type RuleDetail = {
  readonly rule: RuleInfo;
  /** Who set the mode: a person, `file`, or the origin's default. */
  readonly modeBy: string;
  readonly modeReason: string;
  readonly modeAt: number;
  readonly sources: readonly string[];
  readonly fields: readonly RuleFieldNeed[];
  readonly lists: readonly string[];
  /** Rules that it counts. */
  readonly counts: readonly { readonly id: string; readonly title: string }[];
  readonly evaluated: number;
  readonly versions: readonly RuleVersionInfo[];
  /** Version that it was rolled back to, 0 where it was not. */
  readonly rolledBack: number;
  readonly exceptions: readonly RuleException[];
  readonly hasTests: boolean;
};
export type RuleVersionText = RuleVersionInfo & { readonly yaml: string };
export type RuleTest = { readonly name: string; readonly ok: boolean; readonly reason: string };
/** One test of an exception: all of them must hold for an event to be excepted. */
export type ExceptionWhere = {
  readonly field: string;
  readonly match: 'equals' | 'startswith' | 'endswith' | 'contains' | 'cidr';
  readonly values: readonly string[];
};
export type CoverageTechnique = {
  readonly id: string;
  /** By mode, rules that can fire. */
  readonly alerting: number;
  readonly risk: number;
  readonly shadow: number;
  /** Rules that cannot fire, or are off. */
  readonly dead: number;
  readonly rules: readonly string[];
};
export type RuleCoverage = {
  readonly techniques: readonly CoverageTechnique[];
  readonly tactics: readonly CoverageTechnique[];
  /** For the ATT&CK Navigator (layer format 4.5). */
  readonly layer: unknown;
};

export type Status = {
  readonly version: string;
  readonly startedAt: number;
  readonly warnings: readonly string[];
  readonly collectors: readonly {
    readonly door: string;
    readonly address: string;
    readonly state: string;
    readonly note: string;
  }[];
  readonly store: {
    readonly ok: boolean;
    readonly version: string;
    readonly rows: number;
    readonly bytesOnDisk: number;
    readonly detachedParts: number;
    /** Active parts of the events table; many mean that merges are behind. */
    readonly parts?: number;
  };
  readonly journal: { readonly bytes: number; readonly bytesMax: number; readonly pendingRecords: number };
  readonly eventsPerSecond: number;
  /** Since the start: records through the workers and the microseconds that each stage took, summed over threads. */
  readonly stages?: {
    readonly records: number;
    readonly normalizeUs: number;
    readonly matchUs: number;
    readonly encodeUs: number;
  };
};
export type ListInfo = {
  readonly name: string;
  readonly kind: 'text' | 'domain' | 'cidr' | 'issuer';
  readonly values: readonly string[];
  readonly updatedAt: number;
  readonly updatedBy: string;
};
export type UserInfo = {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly lastLogin: number;
};
/** `password` is what was generated, shown this once; '' where the caller chose it. */
export type UserCreated = { readonly user: UserInfo; readonly password: string };
export type TokenInfo = {
  readonly id: string;
  readonly name: string;
  readonly scope: 'ingest' | 'read' | 'admin';
  readonly tenant: string;
  readonly sources: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsed: number;
};
/** `token` is its text, shown this once. */
export type TokenCreated = { readonly token: string; readonly info: TokenInfo };
export type AuditEntry = {
  readonly at: number;
  readonly who: string;
  readonly from: string;
  readonly action: string;
  readonly object: string;
  readonly outcome: string;
  readonly detail: string;
};
export type IngestResult = { readonly accepted: number; readonly duplicate: boolean };

/** What a rule would have found in stored events. Times are event times, microseconds. */
export type BacktestResult = {
  readonly rule: {
    readonly id: string;
    readonly title: string;
    readonly version: string;
    readonly kind: string;
    readonly level: Severity;
  };
  readonly from: number;
  readonly to: number;
  /** Time of the oldest event held in the range; 0 where there is none. */
  readonly heldFrom: number;
  readonly lists: 'as of now' | 'as it was';
  /** Events that met the rule (for a correlation: events that it counts), and how often it was met. */
  readonly matches: number;
  readonly met: number;
  readonly alerts: number;
  readonly perDay: readonly { readonly day: string; readonly matches: number; readonly alerts: number }[];
  readonly examples: {
    readonly alerts: readonly {
      readonly id: string;
      readonly severity: Severity;
      readonly sentence: string;
      readonly key: readonly string[];
      readonly firstSeen: number;
      readonly lastSeen: number;
      readonly count: number;
    }[];
    readonly events: readonly {
      readonly id: string;
      readonly ts: number;
      readonly source: string;
      readonly fields: readonly (readonly [string, string])[];
    }[];
  };
  /** Alerts a week, the range of nine weeks in ten, and the days of data that it stands on. */
  readonly forecast: {
    readonly perWeek: number;
    readonly low: number;
    readonly high: number;
    readonly days: number;
  };
  readonly cost: {
    readonly candidates: number;
    readonly rowsRead: number;
    readonly bytesRead: number;
    readonly tookMs: number;
    /** How narrow the SQL could be: what the rules say, only their log sources, everything. */
    readonly width: 'rules' | 'logsources' | 'all';
  };
  readonly problems: readonly { readonly file: string; readonly line: number; readonly reason: string }[];
  /** What ended it before its time, '' where all was judged. */
  readonly stopped: '' | 'candidates' | 'bytes' | 'time' | 'cancelled';
  readonly notes: readonly string[];
};
