/**
 * An episode: a maximal stretch in which a (rule, key) stays met, gaps up to its timespan joined. It becomes the alert
 * that an analyst reads. Plain state plus functions; `detection.ts` owns the episodes.
 *
 * Held by `detection.test.ts`.
 */
import { createHash } from 'node:crypto';
import { fieldOf, textOfField } from '../detect/attempts.ts';
import { textsOfField } from '../detect/group-keys.ts';
import type { Rule, SentenceSpec } from '../detect/rule.ts';
import type { Alert, AlertStep, EventCopy, Severity } from '../model/alert.ts';
import { SEVERITIES } from '../model/alert.ts';
import type { Origin } from '../model/event.ts';
import { severityOfWord } from '../model/severity.ts';
import { eventIdText, type MatchedEvent } from '../model/match.ts';
import { fillStep, placeholders, sentence, type SentenceFacts } from './sentence.ts';

export const EVENT_COPIES_MAX = 25;
export const EVENT_REFS_MAX = 1000;
/** Hosts told apart, so `hostCount` is exact up to this. */
export const HOSTS_MAX = 1000;
/** Hosts named in the alert. */
export const HOSTS_SHOWN_MAX = 50;
export const ENTITIES_MAX = 64;
const VALUES_MAX = 4;
export const STEPS_MAX = 50;

export type Episode = {
  readonly id: string;
  readonly tenant: string;
  /** The lane: origin of its events. */
  readonly lane: Origin;
  readonly rule: string;
  readonly keyText: string;
  readonly key: readonly string[];
  /** Microseconds of event time that join matches. */
  readonly gap: number;
  first: number;
  last: number;
  readonly openedAt: number;
  updatedAt: number;
  /** `updatedAt` at the last change that was emitted. */
  emittedAt: number;
  dirty: boolean;
  closed: boolean;
  late: boolean;
  readonly follows: string;
  severity: Severity;
  count: number;
  /** Lower-case name -> as first seen. */
  readonly hosts: Map<string, string>;
  readonly entities: Set<string>;
  readonly actions: Set<string>;
  readonly services: Set<string>;
  readonly attack: Set<string>;
  readonly nextSteps: Set<string>;
  readonly values: Map<string, string[]>;
  readonly more: Set<string>;
  readonly events: EventCopy[];
  readonly refs: { readonly ts: number; readonly id: string }[];
  readonly steps: AlertStep[];
  /** Rule that escalated -> text. */
  readonly escalations: Map<string, string>;
  /** The sentence that a rule with memory made, as of its newest match; absent for all others. */
  said?: string;
};

