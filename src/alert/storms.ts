/**
 * Storm alerts: who may open an alert (`StormGate` per tenant and lane), and the alerts into which the rest is folded,
 * one per rule while the tenant's limit allows it, else one for the tenant.
 *
 * Held by `storm.test.ts`.
 */
import { builtInRule, type Rule } from '../detect/rule.ts';
import { SEVERITIES } from '../model/alert.ts';
import type { MatchedEvent } from '../model/match.ts';
import { addEvent, type AlertHead, type Episode, newEpisode } from './episode.ts';
import { show } from './sentence.ts';
import { type Admission, Causes, IMPORT_FACTOR, STORM_WINDOW_US, StormGate } from './storm.ts';

export const STORM_RULE_ID = 'vigil.storm';

type Storm = { readonly episode: Episode; readonly title: string; readonly causes: Causes; lastAt: number };

export type StormsState = {
  readonly folded: number;
  readonly gates: readonly (readonly [string, number, ReturnType<StormGate['state']>])[];
  readonly storms: readonly (readonly [
    string,
    string,
    string,
    number,
    readonly (readonly [string, number])[],
  ])[];
};

const laneOf = (e: MatchedEvent): string => `${e.tenant}\u0000${e.origin}`;

export class Storms {
  readonly #gates = new Map<string, { readonly gate: StormGate; readonly factor: number }>();
  /** Lane and rule ('' for the tenant's) -> the storm going on. */
  readonly #storms = new Map<string, Storm>();
  readonly #byEpisode = new Map<string, Storm>();
  /** Matches folded into storm alerts. */
  folded = 0;

  #gate(e: MatchedEvent): StormGate {
    const lane = laneOf(e);
    const known = this.#gates.get(lane);
    if (known !== undefined) return known.gate;
    const factor = e.origin === 'import' || e.origin === 'retro' ? IMPORT_FACTOR : 1;
    const gate = new StormGate(factor);
    this.#gates.set(lane, { gate, factor });
    return gate;
  }

  admit(rule: Rule, e: MatchedEvent, now: number): Admission {
    const sender = `${e.door} ${e.sender}`;
    return this.#gate(e).admit({ rule: rule.id, severity: rule.level, attack: rule.attack, sender }, now);
  }

  /** Folds a would-be alert; `opened` where a storm alert had to be made for it. */
  fold(rule: Rule, e: MatchedEvent, now: number): { readonly episode: Episode; readonly opened: boolean } {
    this.folded++;
    const lane = laneOf(e);
    let key = `${lane}\u0000${rule.id}`;
    let storm = this.#current(key, now);
    if (storm === undefined) {
      const n = { rule: `${STORM_RULE_ID}:${rule.id}`, severity: rule.level, attack: [], sender: '' };
      const own = this.#gate(e).admit(n, now, true) === 'open';
      if (!own) key = lane;
      storm = own ? undefined : this.#current(key, now);
      if (storm === undefined) {
        storm = this.#start(key, own ? rule : undefined, e, now);
        this.#add(storm, rule, e, now);
        return { episode: storm.episode, opened: true };
      }
    }
    this.#add(storm, rule, e, now);
    return { episode: storm.episode, opened: false };
  }

  #current(key: string, now: number): Storm | undefined {
    const s = this.#storms.get(key);
    return s === undefined || s.episode.closed || now - s.lastAt > STORM_WINDOW_US ? undefined : s;
  }

  #start(key: string, rule: Rule | undefined, e: MatchedEvent, now: number): Storm {
    const title = rule === undefined ? 'many rules' : `rule "${rule.title}"`;
    const before = this.#storms.get(key);
    const episode = newEpisode({
      rule: stormRule(rule, e),
      tenant: e.tenant,
      lane: e.origin,
      keyText: JSON.stringify([rule?.id ?? '']),
      key: rule === undefined ? [] : [`rule=${rule.id}`],
      gap: STORM_WINDOW_US,
      from: e.ts,
      // Receive time, not event time: a storm is about what arrives.
      to: now,
      follows: before?.episode.closed === true ? before.episode.id : '',
      now: e.ingested,
    });
    episode.first = e.ts;
    episode.last = e.ts;
    const storm: Storm = { episode, title, causes: new Causes(), lastAt: now };
    this.#storms.set(key, storm);
    this.#byEpisode.set(episode.id, storm);
    return storm;
  }

  #add(storm: Storm, rule: Rule, e: MatchedEvent, now: number): void {
    storm.lastAt = now;
    storm.causes.add(e);
    const ep = storm.episode;
    if (SEVERITIES.indexOf(rule.level) > SEVERITIES.indexOf(ep.severity)) ep.severity = rule.level;
    addEvent(ep, e, 1, []);
  }

  /** Head of a storm's alert, undefined for other episodes. */
  headOf(ep: Episode): AlertHead | undefined {
    const s = this.#byEpisode.get(ep.id);
    if (s === undefined) return undefined;
    const by = s.causes.top(3).map(([name, n]) => `${show(name)} (at least ${n})`);
    const title = `Alert storm: ${s.title}`;
    const text = `Alert storm: ${ep.count} further matches of ${s.title} were folded into this alert, most of them by ${by.join(', ')}`;
    return { title, version: '', author: 'Vigil', sentence: null, fixed: text };
  }

  sweep(now: number): void {
    for (const [key, s] of this.#storms) if (now - s.lastAt > STORM_WINDOW_US) this.#storms.delete(key);
    const live = new Set([...this.#storms.values()].map((s) => s.episode.id));
    for (const [id, s] of this.#byEpisode) if (!live.has(id) && !s.episode.dirty) this.#byEpisode.delete(id);
    for (const [lane, g] of this.#gates) if (g.gate.idle) this.#gates.delete(lane);
  }

  state(): StormsState {
    return {
      folded: this.folded,
      gates: [...this.#gates].map(([lane, g]) => [lane, g.factor, g.gate.state()]),
      storms: [...this.#storms].map(([key, s]) => [key, s.episode.id, s.title, s.lastAt, s.causes.state()]),
    };
  }

  static from(s: StormsState, episode: (id: string) => Episode): Storms {
    const out = new Storms();
    out.folded = s.folded;
    for (const [lane, factor, state] of s.gates)
      out.#gates.set(lane, { factor, gate: StormGate.from(state, factor) });
    for (const [key, id, title, lastAt, causes] of s.storms) {
      const storm: Storm = { episode: episode(id), title, causes: Causes.from(causes), lastAt };
      out.#storms.set(key, storm);
      out.#byEpisode.set(id, storm);
    }
    return out;
  }
}

/** A storm alert's rule is ours; it takes over the level of what it folds. */
const stormRule = (rule: Rule | undefined, e: MatchedEvent): Rule =>
  builtInRule({
    id: STORM_RULE_ID,
    title: 'Alert storm',
    level: rule?.level ?? 'medium',
    nextSteps: [
      'Look at the main causes first: one sender or address usually stands behind a storm.',
      `Search for everything that came by ${show(e.door)} from ${show(e.sender)} in this time.`,
    ],
  });
