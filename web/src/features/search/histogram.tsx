import { useMemo } from 'react';
import type { SearchResult } from '../../../../src/api/contract.ts';
import { bucketStarts, onBuckets } from '../../lib/buckets.ts';
import { countText } from '../../lib/format.ts';
import type { Resolved } from '../../lib/time-range.ts';
import { type BarSeries, TimeBars } from '../../ui/time-bars.tsx';

const HEIGHT = 100;

export function Histogram({
  result,
  range,
  onBrush,
}: {
  result: SearchResult;
  range: Resolved;
  onBrush: (a: number, b: number) => void;
}) {
  const starts = useMemo(() => bucketStarts(range.from, range.to, result.bucketUs), [range, result.bucketUs]);
  const series = useMemo(
    (): BarSeries[] => [
      {
        label: 'Failure',
        color: '--chart-failure',
        values: onBuckets(starts, result.histogram, (p) => p.failure),
      },
      {
        label: 'Success',
        color: '--chart-success',
        values: onBuckets(starts, result.histogram, (p) => p.success),
      },
      { label: 'Other', color: '--chart-other', values: onBuckets(starts, result.histogram, (p) => p.other) },
    ],
    [starts, result.histogram],
  );
  return (
    <div className="panel pt-1" data-testid="histogram">
      <TimeBars
        starts={starts}
        bucketUs={result.bucketUs}
        series={series}
        height={HEIGHT}
        onBrush={onBrush}
        label={`${countText(result.total)} events over time by outcome; drag to narrow the range`}
      />
    </div>
  );
}
