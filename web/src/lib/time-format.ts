/** Microsecond times as text, in UTC or the browser's zone. Held by time-format.test.ts. */
import type { Zone } from './time-range.ts';

const p2 = (n: number): string => (n < 10 ? `0${n}` : String(n));
const p3 = (n: number): string => String(n).padStart(3, '0');

type Parts = { y: number; mo: number; d: number; h: number; mi: number; s: number };

function parts(us: number, zone: Zone): Parts {
  const t = new Date(Math.floor(us / 1000));
  if (zone === 'utc')
    return {
      y: t.getUTCFullYear(),
      mo: t.getUTCMonth() + 1,
      d: t.getUTCDate(),
      h: t.getUTCHours(),
      mi: t.getUTCMinutes(),
      s: t.getUTCSeconds(),
    };
  return {
    y: t.getFullYear(),
    mo: t.getMonth() + 1,
    d: t.getDate(),
    h: t.getHours(),
    mi: t.getMinutes(),
    s: t.getSeconds(),
  };
}

export const dateText = (us: number, zone: Zone): string => {
  const p = parts(us, zone);
  return `${p.y}-${p2(p.mo)}-${p2(p.d)}`;
};

/** `14:23:01` */
export const clockText = (us: number, zone: Zone): string => {
  const p = parts(us, zone);
  return `${p2(p.h)}:${p2(p.mi)}:${p2(p.s)}`;
};

/** `2026-03-05 14:23:01` */
export const timeText = (us: number, zone: Zone): string => `${dateText(us, zone)} ${clockText(us, zone)}`;

/** `03-05 14:23:01.123`: a table's row; the year is in the range above it. */
export const rowTime = (us: number, zone: Zone): string =>
  `${dateText(us, zone).slice(5)} ${clockText(us, zone)}.${p3(Math.floor((((us % 1_000_000) + 1_000_000) % 1_000_000) / 1000))}`;

/** `2026-03-05 14:23:01.123456 UTC` or with the zone's offset: everything the stamp says. */
export function exactTime(us: number, zone: Zone): string {
  const micros = String(((us % 1_000_000) + 1_000_000) % 1_000_000).padStart(6, '0');
  return `${timeText(us, zone)}.${micros} ${zone === 'utc' ? 'UTC' : offsetText(us)}`;
}

/** `+02:00` of the browser's zone at that time. */
export function offsetText(us: number): string {
  const min = -new Date(us / 1000).getTimezoneOffset();
  const abs = Math.abs(min);
  return `${min < 0 ? '-' : '+'}${p2(Math.floor(abs / 60))}:${p2(abs % 60)}`;
}

/** Value of a form field: `2026-03-05T14:23:01`. */
export const fieldText = (us: number, zone: Zone): string => timeText(us, zone).replace(' ', 'T');

/** A span in the two largest units: `3 m 20 s`, `2 h 5 m`, `4 d`. */
export function spanText(us: number): string {
  const s = Math.max(0, Math.round(us / 1_000_000));
  if (s < 60) return `${s} s`;
  const m = Math.floor(s / 60);
  if (m < 60) return s % 60 === 0 ? `${m} m` : `${m} m ${s % 60} s`;
  const h = Math.floor(m / 60);
  if (h < 24) return m % 60 === 0 ? `${h} h` : `${h} h ${m % 60} m`;
  const d = Math.floor(h / 24);
  return h % 24 === 0 || d > 6 ? `${d} d` : `${d} d ${h % 24} h`;
}

/** `12 s ago`, `3 h ago`, `just now`; one unit. Times ahead of now read `in 3 m`. */
export function agoText(us: number, nowUs: number): string {
  const diff = nowUs - us;
  const s = Math.round(Math.abs(diff) / 1_000_000);
  if (s < 2) return 'just now';
  const t =
    s < 60
      ? `${s} s`
      : s < 3600
        ? `${Math.floor(s / 60)} m`
        : s < 86400
          ? `${Math.floor(s / 3600)} h`
          : `${Math.floor(s / 86400)} d`;
  return diff < 0 ? `in ${t}` : `${t} ago`;
}
