/** Numbers as people read them. Held by format.test.ts. */

/** `1,234,567` */
export const countText = (n: number): string => {
  const neg = n < 0;
  const s = String(Math.abs(Math.round(n)));
  return (neg ? '-' : '') + s.replace(/\B(?=(\d{3})+$)/g, ',');
};

/** `999`, `12.3k`, `4.56M`: for axes and narrow cells; the exact number belongs in the title. */
export function shortCount(n: number): string {
  const abs = Math.abs(n);
  if (abs < 1000) return String(Math.round(n * 10) / 10);
  for (const [size, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (abs >= size * 0.9995) {
      const v = n / size;
      return `${Number(v.toFixed(Math.abs(v) >= 100 ? 0 : Math.abs(v) >= 10 ? 1 : 2))}${unit}`;
    }
  }
  return String(Math.round(n));
}

/** Bytes in powers of 1,000: `3.2 MB`. */
export function bytesText(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB', 'PB'];
  let v = n;
  let i = -1;
  do {
    v /= 1000;
    i++;
  } while (v >= 999.5 && i < units.length - 1);
  return `${v.toFixed(v >= 99.5 ? 0 : 1)} ${units[i]}`;
}

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${countText(n)} ${n === 1 ? one : many}`;

/** Events per second: one decimal below 100. */
export const rateText = (n: number): string =>
  n > 0 && n < 100 ? (Math.round(n * 10) / 10).toFixed(n < 10 ? 1 : 0) : countText(n);

/** Exact number or share of a whole, never "100%" for less and never "0%" for some. */
export function shareText(part: number, whole: number): string {
  if (whole <= 0 || part <= 0) return '0%';
  if (part >= whole) return '100%';
  const pct = (part / whole) * 100;
  if (pct < 0.1) return '<0.1%';
  if (pct > 99.9) return '>99.9%';
  return `${pct < 10 ? pct.toFixed(1) : Math.round(pct)}%`;
}
