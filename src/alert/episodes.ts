/**
 * The episodes in memory, by alert id and by (tenant, lane, rule, key). Bounded: the oldest that has nothing left to
 * tell goes first, closed ones before open ones.
 *
 * Held by `detection.test.ts` and `detection.prop.test.ts`.
 */
import { assert } from '../base/result.ts';
import type { Origin } from '../model/event.ts';
import { type Episode, episodeOf, type EpisodeState, episodeState } from './episode.ts';

/** Episodes kept in memory. */
export const EPISODES_MAX = 5000;
/** An episode is let go this long (receive time, microseconds) after its last match. */
export const KEEP_US = 24 * 3600e6;

export type EpisodesState = {
  readonly evicted: number;
  readonly episodes: readonly EpisodeState[];
  readonly byKey: readonly (readonly [string, readonly string[]])[];
};

export const episodeKey = (tenant: string, lane: Origin, rule: string, key: string): string =>
  `${tenant}\u0000${lane}\u0000${rule}\u0000${key}`;

const keyOf = (ep: Episode): string => episodeKey(ep.tenant, ep.lane, ep.rule, ep.keyText);
const NONE: readonly Episode[] = [];

export class Episodes {
  #byId = new Map<string, Episode>();
  #byKey = new Map<string, Episode[]>();
  /** Forgotten because of EPISODES_MAX. */
  evicted = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Episode | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<Episode> {
    return this.#byId.values();
  }

  /** Of one key, oldest first. */
  of(key: string): readonly Episode[] {
    return this.#byKey.get(key) ?? NONE;
  }

  add(ep: Episode): void {
    if (this.#byId.size >= EPISODES_MAX) this.#evict();
    this.#byId.set(ep.id, ep);
    const key = keyOf(ep);
    this.#byKey.set(key, [...this.of(key).filter((x) => x.id !== ep.id), ep]);
  }

  #forget(ep: Episode): void {
    this.#byId.delete(ep.id);
    const key = keyOf(ep);
    const rest = this.of(key).filter((x) => x.id !== ep.id);
    if (rest.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, rest);
  }

  #evict(): void {
    let victim: Episode | undefined;
    for (const ep of this.#byId.values()) {
      if (ep.dirty) continue;
      victim ??= ep;
      if (!ep.closed) continue;
      victim = ep;
      break;
    }
    if (victim === undefined) return;
    this.#forget(victim);
    this.evicted++;
  }

  /** Lets go of what was idle for KEEP_US, or twice its gap. */
  sweep(now: number): void {
    for (const ep of [...this.#byId.values()])
      if (!ep.dirty && now - ep.updatedAt > Math.max(KEEP_US, 2 * ep.gap)) this.#forget(ep);
  }

  state(): EpisodesState {
    return {
      evicted: this.evicted,
      episodes: [...this.#byId.values()].map(episodeState),
      byKey: [...this.#byKey].map(([k, list]) => [k, list.map((e) => e.id)]),
    };
  }

  static from(s: EpisodesState): Episodes {
    const out = new Episodes();
    out.evicted = s.evicted;
    for (const x of s.episodes) {
      const ep = episodeOf(x);
      out.#byId.set(ep.id, ep);
    }
    out.#byKey = new Map(s.byKey.map(([k, ids]) => [k, ids.map((id) => out.must(id))]));
    return out;
  }

  /** The episode that state of ours names. */
  must(id: string): Episode {
    const ep = this.#byId.get(id);
    assert(ep !== undefined, `the detection state names episode ${id} and does not hold it`);
    return ep;
  }
}
