/**
 * Stacked bars over time (uPlot on a canvas). Hovering writes the bucket's numbers in the line above the bars; dragging
 * picks a range. Colours are custom properties, so the theme decides them.
 */
import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useTheme, useZone } from '../data/prefs.ts';
import { stacked } from '../lib/buckets.ts';
import { countText, shortCount } from '../lib/format.ts';
import { timeText } from '../lib/time-format.ts';
import type { Zone } from '../lib/time-range.ts';

export type BarSeries = {
  readonly label: string;
  readonly color: string;
  readonly values: readonly number[];
};
type Props = {
  readonly starts: readonly number[];
  readonly bucketUs: number;
  /** Bottom first. */
  readonly series: readonly BarSeries[];
  readonly height: number;
  readonly label: string;
  readonly onBrush?: ((fromUs: number, toUs: number) => void) | undefined;
};

const cssColor = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

type Setup = Props & { zone: Zone; width: number; onHover: (i: number | null) => void };

function options(p: Setup): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.86, 40], align: 1 });
  const axis = { stroke: cssColor('--faint'), font: '11px system-ui, sans-serif', ticks: { show: false } };
  return {
    width: p.width,
    height: p.height,
    padding: [6, 20, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: p.onBrush !== undefined, y: false, setScale: false },
    },
    ...(p.zone === 'utc' ? { tzDate: (s: number) => uPlot.tzDate(new Date(s * 1000), 'Etc/UTC') } : {}),
    scales: {
      x: { time: true, range: () => [(p.starts[0] ?? 0) / 1e6, ((p.starts.at(-1) ?? 0) + p.bucketUs) / 1e6] },
      y: { range: (_u, _min, max) => [0, Math.max(1, max * 1.05)] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, gap: 4, space: 70, values: axisTimes(p.zone) },
      {
        ...axis,
        grid: { stroke: cssColor('--chart-grid'), width: 1 },
        size: 46,
        gap: 5,
        space: 22,
        incrs: [
          1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7,
          1e8, 1e9,
        ],
        values: (_u, ticks) => ticks.map(shortCount),
      },
    ],
    // The tallest first, so that shorter sums are drawn over it.
    series: [
      {},
      ...[...p.series].reverse().map((s) => ({
        label: s.label,
        fill: cssColor(s.color),
        width: 0,
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      })),
    ],
    hooks: {
      setCursor: [(u) => p.onHover(u.cursor.idx ?? null)],
      setSelect: [
        (u) => {
          if (u.select.width < 3) return;
          const from = u.posToVal(u.select.left, 'x') * 1e6;
          const to = u.posToVal(u.select.left + u.select.width, 'x') * 1e6;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          p.onBrush?.(Math.round(from), Math.round(to));
        },
      ],
    },
  };
}

/** Tick texts: the clock, and the date where a day begins or ticks are days apart. */
const axisTimes =
  (zone: Zone): uPlot.Axis.DynamicValues =>
  (_u, ticks, _i, _space, incr) =>
    ticks.map((s) => {
      const text = timeText(s * 1e6, zone);
      const clock = text.slice(11);
      if (incr >= 86400 || clock === '00:00:00') return text.slice(5, 10);
      return incr < 60 ? clock : clock.slice(0, 5);
    });

export function TimeBars(props: Props) {
  const { starts, bucketUs, series, height, label, onBrush } = props;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [hover, setHover] = useState<number | null>(null);
  const theme = useTheme();
  const zone = useZone();
  const brush = useRef(onBrush);
  brush.current = onBrush;
  const canBrush = onBrush !== undefined;

  useEffect(() => {
    const el = box.current;
    if (el === null) return;
    const seen = new ResizeObserver(() => setWidth(Math.floor(el.clientWidth)));
    seen.observe(el);
    return () => seen.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `theme` decides the colours that are read from the page
  useEffect(() => {
    const el = box.current;
    if (el === null || width < 50 || starts.length === 0) return;
    const heights = stacked(series.map((s) => s.values)).reverse();
    const plot = new uPlot(
      options({
        starts,
        bucketUs,
        series,
        height,
        label,
        zone,
        width,
        onHover: setHover,
        onBrush: canBrush ? (a, b) => brush.current?.(a, b) : undefined,
      }),
      [starts.map((t) => t / 1e6), ...heights],
      el,
    );
    return () => plot.destroy();
  }, [starts, bucketUs, series, height, label, zone, theme, width, canBrush]);

  const at = hover === null ? undefined : starts[hover];
  return (
    <div>
      <div className="flex h-5 flex-wrap items-center gap-x-4 overflow-hidden px-3 text-xs text-muted">
        <span className={at === undefined ? 'hidden' : 'text-text'}>
          {at === undefined ? '' : timeText(at, zone)}
        </span>
        {series.map((s) => (
          <span key={s.label} className="inline-flex items-center gap-1.5">
            <span
              aria-hidden="true"
              className="size-2 rounded-[2px]"
              style={{ background: `var(${s.color})` }}
            />
            {s.label}
            <span className="text-text">
              {countText(hover === null ? s.values.reduce((a, b) => a + b, 0) : (s.values[hover] ?? 0))}
            </span>
          </span>
        ))}
      </div>
      <div ref={box} role="img" aria-label={label} className="overflow-hidden" style={{ height }} />
    </div>
  );
}
