/** An alert: an episode of a (rule, key) as an analyst gets it. See "Alerts are episodes" in docs/ARCHITECTURE.md. */
import type { FieldValue, Origin } from './event.ts';

export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const ALERT_STATUSES = ['new', 'acknowledged', 'closed'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export type EventCopy = {
  readonly id: string;
  /** Microseconds. */
  readonly ts: number;
  readonly source: string;
  readonly fields: readonly (readonly [string, FieldValue])[];
};

/** One step of an alert's life, newest last. */
export type AlertStep = {
  /** Microseconds. */
  readonly at: number;
  readonly kind: 'opened' | 'escalated' | 'status' | 'note';
  readonly text: string;
  /** User name, or 'vigil'. */
  readonly by: string;
};

export type Alert = {
  /** hash(tenant, rule, key, event time of crossing), hex. */
  readonly id: string;
  readonly tenant: string;
  readonly origin: Origin;
  readonly rule: string;
  readonly ruleTitle: string;
  readonly ruleVersion: string;
  readonly author: string;
  /** Group-by values, as `field=value`. */
  readonly key: readonly string[];
  readonly severity: Severity;
  /** The computed sentence. */
  readonly sentence: string;
  /** ATT&CK techniques and tactics as `T1110.001` / `credential-access`. */
  readonly attack: readonly string[];
  readonly status: AlertStatus;
  readonly assignee: string;
  readonly reason: string;
  /** Event times, microseconds. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When Vigil opened and last changed it (receive time of the event that did so), microseconds. */
  readonly openedAt: number;
  readonly updatedAt: number;
  /** Exact number of occurrences. */
  readonly count: number;
  readonly entities: readonly string[];
  /** Hosts by name, bounded; `hostCount` is exact. */
  readonly hosts: readonly string[];
  readonly hostCount: number;
  /** First events, copied. */
  readonly events: readonly EventCopy[];
  /** (ts, id) of further events, bounded. */
  readonly eventRefs: readonly { readonly ts: number; readonly id: string }[];
  readonly nextSteps: readonly string[];
  readonly steps: readonly AlertStep[];
  /** Judged over late events. */
  readonly late: boolean;
  /** Alert that this one continues after it was closed, '' if none. */
  readonly follows: string;
  /** Who caused a built-in alert, as the audit names them; they cannot change its status. */
  readonly actor?: string;
};

/** What the state owner emits; committed in the same transaction as the batch's checkpoint. */
export type AlertChange = {
  readonly kind: 'opened' | 'updated' | 'escalated';
  readonly alert: Alert;
};
