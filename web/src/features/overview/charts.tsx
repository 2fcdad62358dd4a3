import { useMemo } from 'react';
import type { Overview } from '../../../../src/api/contract.ts';
import { bucketStarts, onBuckets } from '../../lib/buckets.ts';
import { countText } from '../../lib/format.ts';
import { severityFill, severityWord, WORST_FIRST } from '../../lib/severity.ts';
import { spanText } from '../../lib/time-format.ts';
import { NoLogs } from '../../ui/no-logs.tsx';
import { Empty, Panel } from '../../ui/states.tsx';
import { type BarSeries, TimeBars } from '../../ui/time-bars.tsx';

type Props = { data: Overview; onBrush: (from: number, to: number) => void };
const HEIGHT = 168;

export function EventsOverTime({ data, onBrush }: Props) {
  const starts = useMemo(() => bucketStarts(data.from, data.to, data.bucketUs), [data]);
  const series = useMemo((): BarSeries[] => {
    const all = onBuckets(starts, data.events, (p) => p.n);
    const failed = onBuckets(starts, data.failures, (p) => p.n);
    return [
      { label: 'Failures', color: '--chart-failure', values: failed },
      {
        label: 'Other events',
        color: '--chart-success',
        values: all.map((n, i) => Math.max(0, n - (failed[i] ?? 0))),
      },
    ];
  }, [data, starts]);
  return (
    <Panel
      title="Events over time"
      aside={`per ${spanText(data.bucketUs)}, drag to zoom`}
      data-testid="events-chart"
    >
      {data.total === 0 ? (
        <NoLogs />
      ) : (
        <div className="pt-1.5">
          <TimeBars
            starts={starts}
            bucketUs={data.bucketUs}
            series={series}
            height={HEIGHT}
            onBrush={onBrush}
            label={`${countText(data.total)} events over time, with failures`}
          />
        </div>
      )}
    </Panel>
  );
}

export function AlertsOverTime({ data, onBrush }: Props) {
  const starts = useMemo(() => bucketStarts(data.from, data.to, data.bucketUs), [data]);
  const series = useMemo(
    (): BarSeries[] =>
      WORST_FIRST.map((s) => ({
        label: severityWord[s],
        color: severityFill[s],
        values: onBuckets(starts, data.alerts, (p) => p.bySeverity[s] ?? 0),
      })),
    [data, starts],
  );
  const total = series.reduce((n, s) => n + s.values.reduce((a, b) => a + b, 0), 0);
  return (
    <Panel title="Alerts over time" aside={`per ${spanText(data.bucketUs)}, by severity`}>
      {total === 0 ? (
        <Empty title="No alerts in this range">
          Rules watch every event as it arrives. See which ones under Rules.
        </Empty>
      ) : (
        <div className="pt-1.5">
          <TimeBars
            starts={starts}
            bucketUs={data.bucketUs}
            series={series}
            height={HEIGHT}
            onBrush={onBrush}
            label={`${countText(total)} alerts over time, by severity`}
          />
        </div>
      )}
    </Panel>
  );
}
