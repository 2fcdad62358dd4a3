/**
 * Eviction is no hiding place: where a correlation had to forget groups because there were too many, one alert names the
 * rule, how many went, how many of them were half-way to the threshold, and the interval of receive time in which
 * something may have been missed. One alert per rule while it goes on.
 *
 * Held by `evictions.test.ts`.
 */
import type { Evicted } from '../detect/correlate.ts';
import { builtInRule, type CorrelationRule, type Rule } from '../detect/rule.ts';
import { SEVERITIES, type Severity } from '../model/alert.ts';
import { type AlertHead, type Episode, newEpisode } from './episode.ts';

export const EVICTION_RULE_ID = 'vigil.evicted';
/** Receive time that joins evictions of a rule into one alert, microseconds. */
export const EVICTION_GAP_US = 3600e6;

type Going = {
  readonly episode: Episode;
  readonly title: string;
  count: number;
  near: number;
  from: number;
  to: number;
  lastAt: number;
};
export type EvictionsState = readonly (readonly [
  rule: string,
  episode: string,
  title: string,
  count: number,
  near: number,
  from: number,
  to: number,
  lastAt: number,
])[];

export class EvictionAlerts {
  /** Id of the correlation -> its alert. */
  readonly #going = new Map<string, Going>();
  readonly #byEpisode = new Map<string, Going>();

  /** The rule's alert, made or brought up to date. `alive`: is the episode still held by its owner? */
  note(
    e: Evicted,
    now: number,
    alive: (id: string) => boolean,
  ): { readonly episode: Episode; readonly opened: boolean } {
    const known = this.#going.get(e.rule.id);
    const usable =
      known !== undefined &&
      !known.episode.closed &&
      alive(known.episode.id) &&
      now - known.lastAt <= EVICTION_GAP_US;
    const g = usable ? known : this.#start(e, known, now);
    g.count += e.count;
    g.near += e.near;
    g.from = Math.min(g.from, e.from);
    g.to = Math.max(g.to, e.to);
    g.lastAt = now;
    const ep = g.episode;
    const severity: Severity = g.near > 0 ? 'high' : 'low';
    if (SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(ep.severity)) ep.severity = severity;
    ep.count = g.count;
    ep.first = g.from;
    ep.last = g.to;
    ep.updatedAt = now;
    ep.dirty = true;
    return { episode: ep, opened: !usable };
  }

  #start(e: Evicted, before: Going | undefined, now: number): Going {
    const episode = newEpisode({
      rule: evictionRule(e.rule),
      tenant: 'default',
      lane: 'live',
      keyText: JSON.stringify([e.rule.id]),
      key: [`rule=${e.rule.id}`],
      gap: EVICTION_GAP_US,
      from: e.from,
      to: e.to,
      follows: before?.episode.closed === true ? before.episode.id : '',
      now,
    });
    const g: Going = { episode, title: e.rule.title, count: 0, near: 0, from: e.from, to: e.to, lastAt: now };
    if (before !== undefined) this.#byEpisode.delete(before.episode.id);
    this.#going.set(e.rule.id, g);
    this.#byEpisode.set(episode.id, g);
    return g;
  }

  /** Head of such an alert, undefined for other episodes. */
  headOf(ep: Episode): AlertHead | undefined {
    const g = this.#byEpisode.get(ep.id);
    if (g === undefined) return undefined;
    const near = g.near === 0 ? 'none of them' : `${g.near} of them`;
    return {
      title: `Rule "${g.title}" had to forget what it counted`,
      version: '',
      author: 'Vigil',
      sentence: null,
      fixed: `Rule "${g.title}" counted too many groups at once and forgot ${g.count}, ${near} half-way to the threshold or nearer, received between ${iso(g.from)} and ${iso(g.to)}: what it would have found there may be missing`,
    };
  }

  state(): EvictionsState {
    return [...this.#going].map(([rule, g]) => [
      rule,
      g.episode.id,
      g.title,
      g.count,
      g.near,
      g.from,
      g.to,
      g.lastAt,
    ]);
  }

  static from(s: EvictionsState, episode: (id: string) => Episode | undefined): EvictionAlerts {
    const out = new EvictionAlerts();
    for (const [rule, id, title, count, near, from, to, lastAt] of s) {
      const ep = episode(id);
      if (ep === undefined) continue;
      const g: Going = { episode: ep, title, count, near, from, to, lastAt };
      out.#going.set(rule, g);
      out.#byEpisode.set(id, g);
    }
    return out;
  }
}

const iso = (us: number): string => new Date(Math.floor(us / 1000)).toISOString();

/** The alert's rule is ours. */
const evictionRule = (rule: CorrelationRule): Rule =>
  builtInRule({
    id: EVICTION_RULE_ID,
    title: 'Correlation memory full',
    level: 'low',
    nextSteps: [
      `Judge the rule "${rule.title}" over the stored events of that interval (backtest): stored events are complete.`,
      'Look for who sends so many different keys: a flood of them is a way to hide among.',
      'Narrow the rule, or its group-by, where so many keys are normal here.',
    ],
  });
