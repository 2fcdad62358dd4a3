/** The alert queue: what wants work, gravest first. j/k move, Enter opens, a acknowledges, c closes. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { SEVERITIES, type Alert } from '../../../../src/model/alert.ts';
import { messageOf } from '../../data/client.ts';
import { useNow } from '../../data/clock.ts';
import { useLive } from '../../data/live.tsx';
import { useMe, useTenant } from '../../data/session.tsx';
import { countText, shortCount } from '../../lib/format.ts';
import type { QueueSort } from '../../lib/queue-order.ts';
import { severityWord, WORST_FIRST } from '../../lib/severity.ts';
import { SeverityBadge, StatusBadge } from '../../ui/badge.tsx';
import { Button, Segments } from '../../ui/button.tsx';
import { Entity } from '../../ui/entity.tsx';
import { useHotkeys } from '../../ui/hotkeys.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { Ago } from '../../ui/time.tsx';
import { CloseDialog } from './close-dialog.tsx';
import { GRAVEST_ROWS, STATUS_FILTERS, type StatusFilter, useChangeAlert, useQueue } from './data.ts';

const FILTER_WORD: Readonly<Record<StatusFilter, string>> = {
  open: 'Open',
  new: 'New',
  acknowledged: 'Acknowledged',
  closed: 'Closed',
  all: 'All',
};

type Filter = { status: StatusFilter; severity: string; q: string; sel: string; sort: QueueSort };

function useFilter(): [Filter, (next: Partial<Filter>) => void] {
  const s = useSearch({ strict: false });
  const navigate = useNavigate();
  const filter: Filter = {
    status: STATUS_FILTERS.find((f) => f === s.status) ?? 'open',
    severity: SEVERITIES.find((x) => x === s.severity) ?? '',
    q: s.q ?? '',
    sel: s.sel ?? '',
    sort: s.sort === 'newest' ? 'newest' : 'severity',
  };
  const set = (next: Partial<Filter>): void =>
    void navigate({
      to: '.',
      replace: true,
      // What is as it is by default stays out of the URL.
      search: (old) => {
        const all = { ...filter, ...next };
        return {
          ...old,
          ...all,
          status: all.status === 'open' ? undefined : all.status,
          sort: all.sort === 'severity' ? undefined : all.sort,
        };
      },
    });
  return [filter, set];
}

export function AlertQueue() {
  const tenant = useTenant();
  const [filter, set] = useFilter();
  const q = useQueue({
    tenant,
    status: filter.status,
    severity: filter.severity,
    q: filter.q,
    sort: filter.sort,
  });
  const alerts = q.data?.pages.flatMap((p) => p.alerts) ?? [];
  const first = q.data?.pages[0];
  const [closing, setClosing] = useState<Alert | null>(null);
  const change = useChangeAlert();
  const navigate = useNavigate();
  const canAct = useMe().role !== 'viewer';

  const at = alerts.findIndex((a) => a.id === filter.sel);
  const go = (i: number): void => {
    const next = alerts[Math.max(0, Math.min(alerts.length - 1, i))];
    if (next !== undefined) set({ sel: next.id });
  };
  const chosen = alerts[at];
  useHotkeys({
    j: () => go(at + 1),
    k: () => go(at < 0 ? 0 : at - 1),
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at < 0 ? 0 : at - 1),
    Enter: () => {
      if (chosen !== undefined) void navigate({ to: '/alerts/$id', params: { id: chosen.id }, search: {} });
    },
    a: () => {
      if (canAct && chosen?.status === 'new')
        change.mutate({ kind: 'status', id: chosen.id, status: 'acknowledged', reason: '' });
    },
    c: () => {
      if (canAct && chosen !== undefined && chosen.status !== 'closed') setClosing(chosen);
    },
    Escape: () => set({ sel: '' }),
  });

  return (
    <div className="flex flex-col gap-3 p-4">
      <PageHead title="Alerts">
        <span className="text-sm text-faint">
          j k move · Enter open{canAct ? ' · a acknowledge · c close' : ''}
        </span>
      </PageHead>
      <Filters filter={filter} set={set} counts={first?.counts} />
      {change.isError && (
        <div role="alert" className="text-bad">
          {messageOf(change.error)}
        </div>
      )}
      <Panel>
        {q.isPending ? (
          <Loading lines={8} />
        ) : q.isError ? (
          <Failed what="The alerts could not be read." error={q.error} retry={() => void q.refetch()} />
        ) : alerts.length === 0 ? (
          <Nothing filter={filter} set={set} />
        ) : (
          <AlertTable alerts={alerts} sel={filter.sel} onSelect={(id) => set({ sel: id })} />
        )}
      </Panel>
      {q.hasNextPage && (
        <Button
          className="self-center"
          disabled={q.isFetchingNextPage}
          onClick={() => void q.fetchNextPage()}
        >
          {q.isFetchingNextPage
            ? 'Loading…'
            : `Show more (${countText((first?.total ?? 0) - alerts.length)} left)`}
        </Button>
      )}
      {filter.sort === 'severity' && first !== undefined && first.total > GRAVEST_ROWS && (
        <div className="self-center text-muted">
          The gravest {countText(alerts.length)} of {countText(first.total)}.{' '}
          <Button onClick={() => set({ sort: 'newest' })}>Page through all, newest first</Button>
        </div>
      )}
      {closing !== null && <CloseDialog alert={closing} onClose={() => setClosing(null)} />}
    </div>
  );
}

function Nothing({ filter, set }: { filter: Filter; set: (f: Partial<Filter>) => void }) {
  if (filter.q === '' && filter.severity === '' && filter.status === 'open')
    return (
      <Empty title="No open alerts">
        Nothing waits for you.{' '}
        <Button onClick={() => set({ status: 'closed' })}>Look at closed alerts</Button>
      </Empty>
    );
  return (
    <Empty title="No alert matches these filters">
      <Button onClick={() => set({ q: '', severity: '', status: 'all' })}>Show all alerts</Button>
    </Empty>
  );
}

function Filters({
  filter,
  set,
  counts,
}: {
  filter: Filter;
  set: (f: Partial<Filter>) => void;
  counts: Readonly<Record<string, number>> | undefined;
}) {
  const [text, setText] = useState(filter.q);
  useEffect(() => setText(filter.q), [filter.q]);
  const count = (s: StatusFilter): string => {
    if (counts === undefined || s === 'all') return '';
    const n = s === 'open' ? (counts['new'] ?? 0) + (counts['acknowledged'] ?? 0) : (counts[s] ?? 0);
    return ` ${shortCount(n)}`;
  };
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Segments
        label="Status"
        value={filter.status}
        onPick={(status) => set({ status })}
        options={STATUS_FILTERS.map((id) => ({
          id,
          text: (
            <>
              {FILTER_WORD[id]}
              <span className="text-faint">{count(id)}</span>
            </>
          ),
        }))}
      />
      <Segments
        label="Severity"
        value={filter.severity}
        onPick={(severity) => set({ severity })}
        options={[
          { id: '', text: 'Any severity' },
          ...WORST_FIRST.map((id) => ({ id: id as string, text: severityWord[id] })),
        ]}
      />
      <Segments
        label="Order"
        value={filter.sort}
        onPick={(sort) => set({ sort })}
        options={[
          { id: 'severity', text: 'Gravest first' },
          { id: 'newest', text: 'Newest' },
        ]}
      />
      <form
        className="flex-1"
        onSubmit={(e) => {
          e.preventDefault();
          set({ q: text.trim() });
        }}
      >
        <input
          className="field w-full min-w-[180px] max-w-[320px]"
          type="search"
          placeholder="Text in sentence, rule or entity"
          aria-label="Filter by text"
          data-testid="alert-filter"
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            if (e.target.value === '') set({ q: '' });
          }}
          onBlur={() => set({ q: text.trim() })}
        />
      </form>
    </div>
  );
}

/** Entities named in a row; the alert's page names all. */
const ENTITIES_SHOWN = 3;
/** A changed row is marked for this long, milliseconds. */
const FLASH_MS = 2500;

