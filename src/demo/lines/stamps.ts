/** Times as logs write them. All in UTC; `at` is microseconds since the epoch. Held by `../lines.int.test.ts`. */
const two = (n: number): string => (n < 10 ? `0${n}` : String(n));
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const micros = (at: number): string => String(at % 1e6).padStart(6, '0');

const dateOf = (at: number): Date => new Date(Math.floor(at / 1000));
const hms = (d: Date): string =>
  `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;

/** `Mar  5 14:23:01` (RFC 3164). */
export function bsdStamp(at: number): string {
  const d = dateOf(at);
  const day = d.getUTCDate();
  return `${MONTHS[d.getUTCMonth()]} ${day < 10 ? ' ' : ''}${day} ${hms(d)}`;
}
/** `2026-03-05T14:23:01.123456Z`. */
export const isoMicro = (at: number): string => `${dateOf(at).toISOString().slice(0, 19)}.${micros(at)}Z`;
/** `2026-03-05T14:23:01.123Z`. */
export const isoMilli = (at: number): string => dateOf(at).toISOString();
/** `2026-03-05T14:23:01Z`. */
export const isoSecond = (at: number): string => `${dateOf(at).toISOString().slice(0, 19)}Z`;
/** `2026-03-05T14:23:01.123456+00:00` (rsyslog's forward format). */
export const isoOffset = (at: number): string => `${isoMicro(at).slice(0, -1)}+00:00`;
/** `05/Mar/2026:14:23:01 +0000` (web servers). */
export function clfStamp(at: number): string {
  const d = dateOf(at);
  return `${two(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${hms(d)} +0000`;
}
/** `2026/03/05 14:23:01` (nginx's error log). */
export const slashStamp = (at: number): string =>
  dateOf(at).toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/');
/** `Thu Mar 05 14:23:01.123456 2026` (Apache's error log). */
export function apacheStamp(at: number): string {
  const d = dateOf(at);
  return `${DAYS[d.getUTCDay()]} ${MONTHS[d.getUTCMonth()]} ${two(d.getUTCDate())} ${hms(d)}.${micros(at)} ${d.getUTCFullYear()}`;
}
/** `1772704800.123` as auditd writes it. */
export const auditStamp = (at: number): string =>
  `${Math.floor(at / 1e6)}.${String(Math.floor((at % 1e6) / 1000)).padStart(3, '0')}`;
/** Seconds with microseconds, as Zeek's JSON has them. */
export const epochSeconds = (at: number): number => at / 1e6;
