/**
 * Each attempt once. The same authentication message can come by two doors (a host's journal and its rsyslog, or its
 * auth.log), and must count once in a window while each door's own repetitions still count.
 *
 * How: per attempt identity (host, process, action, outcome, user, source) occurrences are counted per channel (door
 * and sender) within 10 minutes of event time; an occurrence counts only by how much its channel's count exceeds the
 * largest count of any channel so far. With one channel nothing is ever dropped.
 *
 * Held by `attempts.test.ts`.
 */
import type { FieldValue } from '../model/event.ts';
import type { MatchedEvent } from '../model/match.ts';
import { Oldest } from './oldest.ts';

/** Microseconds of event time within which the same identity is the same attempt. */
export const ATTEMPT_WINDOW_US = 600e6;
export const ATTEMPTS_MAX = 50_000;
export const CHANNELS_MAX = 16;
/** `message repeated n times` counts at most this. */
export const WEIGHT_MAX = 10_000;

type Attempt = { first: number; max: number; readonly channels: Map<string, number> };
export type AttemptsState = readonly (readonly [
  string,
  number,
  number,
  readonly (readonly [string, number])[],
])[];

/** A field's value of a matched event; the list is short, so a scan beats a map. */
export function fieldOf(e: MatchedEvent, name: string): FieldValue | undefined {
  for (const f of e.fields) if (f[0] === name) return f[1];
  return undefined;
}

/** First value as text, '' where absent or null. */
export function textOfField(e: MatchedEvent, name: string): string {
  const v = fieldOf(e, name);
  const one = Array.isArray(v) ? v[0] : v;
  return one === undefined || one === null ? '' : String(one);
}

/** How many occurrences the record stands for. */
export function weightOf(e: MatchedEvent): number {
  const v = fieldOf(e, 'vigil.count');
  return typeof v === 'number' && v >= 1 ? Math.min(Math.floor(v), WEIGHT_MAX) : 1;
}

export class Attempts {
  readonly #map = new Map<string, Attempt>();
  readonly #oldest = new Oldest(this.#map);
  readonly #max: number;
  /** Occurrences that another channel had brought already. */
  duplicates = 0;
  /** Identities forgotten because of ATTEMPTS_MAX. */
  evicted = 0;

  constructor(max = ATTEMPTS_MAX) {
    this.#max = max;
  }

  /** How many new occurrences the event brings: its weight, less, or 0 for what came by another channel. */
  count(e: MatchedEvent): number {
    const weight = weightOf(e);
    const key = identity(e);
    if (key === undefined) return weight;
    const channel = `${e.door}\u0000${e.sender}`;
    let a = this.#map.get(key);
    if (a !== undefined && Math.abs(e.ts - a.first) > ATTEMPT_WINDOW_US) {
      this.#map.delete(key);
      a = undefined;
    }
    if (a === undefined) {
      if (this.#map.size >= this.#max) this.#evict();
      this.#map.set(key, { first: e.ts, max: weight, channels: new Map([[channel, weight]]) });
      return weight;
    }
    if (!a.channels.has(channel) && a.channels.size >= CHANNELS_MAX) return weight;
    const n = (a.channels.get(channel) ?? 0) + weight;
    a.channels.set(channel, n);
    const fresh = Math.max(0, n - a.max);
    a.max = Math.max(a.max, n);
    this.duplicates += weight - fresh;
    return fresh;
  }

  #evict(): void {
    const oldest = this.#oldest.next();
    if (oldest === undefined) return;
    this.#map.delete(oldest[0]);
    this.evicted++;
  }

  state(): AttemptsState {
    return [...this.#map].map(([k, a]) => [k, a.first, a.max, [...a.channels]]);
  }

  static from(state: AttemptsState, max = ATTEMPTS_MAX): Attempts {
    const out = new Attempts(max);
    for (const [k, first, n, channels] of state)
      out.#map.set(k, { first, max: n, channels: new Map(channels) });
    return out;
  }
}

const IDENTITY = [
  'event.action',
  'event.outcome',
  'user.name',
  'source.ip',
  'source.port',
  'process.pid',
] as const;

/** Only what names a host, an outcome and a process or port is an attempt that can be told from another. */
function identity(e: MatchedEvent): string | undefined {
  let host = '';
  const parts = ['', '', '', '', '', ''];
  for (const [name, v] of e.fields) {
    const one = Array.isArray(v) ? v[0] : v;
    if (one === undefined || one === null) continue;
    if (name === 'host.name') host = String(one).toLowerCase().split('.', 1)[0] ?? '';
    const i = (IDENTITY as readonly string[]).indexOf(name);
    if (i >= 0) parts[i] = String(one);
  }
  if (host === '' || parts[0] === '' || parts[1] === '') return undefined;
  if (parts[4] === '' && parts[5] === '') return undefined;
  // One sshd process serves one connection, hence one address, port and user; the audit daemon names neither port nor an
  // unknown user, so that its record of an attempt would pass for another one.
  if (parts[0] === 'ssh_login' && parts[5] !== '') {
    parts[2] = '';
    parts[4] = '';
  }
  return JSON.stringify([e.tenant, e.origin, host, ...parts]);
}
