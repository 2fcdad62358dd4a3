/**
 * The state owner of detection: matches in, alert changes out. One thread applies matches in (batch, ord) order; no
 * clock is read, receive times and journaled ticks decide, so a replay gives the same.
 *
 * Contract (held by `detection.prop.test.ts`): the alerts do not depend on how events were batched, and are the same
 * after `snapshot` and `restore` at any point. Memory is bounded by the constants of the parts; what had to be
 * forgotten is counted in `stats`.
 */
import { errorText } from '../base/result.ts';
import type { Lists } from '../condition/tree.ts';
import { Attempts, type AttemptsState, textOfField } from '../detect/attempts.ts';
import { Correlator, type Evicted, type GroupStats, type Hit } from '../detect/correlate.ts';
import type { CorrelatorState } from '../detect/correlate-state.ts';
import { groupValues, keyText } from '../detect/group-keys.ts';
import { Memory, type MemoryState, type MemoryStats } from '../detect/memory/memory.ts';
import type { MemoryHit } from '../detect/memory/runtime.ts';
import type { Teaching, Untaught } from '../detect/memory/teaching.ts';
import { modeOf, type Rule, type RuleSet } from '../detect/rule.ts';
import type { AlertChange } from '../model/alert.ts';
import type { LateMark } from '../model/late.ts';
import { eventIdText, type MatchedEvent } from '../model/match.ts';
import {
  addEvent,
  type Episode,
  escalate,
  factsOf,
  followSeverity,
  namesOf,
  newEpisode,
  stepNamesOf,
  toAlert,
} from './episode.ts';
import { episodeKey, Episodes, type EpisodesState } from './episodes.ts';
import { Quiet, type QuietCounts } from './quiet.ts';
import { EvictionAlerts, type EvictionsState } from './evictions.ts';
import { fill } from './sentence.ts';
import { Storms, type StormsState } from './storms.ts';

/** Gap that joins matches of a rule without a timespan, microseconds of event time. */
export const SINGLE_GAP_US = 3600e6;
/** An alert that goes on changing is emitted at most once in this time (microseconds, receive time). */
export const UPDATE_EVERY_US = 1e6;
/** How often idle state is looked for, microseconds. */
export const SWEEP_EVERY_US = 600e6;
/** Ticks are nearer to each other than this (receive time, microseconds) while Vigil runs. */
const TICK_GAP_US = 60e6;
const FORMAT = 1;
const DEFAULT_ENTITY = ['host.name', 'user.name', 'source.ip'] as const;

export type DetectionOptions = {
  /** Groups kept per correlation. */
  readonly groupsMax?: number;
  readonly attemptsMax?: number;
  /** Named lists: certificates are judged here by them, and sentences say what stands on them. */
  readonly lists?: Lists;
};

export type DetectionStats = {
  readonly episodes: number;
  readonly episodesEvicted: number;
  readonly duplicates: number;
  readonly attemptsEvicted: number;
  readonly folded: number;
  readonly groups: readonly GroupStats[];
  /** Rules that remember: what they hold, and how far they have learned what is usual. */
  readonly memory: readonly MemoryStats[];
  /** Events at which detection itself failed, and the last reason. */
  readonly failed: number;
  readonly failure: string;
};

/** How often a rule was met, and when last (receive time, microseconds). */
export type RuleCount = { matched: number; lastMatched: number };

/** A rule met for a key. `crossed`: event time that makes the alert's id, where it is not `to`. */
type Met = Omit<Hit, 'rule'> & {
  readonly rule: Rule;
  readonly said?: string;
  readonly judged?: number;
  readonly crossed?: number;
};

/** Why a change is emitted; both may hold at once. */
type Pending = { opened: boolean; escalated: boolean };

export class Detection {
  #set: RuleSet;
  #rules = new Map<string, Rule>();
  #alerting = new Set<string>();
  #names = new Map<string, readonly string[]>();
  #correlator: Correlator;
  #memory: Memory;
  #lists: Lists;
  #attempts: Attempts;
  #episodes = new Episodes();
  #storms = new Storms();
  #evictions = new EvictionAlerts();
  #pending = new Map<string, Pending>();
  #dirty = new Map<string, Episode>();
  /** Largest receive time or tick seen. */
  #now = 0;
  #sweptAt = 0;
  #failed = 0;
  #failure = '';
  #counts = new Map<string, RuleCount>();
  readonly #quiet = new Quiet();

