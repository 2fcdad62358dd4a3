/**
 * When time is to judge a group of a correlation: a queue in the order of time. It is no part of a snapshot: a restored
 * one is made of the groups and gives the same order.
 *
 * Held by `closing.test.ts` and `src/alert/detection.prop.test.ts`.
 */
import { type Due, Heap } from './memory/heap.ts';

type Timer = Due & { readonly rule: string; readonly id: string };

/** A group's own times in the queue: usually one, two while an event is to be looked at before what was waited for. */
export type Timed = { readonly id: string; readonly timers: number[] };

export class Timers {
  readonly #heap = new Heap<Timer>();

  get size(): number {
    return this.#heap.size;
  }

  /** Puts the group into the queue, unless it stands there for this time already; Infinity waits for nothing. */
  arm(rule: string, g: Timed, due: number): void {
    if (due === Number.POSITIVE_INFINITY || g.timers.includes(due)) return;
    g.timers.push(due);
    this.#heap.push({ due, seq: orderOf(rule, g.id), rule, id: g.id });
  }

  /** The earliest that is due; undefined where none is. The group may be gone: `taken` says whether it still waits. */
  next(now: number): { readonly rule: string; readonly id: string; readonly due: number } | undefined {
    const top = this.#heap.peek();
    return top === undefined || top.due > now ? undefined : this.#heap.pop();
  }

  /** Takes the time out of the group; false where it did not wait for it any more. */
  taken(g: Timed, due: number): boolean {
    const at = g.timers.indexOf(due);
    if (at < 0) return false;
    g.timers.splice(at, 1);
    return true;
  }
}

/** An order of equal times that does not depend on what came when, so that a restored queue is the same (FNV-1a). */
function orderOf(rule: string, id: string): number {
  let h = 0x811c9dc5;
  for (const text of [rule, id])
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h;
}
