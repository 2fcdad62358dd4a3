/**
 * A value of an event that can be clicked: filter in, filter out, copy, and "everything this address, user or host
 * did in the last 24 hours". The filters are exact literals (src/lib/query-text.ts).
 */
import { useNavigate, useRouter } from '@tanstack/react-router';
import { Copy, ListFilter, ListFilterPlus, Radar } from 'lucide-react';
import { useCallback } from 'react';
import type { Scalar } from '../../../src/model/event.ts';
import { entityOf, entityQuery, filterIn, filterOut, scalarText } from '../lib/query-text.ts';
import { type MenuItem, useMenu } from './menu.tsx';
import { safe } from './safe-text.tsx';

const KIND_WORD = { ip: 'address', user: 'user', host: 'host' } as const;

/** Goes to the search page with another query; keeps the range unless one is given. */
export function useGoSearch(): (q: string, range?: { from: string; to: string }) => void {
  const navigate = useNavigate();
  return useCallback(
    (q, range) =>
      void navigate({
        to: '/search',
        search: (old) => ({ tenant: old.tenant, from: range?.from ?? old.from, to: range?.to ?? old.to, q }),
      }),
    [navigate],
  );
}

export function useValueMenu(): (at: Element, field: string, value: Scalar) => void {
  const open = useMenu();
  const go = useGoSearch();
  const router = useRouter();
  return useCallback(
    (at, field, value) => {
      const here = router.state.location;
      const query = here.pathname === '/search' ? (here.search.q ?? '') : '';
      const entity = value === null ? undefined : entityOf(field, String(value));
      const items: MenuItem[] = [
        {
          id: 'filter-in',
          icon: <ListFilterPlus size={14} />,
          text: 'Only this value',
          run: () => go(filterIn(query, field, value)),
        },
        {
          id: 'filter-out',
          icon: <ListFilter size={14} />,
          text: 'Without this value',
          run: () => go(filterOut(query, field, value)),
        },
        {
          id: 'copy',
          icon: <Copy size={14} />,
          text: 'Copy value',
          run: () => void navigator.clipboard?.writeText(scalarText(value)),
        },
      ];
      if (entity !== undefined)
        items.push({
          id: 'pivot',
          icon: <Radar size={14} />,
          text: `Everything this ${KIND_WORD[entity.kind]} did, last 24 hours`,
          run: () => go(entityQuery(entity.text), { from: '-24h', to: 'now' }),
        });
      open(at, {
        label: `${field} ${scalarText(value)}`,
        title: (
          <>
            <div className="text-xs text-faint">{safe(field)}</div>
            <div className="truncate font-mono text-text">{safe(scalarText(value)) || '(empty)'}</div>
          </>
        ),
        items,
      });
    },
    [open, go, router],
  );
}

export function Value({
  field,
  value,
  shown,
  className = '',
}: {
  field: string;
  value: Scalar;
  /** What to write instead of the value itself, such as a time for its microseconds. */
  shown?: string | undefined;
  className?: string;
}) {
  const menu = useValueMenu();
  const text = scalarText(value);
  return (
    <button
      type="button"
      data-testid="value"
      data-field={field}
      onClick={(e) => {
        e.stopPropagation();
        menu(e.currentTarget, field, value);
      }}
      className={`max-w-full rounded-[3px] text-left hover:bg-accent-bg hover:underline ${value === null ? 'text-faint italic' : ''} ${className}`}
    >
      {value === '' ? <span className="text-faint italic">empty</span> : safe(shown ?? text)}
    </button>
  );
}
