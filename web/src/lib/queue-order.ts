/**
 * The queue's two orders, as the server sorts them, so that the lists of two statuses can be put together.
 * Held by queue-order.test.ts.
 */
import { type Alert, SEVERITIES } from '../../../src/model/alert.ts';

export type QueueSort = 'severity' | 'newest';
type Ranked = Pick<Alert, 'id' | 'openedAt' | 'severity'>;

const newest = (a: Ranked, b: Ranked): number =>
  b.openedAt - a.openedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
const gravest = (a: Ranked, b: Ranked): number =>
  SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || newest(a, b);

/**
 * The first `limit` of several lists that are each sorted and each hold their first `limit`: exactly what one list of
 * all would begin with.
 */
export function firstOf<A extends Ranked>(
  lists: readonly (readonly A[])[],
  sort: QueueSort,
  limit: number,
): A[] {
  return lists
    .flat()
    .sort(sort === 'newest' ? newest : gravest)
    .slice(0, limit);
}

/** Where the next page begins; newest first only. */
export const cursorOf = (last: Ranked): string => `${last.openedAt}:${last.id}`;
