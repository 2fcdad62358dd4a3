/** The first page: what comes in, what fails, what is open, who sends. Moves by itself while the range ends now. */
import { useEffect } from 'react';
import { useOverview, useStatus } from '../../data/queries.ts';
import { useRange } from '../../data/range.ts';
import { useTenant } from '../../data/session.tsx';
import { isRelative } from '../../lib/time-range.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { RangePicker } from '../../ui/range-picker.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Failed, Loading, Panel } from '../../ui/states.tsx';
import { AlertsOverTime, EventsOverTime } from './charts.tsx';
import { SendersPanel } from './senders-panel.tsx';
import { Tiles } from './tiles.tsx';
import { TopPanel } from './top-panel.tsx';

const MOVE_MS = 10_000;

export function OverviewPage() {
  const tenant = useTenant();
  const range = useRange();
  const { renew } = range;
  const moving = isRelative(range.range);
  useEffect(() => {
    if (!moving) return;
    const t = setInterval(() => {
      if (document.visibilityState === 'visible') renew();
    }, MOVE_MS);
    return () => clearInterval(t);
  }, [moving, renew]);
  const q = useOverview(tenant, range.resolved, false);
  const data = q.data;

  return (
    <div className="flex flex-col gap-3 p-4">
      <PageHead title="Overview">
        <RangePicker state={range} />
      </PageHead>
      <Warnings />
      <Tiles data={data} />
      {q.isError && data === undefined ? (
        <Panel>
          <Failed what="The overview could not be read." error={q.error} retry={() => void q.refetch()} />
        </Panel>
      ) : data === undefined ? (
        <Panel>
          <Loading lines={8} />
        </Panel>
      ) : (
        <>
          <div className="grid grid-cols-1 gap-3 lg:grid-cols-2">
            <EventsOverTime
              data={data}
              onBrush={(a, b) => range.setRange({ from: String(a), to: String(b) })}
            />
            <AlertsOverTime
              data={data}
              onBrush={(a, b) => range.setRange({ from: String(a), to: String(b) })}
            />
          </div>
          <div className="grid grid-cols-2 gap-3 xl:grid-cols-4">
            <TopPanel title="Source addresses" field="source.ip" rows={data.topSources} total={data.total} />
            <TopPanel title="Hosts" field="host.name" rows={data.topHosts} total={data.total} />
            <TopPanel title="Users" field="user.name" rows={data.topUsers} total={data.total} />
            <TopPanel title="Log types" field="vigil.source" rows={data.topLogTypes} total={data.total} />
          </div>
        </>
      )}
      <SendersPanel />
    </div>
  );
}

function Warnings() {
  const status = useStatus();
  const all = status.data?.warnings ?? [];
  if (all.length === 0) return null;
  return (
    <ul className="rounded-[6px] border border-warn/40 bg-warn-bg px-3 py-2 text-warn" aria-label="Warnings">
      {all.map((w) => (
        <li key={w}>{safe(w)}</li>
      ))}
    </ul>
  );
}