  constructor(set: RuleSet, options: DetectionOptions = {}) {
    this.#set = set;
    this.#correlator = new Correlator(set, options.groupsMax);
    this.#lists = options.lists ?? new Map();
    this.#memory = new Memory(set, this.#lists, options);
    this.#attempts = new Attempts(options.attemptsMax);
    this.#index(set);
  }

  #index(set: RuleSet): void {
    this.#set = set;
    this.#rules = new Map(set.rules.map((r) => [r.id, r]));
    this.#names = new Map(set.rules.map((r) => [r.id, namesOf(r)]));
    // Rules that only feed correlations make no alerts, unless `generate` says so or they are the ones raised.
    const fed = new Set<string>();
    const kept = new Set<string>();
    for (const r of set.rules) {
      if (r.escalates !== '') kept.add(r.escalates);
      if (r.kind !== 'correlation') continue;
      for (const id of r.rules) (r.generate ? kept : fed).add(id);
    }
    this.#alerting = new Set(
      set.rules
        .filter((r) => modeOf(r) === 'alerting' && r.alerts && (!fed.has(r.id) || kept.has(r.id)))
        // Sigma's informational level is for context, never for the queue, unless another rule raises it there.
        .filter((r) => r.level !== 'informational' || kept.has(r.id))
        .map((r) => r.id),
    );
  }

  /** Applies matches in order; gives the changes that are due now. */
  apply(events: readonly MatchedEvent[]): AlertChange[] {
    for (const e of events) {
      try {
        this.#one(e);
      } catch (error) {
        // One event must not stop detection for all that follow: it is counted and named, and the rest goes on.
        this.#failed++;
        this.#failure = `event ${eventIdText(e.id)}: ${errorText(error)}`;
      }
    }
    return this.#emit();
  }

  #one(e: MatchedEvent): void {
    if (e.ingested > this.#now) {
      // What was due before this event arrived is judged without it, however the ticks lay: as history judges it. After a
      // longer silence Vigil did not run: who was away may be about to catch up, which the next tick takes into account.
      if (e.ingested - this.#now <= TICK_GAP_US) this.#judgeTimed(e.ingested - 1);
      this.#now = e.ingested;
    }
    this.#memory.saw(e);
    let weight = -1;
    const hits: Hit[] = [];
    for (const id of e.rules) {
      const rule = this.#rules.get(id);
      if (rule === undefined || rule.kind !== 'rule') continue;
      this.#counted(id, e);
      this.#quiet.note(rule, e);
      if (!this.#escalated(rule, e) && this.#alerting.has(id)) this.#single(rule, e);
      if (!this.#correlator.counts(id)) continue;
      if (weight < 0) weight = this.#attempts.count(e);
      this.#correlator.feed(id, e, weight, hits);
    }
    if (this.#memory.concerns(e)) {
      if (weight < 0) weight = this.#attempts.count(e);
      const found: MemoryHit[] = [];
      this.#memory.apply(e, weight, found);
      for (const h of found) this.#remembered(h, hits);
    }
    for (const h of hits) this.#hit(h);
  }

  /** A rule with memory was met; correlations may count that. */
  #remembered(h: MemoryHit, hits: Hit[]): void {
    this.#hit(h);
    this.#correlator.feed(h.rule.id, h.trigger, 1, hits);
  }

  #counted(id: string, e: MatchedEvent): void {
    const c = this.#counts.get(id);
    if (c === undefined) this.#counts.set(id, { matched: 1, lastMatched: e.ingested });
    else {
      c.matched++;
      c.lastMatched = Math.max(c.lastMatched, e.ingested);
    }
  }

  /** Per rule id; rules that were never met are missing. */
  ruleCounts(): ReadonlyMap<string, RuleCount> {
    return this.#counts;
  }

  /** What rules without alerts of their own were met by since the last call: for the commit. */
  takeQuiet(): QuietCounts {
    return this.#quiet.take();
  }

  /** What came too late for its window since the last call: for the commit, and for history to judge. */
  takeLate(): LateMark[] {
    return this.#correlator.takeLate();
  }

  #single(rule: Rule, e: MatchedEvent): void {
    const { key, shown } = singleKey(rule, e);
    this.#met({
      rule,
      tenant: e.tenant,
      origin: e.origin,
      key,
      shown,
      from: e.ts,
      to: e.ts,
      fresh: [{ event: e, weight: 1 }],
      trigger: e,
    });
  }

  #hit(h: Met): void {
    this.#counted(h.rule.id, h.trigger);
    this.#quiet.note(h.rule, h.trigger);
    if (this.#escalated(h.rule, h.trigger)) return;
    if (this.#alerting.has(h.rule.id)) this.#met(h);
  }

  /** Attaches to an overlapping episode before it makes one. */
  #met(h: Met): void {
    const gap = gapOf(h.rule);
    const keyId = episodeKey(h.tenant, h.origin, h.rule.id, h.key);
    let follows = '';
    let home: Episode | undefined;
    for (const ep of this.#episodes.of(keyId)) {
      if (h.to < ep.first - gap || h.from > ep.last + gap) continue;
      if (ep.closed) follows = ep.id;
      else home = ep;
    }
    if (home === undefined) {
      if (this.#storms.admit(h.rule, h.trigger, this.#now) !== 'open') {
        this.#fold(h);
        return;
      }
      const at = { from: h.from, to: h.to, now: h.judged ?? h.trigger.ingested };
      home = newEpisode({
        ...at,
        ...(h.crossed === undefined ? {} : { crossed: h.crossed }),
        rule: h.rule,
        tenant: h.tenant,
        lane: h.origin,
        keyText: h.key,
        key: h.shown,
        gap,
        follows,
      });
      this.#open(home);
    }
    const names = this.#names.get(h.rule.id) ?? [];
    this.#listed(home, names);
    const first = Math.min(home.first, h.from);
    for (const { event, weight } of h.fresh) {
      const opens = home.count === 0;
      addEvent(home, event, weight, names);
      if (followSeverity(home, h.rule, event, opens)) this.#raised(home);
    }
    // What time brings about happened then, not when the event was that it is about.
    if (h.crossed !== undefined) home.first = first;
    home.last = Math.max(home.last, h.to);
    if (h.judged !== undefined) home.updatedAt = Math.max(home.updatedAt, h.judged);
    if (h.said !== undefined) home.said = h.said;
    this.#touch(home);
  }

  /** `{@approved_cas}` in a sentence: what stands on the list now. */
  #listed(ep: Episode, names: readonly string[]): void {
    for (const name of names) {
      if (!name.startsWith('@')) continue;
      const values = this.#lists.get(name.slice(1))?.values ?? [];
      ep.values.set(name, values.length === 0 ? ['none: the list is empty'] : values.slice(0, 3));
      if (values.length > 3) ep.more.add(name);
    }
  }

  #open(ep: Episode): void {
    this.#episodes.add(ep);
    this.#pending.set(ep.id, { opened: true, escalated: false });
  }

  #touch(ep: Episode): void {
    ep.dirty = true;
    this.#dirty.set(ep.id, ep);
  }

  #fold(h: Met): void {
    const { episode, opened } = this.#storms.fold(h.rule, h.trigger, this.#now);
    if (opened) this.#open(episode);
    this.#touch(episode);
  }

  /** A correlation had to forget: an alert of ours names it. */
  #evicted(e: Evicted): void {
    const alive = (id: string): boolean => this.#episodes.get(id) !== undefined;
    const { episode, opened } = this.#evictions.note(e, this.#now, alive);
    if (opened) this.#open(episode);
    this.#touch(episode);
  }

  /** Raises the open alert of `rule.escalates` on the event's key; true if there is one. */
  #escalated(rule: Rule, e: MatchedEvent): boolean {
    if (rule.escalates === '' || modeOf(rule) !== 'alerting') return false;
    const target = this.#rules.get(rule.escalates);
    if (target === undefined) return false;
    const keys =
      target.kind === 'correlation' ? groupValues(target, '', e).map(keyText) : [singleKey(target, e).key];
    const reach = Math.max(gapOf(rule), gapOf(target));
    for (const key of keys) {
      const list = this.#episodes.of(episodeKey(e.tenant, e.origin, target.id, key));
      const ep = list.findLast((x) => !x.closed && e.ts >= x.first && e.ts <= x.last + reach);
      if (ep === undefined) continue;
      const text = this.#escalationText(rule, e);
      const last = ep.last;
      addEvent(ep, e, 0, stepNamesOf(rule));
      // The episode's own stretch is that of its rule, not of what came after.
      ep.last = last;
      if (escalate(ep, rule, text, e.ingested)) this.#raised(ep);
      this.#touch(ep);
      return true;
    }
    return false;
  }

  #raised(ep: Episode): void {
    const p = this.#pending.get(ep.id);
    if (p === undefined) this.#pending.set(ep.id, { opened: false, escalated: true });
    else p.escalated = true;
  }

  #escalationText(rule: Rule, e: MatchedEvent): string {
    if (rule.escalation === '') return '';
    const facts = newEpisode({
      rule,
      tenant: e.tenant,
      lane: e.origin,
      keyText: '',
      key: [],
      gap: 0,
      from: e.ts,
      to: e.ts,
      follows: '',
      now: e.ingested,
    });
    addEvent(
      facts,
      e,
      1,
      e.fields.map(([name]) => name),
    );
    return fill(rule.escalation, factsOf(facts, rule.title));
  }

  /** A journaled tick: judges what is over, forgets what is idle, gives what was held back. */
  tick(nowUs: number): AlertChange[] {
    this.#now = Math.max(this.#now, nowUs);
    // Another frame may have been received at this very instant: its windows are judged once the instant is over.
    this.#judgeTimed(this.#now, this.#now - 1);
    for (const e of this.#correlator.takeEvictions()) this.#evicted(e);
    if (this.#now - this.#sweptAt >= SWEEP_EVERY_US) {
      this.#sweptAt = this.#now;
      this.#memory.sweep(this.#now);
      this.#episodes.sweep(this.#now);
      this.#storms.sweep(this.#now);
    }
    return this.#emit();
  }

  /** What time decides, as of `now`; windows of receive time up to `over`, of which all has arrived (microseconds). */
  #judgeTimed(now: number, over = now): void {
    const hits: Hit[] = [];
    if (now - this.#sweptAt >= SWEEP_EVERY_US || this.#correlator.hasClosing) {
      this.#correlator.tick(over, hits);
      for (const h of hits) this.#hit(h);
    }
    const found: MemoryHit[] = [];
    this.#memory.tick(now, found);
    const counted: Hit[] = [];
    for (const h of found) this.#remembered(h, counted);
    for (const h of counted) this.#hit(h);
  }

  /** The analyst closed it: the next match opens a linked one. Unknown ids are ignored. */
  alertClosed(alertId: string): void {
    const ep = this.#episodes.get(alertId);
    if (ep !== undefined) ep.closed = true;
  }

  /** The alert is open again (the analyst undid it). */
  alertReopened(alertId: string): void {
    const ep = this.#episodes.get(alertId);
    if (ep !== undefined) ep.closed = false;
  }

  /** The alerts in memory, and whether they count as closed. */
  *alerts(): Iterable<{ readonly id: string; readonly closed: boolean }> {
    for (const ep of this.#episodes.all()) yield { id: ep.id, closed: ep.closed };
  }

  /** Takes effect at once; windows of rules whose definition did not change are kept, and all open episodes. */
  swapRules(set: RuleSet, lists: Lists = this.#lists): void {
    this.#lists = lists;
    this.#correlator.swap(set);
    this.#memory.swap(set, lists);
    this.#index(set);
  }

  /** Rules that ask for the past and have not been taught it. */
  untaught(): Untaught[] {
    return this.#memory.untaught();
  }

  /** What the store knows of the past of a rule that asks what is usual and is new here. */
  teach(t: Teaching): void {
    this.#memory.teach(t);
  }

  /** The certificates known of, per tenant and lane. */
  certificates(): ReturnType<Memory['inventories']> {
    return this.#memory.inventories();
  }

  get rulesHash(): string {
    return this.#set.hash;
  }

  stats(): DetectionStats {
    return {
      episodes: this.#episodes.size,
      episodesEvicted: this.#episodes.evicted,
      duplicates: this.#attempts.duplicates,
      attemptsEvicted: this.#attempts.evicted,
      folded: this.#storms.folded,
      groups: this.#correlator.stats(),
      memory: this.#memory.stats(),
      failed: this.#failed,
      failure: this.#failure,
    };
  }

  #emit(): AlertChange[] {
    const out: AlertChange[] = [];
    for (const [id, ep] of this.#dirty) {
      const p = this.#pending.get(id);
      if (p === undefined && this.#now - ep.emittedAt < UPDATE_EVERY_US) continue;
      this.#emitOne(ep, p, out);
    }
    return out;
  }

  #emitOne(ep: Episode, p: Pending | undefined, out: AlertChange[]): void {
    const alert = toAlert(ep, this.#head(ep));
    if (p?.opened === true) out.push({ kind: 'opened', alert });
    if (p?.escalated === true) out.push({ kind: 'escalated', alert });
    if (p === undefined) out.push({ kind: 'updated', alert });
    ep.emittedAt = this.#now;
    ep.dirty = false;
    this.#dirty.delete(ep.id);
    this.#pending.delete(ep.id);
  }

  #head(ep: Episode): Parameters<typeof toAlert>[1] {
    const ours = this.#storms.headOf(ep) ?? this.#evictions.headOf(ep);
    if (ours !== undefined) return ours;
    const r = this.#rules.get(ep.rule);
    if (r === undefined) return { title: ep.rule, version: '', author: '', sentence: null };
    return { title: r.title, version: r.version, author: r.author, sentence: r.sentence };
  }

  snapshot(): Uint8Array {
    const state: DetectionState = {
      format: FORMAT,
      rules: this.#set.hash,
      now: this.#now,
      sweptAt: this.#sweptAt,
      failed: [this.#failed, this.#failure],
      counts: [...this.#counts],
      attempts: this.#attempts.state(),
      attemptCounts: [this.#attempts.duplicates, this.#attempts.evicted],
      correlator: this.#correlator.state(),
      episodes: this.#episodes.state(),
      pending: [...this.#pending],
      dirty: [...this.#dirty.keys()],
      storms: this.#storms.state(),
      evictions: this.#evictions.state(),
      ...(this.#memory.idle ? {} : { memory: this.#memory.state() }),
    };
    return new TextEncoder().encode(JSON.stringify(state));
  }

  /** Throws with a sentence where the bytes are of a newer format or damaged. */
  static restore(bytes: Uint8Array, set: RuleSet, options: DetectionOptions = {}): Detection {
    const s = JSON.parse(new TextDecoder().decode(bytes)) as DetectionState;
    if (s.format !== FORMAT)
      throw new Error(
        `the detection snapshot has format ${String(s.format)}, this version of Vigil reads ${FORMAT}: start the newer Vigil, or move the snapshot away to begin with empty windows`,
      );
    const d = new Detection(set, options);
    d.#now = s.now;
    d.#sweptAt = s.sweptAt;
    [d.#failed, d.#failure] = s.failed;
    d.#counts = new Map(s.counts);
    d.#attempts = Attempts.from(s.attempts, options.attemptsMax);
    d.#attempts.duplicates = s.attemptCounts[0];
    d.#attempts.evicted = s.attemptCounts[1];
    d.#correlator.restore(s.correlator);
    d.#memory.restore(s.memory, s.now);
    d.#episodes = Episodes.from(s.episodes);
    const at = (id: string): Episode => d.#episodes.must(id);
    d.#pending = new Map(s.pending);
    d.#dirty = new Map(s.dirty.map((id) => [id, at(id)]));
    d.#storms = Storms.from(s.storms, at);
    // Absent in snapshots of 0.1.
    d.#evictions = EvictionAlerts.from(s.evictions ?? [], (id) => d.#episodes.get(id));
    return d;
  }
}

type DetectionState = {
  readonly format: number;
  readonly rules: string;
  readonly now: number;
  readonly sweptAt: number;
  readonly failed: readonly [number, string];
  readonly counts: readonly (readonly [string, RuleCount])[];
  readonly attempts: AttemptsState;
  readonly attemptCounts: readonly [number, number];
  readonly correlator: CorrelatorState;
  readonly episodes: EpisodesState;
  readonly pending: readonly (readonly [string, Pending])[];
  readonly dirty: readonly string[];
  readonly storms: StormsState;
  readonly evictions?: EvictionsState;
  /** Absent in snapshots of 0.1, and where no rule remembers anything. */
  readonly memory?: MemoryState;
};

/** An episode of a rule that looks back for weeks does not go on for weeks. */
const MEMORY_GAP_US_MAX = 24 * 3600e6;

/** Matches of one key this far apart are one alert, microseconds of event time. */
export function gapOf(rule: Rule): number {
  if (rule.kind === 'correlation') return rule.timespan;
  if (rule.kind === 'rule') return rule.gap ?? SINGLE_GAP_US;
  return Math.min(MEMORY_GAP_US_MAX, Math.max(0, ...rule.terms.map((t) => t.span)) || SINGLE_GAP_US);
}

function singleKey(rule: Rule, e: MatchedEvent): { readonly key: string; readonly shown: readonly string[] } {
  const fields = rule.entity.length > 0 ? rule.entity : DEFAULT_ENTITY;
  const values = fields.map((f) => textOfField(e, f));
  const shown = fields.flatMap((f, i) => (values[i] === '' ? [] : [`${f}=${values[i] ?? ''}`]));
  return { key: keyText(values), shown };
}
