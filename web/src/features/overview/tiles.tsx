import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Overview } from '../../../../src/api/contract.ts';
import { useLive } from '../../data/live.tsx';
import { useRuleSummary } from '../../data/queries.ts';
import { countText, rateText, shareText } from '../../lib/format.ts';
import { severityColor, severityWord, WORST_FIRST } from '../../lib/severity.ts';
import { Sparkline } from '../../ui/sparkline.tsx';

export function Tiles({ data }: { data: Overview | undefined }) {
  const failures = data?.failures.reduce((n, p) => n + p.n, 0) ?? 0;
  return (
    <div className="grid grid-cols-2 xl:grid-cols-[1.3fr_1fr_1fr_2.2fr] gap-3">
      <LiveTile />
      <Tile label="Events in this range">{data === undefined ? '…' : countText(data.total)}</Tile>
      <Tile
        label="Failures in this range"
        aside={data === undefined ? '' : `${shareText(failures, data.total)} of events`}
      >
        {data === undefined ? '…' : countText(failures)}
      </Tile>
      <OpenTile data={data} />
    </div>
  );
}

function Tile({
  label,
  aside,
  children,
  ...rest
}: {
  label: string;
  aside?: ReactNode;
  children: ReactNode;
  'data-testid'?: string;
}) {
  return (
    <section className="panel px-3 py-2" {...rest}>
      <h2 className="text-sm text-muted">{label}</h2>
      <div className="flex items-baseline justify-between gap-2">
        <span className="text-xl font-semibold">{children}</span>
        <span className="text-sm text-faint">{aside}</span>
      </div>
    </section>
  );
}

function LiveTile() {
  const { state, rates } = useLive();
  const rate = rates.at(-1);
  return (
    <section className="panel flex items-end justify-between gap-3 px-3 py-2">
      <div>
        <h2 className="text-sm text-muted">Events per second</h2>
        <div className="text-xl font-semibold" data-testid="event-rate">
          {state === 'live' && rate !== undefined ? (
            rateText(rate.eventsPerSecond)
          ) : (
            <span className="text-faint">–</span>
          )}
        </div>
      </div>
      <div className="text-right">
        {state === 'live' ? (
          <Sparkline
            values={rates.map((r) => r.eventsPerSecond)}
            width={120}
            height={30}
            label="Last two minutes"
            slots={120}
          />
        ) : (
          <span className="text-sm text-bad">{state === 'lost' ? 'not live' : ''}</span>
        )}
      </div>
    </section>
  );
}

function OpenTile({ data }: { data: Overview | undefined }) {
  return (
    <section className="panel px-3 py-2">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3">
        <h2 className="text-sm text-muted">Open alerts</h2>
        <RulesNote />
      </div>
      <div className="flex items-baseline gap-5">
        {WORST_FIRST.map((s) => {
          const n = data?.openAlerts[s] ?? 0;
          return (
            <Link
              key={s}
              to="/alerts"
              search={{ severity: s }}
              className="group inline-flex items-baseline gap-1.5 whitespace-nowrap"
              data-testid={`open-${s}`}
            >
              <span
                className={`text-xl font-semibold ${n === 0 ? 'text-faint' : ''}`}
                style={n === 0 ? {} : { color: `var(${severityColor[s]})` }}
              >
                {data === undefined ? '…' : countText(n)}
              </span>
              <span className="text-sm text-muted group-hover:underline">{severityWord[s]}</span>
            </Link>
          );
        })}
      </div>
    </section>
  );
}

/** What watches, and what only seems to: rules that cannot fire here are never out of sight. */
function RulesNote() {
  const q = useRuleSummary();
  if (q.data === undefined) return null;
  const { byMode, dead, problems } = q.data;
  return (
    <span className="text-sm text-faint" data-testid="rules-note">
      {countText(byMode.alerting)} rules alert
      {dead > 0 && (
        <>
          {', '}
          <Link to="/rules" search={{ status: 'dead' }} className="text-muted hover:underline">
            {countText(dead)} cannot fire
          </Link>
        </>
      )}
      {problems > 0 && (
        <>
          {', '}
          <Link to="/rules" search={{ status: 'problems' }} className="text-warn hover:underline">
            {countText(problems)} with problems
          </Link>
        </>
      )}
    </span>
  );
}
