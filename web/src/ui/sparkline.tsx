/** A small curve without axes: the shape of the last minutes. The number beside it carries the value. */
export function Sparkline({
  values,
  width,
  height,
  label,
}: {
  values: readonly number[];
  width: number;
  height: number;
  label: string;
}) {
  if (values.length < 2) return <span className="inline-block" style={{ width, height }} />;
  const max = Math.max(1, ...values);
  const step = width / (values.length - 1);
  const points = values.map(
    (v, i) => `${(i * step).toFixed(1)},${(height - 1 - (v / max) * (height - 2)).toFixed(1)}`,
  );
  return (
    <svg
      role="img"
      aria-label={label}
      width={width}
      height={height}
      className="inline-block overflow-visible align-middle"
    >
      <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} className="fill-accent/15" />
      <polyline points={points.join(' ')} fill="none" strokeWidth={1.3} className="stroke-accent" />
    </svg>
  );
}