export function alertId(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

export type NewEpisode = {
  readonly rule: Rule;
  readonly tenant: string;
  readonly lane: Origin;
  readonly keyText: string;
  readonly key: readonly string[];
  readonly gap: number;
  readonly from: number;
  /** Event time of crossing. */
  readonly to: number;
  /** What makes the id instead, where the crossing is a tick's. */
  readonly crossed?: number;
  readonly follows: string;
  readonly now: number;
};

export function newEpisode(n: NewEpisode): Episode {
  return {
    id: alertId([n.tenant, n.lane, n.rule.id, n.keyText, n.crossed ?? n.to, n.follows]),
    tenant: n.tenant,
    lane: n.lane,
    rule: n.rule.id,
    keyText: n.keyText,
    key: n.key,
    gap: n.gap,
    first: n.from,
    last: n.to,
    openedAt: n.now,
    updatedAt: n.now,
    emittedAt: n.now,
    dirty: true,
    closed: false,
    late: false,
    follows: n.follows,
    severity: n.rule.level,
    count: 0,
    hosts: new Map(),
    entities: new Set(),
    actions: new Set(),
    services: new Set(),
    attack: new Set(n.rule.attack),
    nextSteps: new Set(n.rule.nextSteps),
    values: new Map(),
    more: new Set(),
    events: [],
    refs: [],
    steps: [{ at: n.now, kind: 'opened', text: `opened by rule "${n.rule.title}"`, by: 'vigil' }],
    escalations: new Map(),
  };
}

/** Claims older than this at receipt make an alert `late`, microseconds. */
export const LATE_US = 3600e6;

/** Field values that the sentence may speak of. */
const ALWAYS = ['user.name', 'source.ip'] as const;

/** Adds one occurrence; `counts` is false for events that only illustrate (an escalation's). */
export function addEvent(ep: Episode, e: MatchedEvent, weight: number, names: readonly string[]): void {
  ep.count += weight;
  ep.first = Math.min(ep.first, e.ts);
  ep.last = Math.max(ep.last, e.ts);
  ep.updatedAt = Math.max(ep.updatedAt, e.ingested);
  ep.dirty = true;
  if (ep.lane !== 'import' && e.ingested - e.ts > LATE_US) ep.late = true;
  const host = textOfField(e, 'host.name');
  const folded = host.toLowerCase();
  if (host !== '' && ep.hosts.size < HOSTS_MAX && !ep.hosts.has(folded)) ep.hosts.set(folded, host);
  for (const x of e.entities) if (ep.entities.size < ENTITIES_MAX) ep.entities.add(x);
  addSome(ep.actions, textOfField(e, 'event.action'));
  addSome(ep.services, textOfField(e, 'service.name'));
  for (const name of ALWAYS) addValue(ep, name, e);
  for (const name of names) addValue(ep, name, e);
  const id = eventIdText(e.id);
  if (ep.events.length < EVENT_COPIES_MAX)
    ep.events.push({ id, ts: e.ts, source: e.source, fields: e.fields });
  else if (ep.refs.length < EVENT_REFS_MAX) ep.refs.push({ ts: e.ts, id });
}

const addSome = (set: Set<string>, v: string): void => {
  if (v !== '' && set.size < 8) set.add(v);
};

function addValue(ep: Episode, name: string, e: MatchedEvent): void {
  for (const text of textsOfField(fieldOf(e, name))) {
    const list = ep.values.get(name);
    if (list === undefined) ep.values.set(name, [text]);
    else if (!list.includes(text)) {
      if (list.length < VALUES_MAX) list.push(text);
      else ep.more.add(name);
    }
  }
}

/** Names that the rule's sentence needs, computed once per rule. */
export function namesOf(rule: Rule): readonly string[] {
  const s = rule.sentence;
  const steps = stepNamesOf(rule);
  if (s === null || s.kind === 'brute_force') return steps;
  return [...placeholders(s.text), ...steps];
}

/** Names that the rule's next steps speak of. */
export const stepNamesOf = (rule: Rule): readonly string[] => rule.nextSteps.flatMap(placeholders);

/**
 * `vigil.severity_from`: the severity that the event itself has. An alert's first event sets its severity, later ones only
 * raise it; true where an alert that was open already was raised. Words that nobody knows leave it as it is.
 */
export function followSeverity(ep: Episode, rule: Rule, e: MatchedEvent, fresh: boolean): boolean {
  for (const name of rule.severityFrom ?? []) {
    const found = severityOfWord(textOfField(e, name));
    if (found === undefined) continue;
    if (!fresh && SEVERITIES.indexOf(found) <= SEVERITIES.indexOf(ep.severity)) return false;
    ep.severity = found;
    if (!fresh && ep.steps.length < STEPS_MAX)
      ep.steps.push({ at: e.ingested, kind: 'escalated', text: `the source now says ${found}`, by: 'vigil' });
    return !fresh;
  }
  return false;
}

export function factsOf(ep: Episode, title: string): SentenceFacts {
  return {
    title,
    count: ep.count,
    hosts: [...ep.hosts.values()],
    hostCount: ep.hosts.size,
    actions: [...ep.actions],
    services: [...ep.services],
    values: ep.values,
    more: ep.more,
    escalations: [...ep.escalations.values()].filter((t) => t !== ''),
    ...(ep.said === undefined ? {} : { said: ep.said }),
  };
}

/** Raises the severity and tells the step; false where this rule has raised it before. */
export function escalate(ep: Episode, by: Rule, text: string, now: number): boolean {
  if (ep.escalations.has(by.id)) return false;
  ep.escalations.set(by.id, text);
  if (SEVERITIES.indexOf(by.severity) > SEVERITIES.indexOf(ep.severity)) ep.severity = by.severity;
  for (const a of by.attack) ep.attack.add(a);
  // What the escalation asks for is more urgent than what was there.
  const steps = [...by.nextSteps, ...ep.nextSteps];
  ep.nextSteps.clear();
  for (const s of steps) ep.nextSteps.add(s);
  if (ep.steps.length < STEPS_MAX)
    ep.steps.push({ at: now, kind: 'escalated', text: text === '' ? by.title : text, by: 'vigil' });
  ep.dirty = true;
  return true;
}

export type AlertHead = {
  readonly title: string;
  readonly version: string;
  readonly author: string;
  readonly sentence: SentenceSpec | null;
  /** A sentence that is already made. */
  readonly fixed?: string;
};

/** The latest event that the alert holds: an escalation's lies behind the rule's own stretch. */
function lastKept(ep: Episode): number {
  let last = ep.last;
  for (const e of ep.events) last = Math.max(last, e.ts);
  for (const e of ep.refs) last = Math.max(last, e.ts);
  return last;
}

/** What the store and the console get. Status, assignee, reason and people's steps are the store's to keep. */
export function toAlert(ep: Episode, head: AlertHead): Alert {
  const facts = factsOf(ep, head.title);
  return {
    id: ep.id,
    tenant: ep.tenant,
    origin: ep.lane === 'import' ? 'retro' : ep.lane,
    rule: ep.rule,
    ruleTitle: head.title,
    ruleVersion: head.version,
    author: head.author,
    key: ep.key,
    severity: ep.severity,
    sentence: head.fixed ?? sentence(head.sentence, facts),
    attack: [...ep.attack],
    status: ep.closed ? 'closed' : 'new',
    assignee: '',
    reason: '',
    firstSeen: ep.first,
    lastSeen: lastKept(ep),
    openedAt: ep.openedAt,
    updatedAt: ep.updatedAt,
    count: ep.count,
    entities: [...ep.entities],
    hosts: [...ep.hosts.values()].slice(0, HOSTS_SHOWN_MAX),
    hostCount: ep.hosts.size,
    events: [...ep.events],
    eventRefs: [...ep.refs],
    nextSteps: [...ep.nextSteps].flatMap((s) => fillStep(s, facts) ?? []),
    steps: [...ep.steps],
    late: ep.late,
    follows: ep.follows,
  };
}

/** Sets and maps as arrays, for the snapshot. */
export type EpisodeState = { readonly [K in keyof Episode]: unknown };

export function episodeState(ep: Episode): EpisodeState {
  return {
    ...ep,
    hosts: [...ep.hosts],
    entities: [...ep.entities],
    actions: [...ep.actions],
    services: [...ep.services],
    attack: [...ep.attack],
    nextSteps: [...ep.nextSteps],
    values: [...ep.values],
    more: [...ep.more],
    escalations: [...ep.escalations],
  };
}

export function episodeOf(s: EpisodeState): Episode {
  const set = (x: unknown): Set<string> => new Set(x as string[]);
  return {
    ...(s as unknown as Episode),
    hosts: new Map(s.hosts as [string, string][]),
    entities: set(s.entities),
    actions: set(s.actions),
    services: set(s.services),
    attack: set(s.attack),
    nextSteps: set(s.nextSteps),
    values: new Map(s.values as [string, string[]][]),
    more: set(s.more),
    escalations: new Map(s.escalations as [string, string][]),
  };
}
