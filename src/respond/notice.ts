/**
 * What a channel is given: one notification about one alert, read back from the outbox. Values of the alert come from
 * logs and are an attacker's; channels say how they escape them.
 *
 * Held by `notice.test.ts`.
 */
import { printable } from '../base/printable.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Alert, SEVERITIES } from '../model/alert.ts';

export type Notice = {
  /** Same for every repeat of the same notification: receivers can tell a second copy by it. */
  readonly id: string;
  readonly event: 'opened' | 'escalated';
  readonly alert: Alert;
  /** Address of the alert in the console. */
  readonly link: string;
};

/** A way to tell people. `send` must end by itself, at the latest when the signal aborts. */
export type Channel = {
  readonly name: string;
  send(notice: Notice, signal: AbortSignal): Promise<Result<undefined>>;
};

/** What the worker needs of an outbox row; the store's `OutboxItem` fits. */
export type DueItem = {
  readonly id: string;
  readonly channel: string;
  readonly alert: string;
  /** `opened` or `escalated:...`. */
  readonly event: string;
  /** JSON of an `Alert`. */
  readonly payload: string;
  readonly attempts: number;
};

export function toNotice(item: DueItem, link: (alert: string) => string): Result<Notice> {
  let a: Partial<Alert>;
  try {
    a = JSON.parse(item.payload) as Partial<Alert>;
  } catch {
    return err('the stored alert is no JSON');
  }
  const texts = [a?.id, a?.tenant, a?.rule, a?.ruleTitle, a?.sentence];
  const lists = [a?.entities, a?.hosts, a?.attack, a?.key, a?.nextSteps];
  const numbers = [a?.firstSeen, a?.lastSeen, a?.count, a?.hostCount];
  if (
    !texts.every((t) => typeof t === 'string') ||
    !lists.every(Array.isArray) ||
    !numbers.every(Number.isSafeInteger) ||
    !SEVERITIES.some((s) => s === a.severity)
  ) {
    return err('the stored alert lacks fields');
  }
  const event = item.event.startsWith('escalated') ? 'escalated' : 'opened';
  return ok({ id: item.id, event, alert: a as Alert, link: link(item.alert) });
}

/** One safe line of at most `max` characters. */
export function line(text: string, max: number): string {
  const safe = printable(text.slice(0, max));
  return text.length > max || safe.length > max ? `${safe.slice(0, max - 1)}…`.toWellFormed() : safe;
}

/** Microseconds as ISO 8601; '' for what no calendar holds. */
export function isoTime(us: number): string {
  const d = new Date(us / 1000);
  return Number.isNaN(d.getTime()) ? '' : d.toISOString();
}

const LIST_MAX = 64;
/** At most LIST_MAX values, each a safe line. */
export const lines = (values: readonly string[], max: number): string[] =>
  values.slice(0, LIST_MAX).map((v) => line(String(v), max));