export function AlertTable({
  alerts,
  sel,
  compact = false,
  onSelect,
}: {
  alerts: readonly Alert[];
  sel: string;
  /** Without the entities, where there is little room. */
  compact?: boolean;
  onSelect?: (id: string) => void;
}) {
  const now = useNow();
  const { changed } = useLive();
  const row = useRef<HTMLTableRowElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the row that `sel` names comes into view
  useEffect(() => {
    // Newer browsers answer with a promise, which is no cleanup.
    row.current?.scrollIntoView({ block: 'nearest' });
  }, [sel]);
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th className="w-[90px]">Severity</th>
          <th>What happened</th>
          {!compact && <th className="w-[300px] max-xl:w-[190px]">Who and where</th>}
          <th className="w-[110px]">Status</th>
          <th className="num w-[70px]">Count</th>
          <th className="num w-[90px]">Last seen</th>
        </tr>
      </thead>
      <tbody>
        {alerts.map((a) => (
          <tr
            key={a.id}
            ref={a.id === sel ? row : null}
            data-testid="alert-row"
            data-id={a.id}
            aria-selected={a.id === sel}
            onPointerDown={() => onSelect?.(a.id)}
            className={`${a.id === sel ? 'bg-accent-bg/60' : 'hover:bg-hover'} ${Date.now() - (changed.get(a.id) ?? 0) < FLASH_MS ? 'flash' : ''}`}
          >
            <td>
              <SeverityBadge severity={a.severity} />
            </td>
            <td>
              <Link
                to="/alerts/$id"
                params={{ id: a.id }}
                search={{}}
                className={`hover:underline ${a.status === 'closed' ? 'text-muted' : 'font-medium'}`}
              >
                {safe(a.sentence)}
              </Link>
              <div className="text-sm text-faint">
                {safe(a.ruleTitle)}
                {a.origin !== 'live' && ` · ${a.origin === 'retro' ? 'found in stored events' : a.origin}`}
                {a.late && a.origin === 'live' && ' · from late events'}
                {a.assignee !== '' && ` · ${safe(a.assignee)}`}
              </div>
            </td>
            {!compact && (
              <td>
                <div className="flex flex-wrap gap-1">
                  {a.entities.slice(0, ENTITIES_SHOWN).map((e) => (
                    <Entity key={e} text={e} around={{ from: a.firstSeen, to: a.lastSeen }} />
                  ))}
                  {a.entities.length > ENTITIES_SHOWN && (
                    <span className="text-sm text-faint">+{a.entities.length - ENTITIES_SHOWN}</span>
                  )}
                </div>
              </td>
            )}
            <td>
              <StatusBadge status={a.status} />
            </td>
            <td className="num">{countText(a.count)}</td>
            <td className="num text-muted">
              <Ago us={a.lastSeen} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
