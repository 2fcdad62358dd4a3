/** Reading the queue, and changing an alert. After a change every list and page that shows it is read again. */
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import type { AlertDetail, AlertPage } from '../../../../src/api/contract.ts';
import type { Alert, AlertStatus } from '../../../../src/model/alert.ts';
import { get, post } from '../../data/client.ts';
import { cursorOf, firstOf, type QueueSort } from '../../lib/queue-order.ts';

export const PAGE_ROWS = 100;
/** The server pages only the newest-first order; by severity it gives the first so many. */
export const GRAVEST_ROWS = 250;

/** `open` is what still wants work: new and acknowledged. */
export type StatusFilter = 'open' | AlertStatus | 'all';
export const STATUS_FILTERS: readonly StatusFilter[] = ['open', 'new', 'acknowledged', 'closed', 'all'];

/** The server filters by one status: `open` asks for two lists and puts them together. */
const asked = (s: StatusFilter): readonly (AlertStatus | undefined)[] =>
  s === 'open' ? ['new', 'acknowledged'] : s === 'all' ? [undefined] : [s];

export type QueueFilter = {
  readonly tenant: string;
  readonly status: StatusFilter;
  readonly severity: string;
  readonly q: string;
  readonly sort: QueueSort;
};

async function readPage(f: QueueFilter, before: string, signal: AbortSignal): Promise<AlertPage> {
  const limit = f.sort === 'newest' ? PAGE_ROWS : GRAVEST_ROWS;
  const { tenant, severity, q, sort } = f;
  const pages = await Promise.all(
    asked(f.status).map((status) =>
      get<AlertPage>('/alerts', { tenant, status, severity, q, sort, before, limit }, signal),
    ),
  );
  return {
    alerts: firstOf(
      pages.map((p) => p.alerts),
      sort,
      limit,
    ),
    total: pages.reduce((n, p) => n + p.total, 0),
    counts: pages[0]?.counts ?? { new: 0, acknowledged: 0, closed: 0 },
  };
}

export const useQueue = (f: QueueFilter) =>
  useInfiniteQuery({
    queryKey: ['alerts', f.tenant, f.status, f.severity, f.q, f.sort],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => readPage(f, pageParam, signal),
    getNextPageParam: (last: AlertPage) => {
      const oldest = last.alerts.at(-1);
      return f.sort !== 'newest' || oldest === undefined || last.alerts.length < PAGE_ROWS
        ? undefined
        : cursorOf(oldest);
    },
    placeholderData: keepPreviousData,
  });

export const useAlert = (id: string) =>
  useQuery({
    queryKey: ['alert', id],
    queryFn: ({ signal }) => get<AlertDetail>(`/alerts/${encodeURIComponent(id)}`, {}, signal),
  });

type Change =
  | { readonly kind: 'status'; readonly id: string; readonly status: AlertStatus; readonly reason: string }
  | { readonly kind: 'assignee'; readonly id: string; readonly assignee: string }
  | { readonly kind: 'note'; readonly id: string; readonly text: string };

export function useChangeAlert() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (c: Change): Promise<Alert> => {
      const path = `/alerts/${encodeURIComponent(c.id)}/${c.kind}`;
      if (c.kind === 'status') return post(path, { status: c.status, reason: c.reason });
      if (c.kind === 'assignee') return post(path, { assignee: c.assignee });
      return post(path, { text: c.text });
    },
    onSuccess: (_alert, c) =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['alerts'] }),
        client.invalidateQueries({ queryKey: ['alert', c.id] }),
        client.invalidateQueries({ queryKey: ['overview'] }),
      ]),
  });
}
