/** A small curve without axes: the shape of the last minutes. The number beside it carries the value. */
export function Sparkline({
  values,
  slots,
  width,
  height,
  label,
}: {
  values: readonly number[];
  /** Room for so many values; fewer stand at the right. */
  slots?: number;
  width: number;
  height: number;
  label: string;
}) {
  if (values.length < 2) return <span className="inline-block" style={{ width, height }} />;
  const max = Math.max(1, ...values);
  const count = Math.max(values.length, slots ?? 0);
  const step = width / (count - 1);
  const left = (count - values.length) * step;
  const points = values.map(
    (v, i) => `${(left + i * step).toFixed(1)},${(height - 1 - (v / max) * (height - 2)).toFixed(1)}`,
  );
  return (
    <svg
      role="img"
      aria-label={label}
      width={width}
      height={height}
      className="inline-block overflow-visible align-middle"
    >
      <polygon
        points={`${left.toFixed(1)},${height} ${points.join(' ')} ${width},${height}`}
        className="fill-accent/15"
      />
      <polyline points={points.join(' ')} fill="none" strokeWidth={1.3} className="stroke-accent" />
    </svg>
  );
}
