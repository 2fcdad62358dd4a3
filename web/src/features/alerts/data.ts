/** Reading the queue, and changing an alert. After a change every list and page that shows it is read again. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { AlertDetail, AlertPage } from '../../../../src/api/contract.ts';
import type { Alert, AlertStatus } from '../../../../src/model/alert.ts';
import { get, post } from '../../data/client.ts';

export const PAGE_ROWS = 100;

/** `open` is what still wants work: new and acknowledged. */
export type StatusFilter = 'open' | AlertStatus | 'all';
export const STATUS_FILTERS: readonly StatusFilter[] = ['open', 'new', 'acknowledged', 'closed', 'all'];
const statusParam = (s: StatusFilter): string => (s === 'open' ? 'new,acknowledged' : s === 'all' ? '' : s);

export type QueueFilter = {
  readonly tenant: string;
  readonly status: StatusFilter;
  readonly severity: string;
  readonly q: string;
};

export const useQueue = (f: QueueFilter) =>
  useInfiniteQuery({
    queryKey: ['alerts', f.tenant, f.status, f.severity, f.q],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      get<AlertPage>(
        '/alerts',
        {
          tenant: f.tenant,
          status: statusParam(f.status),
          severity: f.severity,
          q: f.q,
          before: pageParam,
          limit: PAGE_ROWS,
        },
        signal,
      ),
    getNextPageParam: (last: AlertPage, all) => {
      const shown = all.reduce((n, p) => n + p.alerts.length, 0);
      const oldest = last.alerts.at(-1);
      return oldest === undefined || shown >= last.total ? undefined : oldest.id;
    },
    placeholderData: (old) => old,
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
