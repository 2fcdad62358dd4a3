import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Bell, BookCheck, Gauge, Radio, Search, Settings } from 'lucide-react';
import type { ReactNode } from 'react';
import type { AlertPage, Me } from '../../../src/api/contract.ts';
import { get } from '../data/client.ts';
import { useLive } from '../data/live.tsx';
import { countText } from '../lib/format.ts';

const icon = { size: 15, 'aria-hidden': true } as const;

export function Nav({ me, tenant }: { me: Me; tenant: string }) {
  return (
    <nav aria-label="Pages" className="row-span-2 flex flex-col border-r border-line bg-panel">
      <div className="flex h-11 items-center gap-2 px-3.5 text-lg font-semibold tracking-tight">
        <img src="/favicon.svg" alt="" width={20} height={20} />
        Vigil
      </div>
      <div className="flex flex-col gap-0.5 px-2 py-2">
        <Item to="/" icon={<Gauge {...icon} />} text="Overview" keys="g o" />
        <Item to="/search" icon={<Search {...icon} />} text="Search" keys="g s" />
        <Item
          to="/alerts"
          icon={<Bell {...icon} />}
          text="Alerts"
          keys="g a"
          aside={<OpenAlerts tenant={tenant} />}
        />
        <Item to="/senders" icon={<Radio {...icon} />} text="Senders" keys="g n" />
        <Item to="/rules" icon={<BookCheck {...icon} />} text="Rules" keys="g r" />
        {me.role === 'admin' && (
          <Item to="/settings" icon={<Settings {...icon} />} text="Settings" keys="g t" />
        )}
      </div>
      <div className="mt-auto p-3">
        <LiveMark />
      </div>
    </nav>
  );
}

type Pages = '/' | '/search' | '/alerts' | '/senders' | '/rules' | '/settings';

function Item({
  to,
  icon: i,
  text,
  keys,
  aside,
}: {
  to: Pages;
  icon: ReactNode;
  text: string;
  keys: string;
  aside?: ReactNode;
}) {
  return (
    <Link
      to={to}
      search={{}}
      activeOptions={{ exact: to === '/', includeSearch: false }}
      title={`${text} (${keys})`}
      data-testid={`nav-${text.toLowerCase()}`}
      className="flex items-center gap-2.5 rounded-[5px] px-2 py-1.5 text-muted hover:bg-hover hover:text-text"
      activeProps={{ className: 'bg-accent-bg !text-text' }}
    >
      {i}
      <span className="flex-1">{text}</span>
      {aside}
    </Link>
  );
}

function OpenAlerts({ tenant }: { tenant: string }) {
  const q = useQuery({
    queryKey: ['alerts', tenant, 'count'],
    queryFn: ({ signal }) => get<AlertPage>('/alerts', { tenant, status: 'new', limit: 1 }, signal),
    refetchInterval: 30_000,
  });
  const n = q.data?.counts.new ?? 0;
  if (n === 0) return null;
  return (
    <span
      className="rounded-full bg-critical/15 px-1.5 text-xs text-critical"
      title={`${countText(n)} new alerts`}
    >
      {n > 999 ? '999+' : n}
    </span>
  );
}

const MARK = {
  connecting: { dot: 'bg-faint', text: 'Connecting…' },
  live: { dot: 'bg-ok', text: 'Live' },
  lost: { dot: 'bg-bad', text: 'Not live: reconnecting…' },
} as const;

function LiveMark() {
  const { state, rates } = useLive();
  const mark = MARK[state];
  const rate = rates.at(-1);
  return (
    <div role="status" data-testid="live" data-state={state} className="text-sm text-muted">
      <span className="inline-flex items-center gap-2">
        <span aria-hidden="true" className={`size-2 rounded-full ${mark.dot}`} />
        {mark.text}
      </span>
      {state === 'live' && rate !== undefined && rate.pending > 0 && (
        <div className="text-xs text-faint">{countText(rate.pending)} waiting to be stored</div>
      )}
    </div>
  );
}
