/** Searching: pages of events newest first, or the one table of a pipe. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { SearchRequest, SearchResult } from '../../../../src/api/contract.ts';
import { post } from '../../data/client.ts';
import { topValuesQuery } from '../../lib/query-text.ts';
import type { Resolved } from '../../lib/time-range.ts';

export const PAGE_ROWS = 200;

export type SearchKey = { readonly tenant: string; readonly query: string; readonly range: Resolved };

export const useEvents = ({ tenant, query, range }: SearchKey) =>
  useInfiniteQuery({
    queryKey: ['search', tenant, query, range.from, range.to],
    initialPageParam: undefined as SearchRequest['before'],
    queryFn: ({ pageParam, signal }) => {
      const body: SearchRequest = {
        tenant,
        query,
        from: range.from,
        to: range.to,
        limit: PAGE_ROWS,
        histogram: pageParam === undefined,
        ...(pageParam === undefined ? {} : { before: pageParam }),
      };
      return post<SearchResult>('/search', body, signal);
    },
    getNextPageParam: (last: SearchResult): SearchRequest['before'] => {
      const row = last.rows.at(-1);
      return row === undefined || last.rows.length < PAGE_ROWS ? undefined : { ts: row.ts, id: row.id };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useTopValues = ({ tenant, query, range }: SearchKey, field: string) =>
  useQuery({
    queryKey: ['top', tenant, query, range.from, range.to, field],
    queryFn: ({ signal }) =>
      post<SearchResult>(
        '/search',
        {
          tenant,
          query: topValuesQuery(query, field),
          from: range.from,
          to: range.to,
          limit: 10,
          histogram: false,
        } satisfies SearchRequest,
        signal,
      ),
    staleTime: Number.POSITIVE_INFINITY,
  });
