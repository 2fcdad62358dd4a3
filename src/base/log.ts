/**
 * Vigil's own log: JSON lines on stderr, each marked `"vigil":"self"` so that Vigil recognises them when it collects
 * the journal they land in (no self-feeding). Text from outside is escaped by `printable`.
 */
import pino from 'pino';
import { printable } from './printable.ts';

export type Log = {
  info(what: string, detail?: Readonly<Record<string, unknown>>): void;
  warn(what: string, detail?: Readonly<Record<string, unknown>>): void;
  error(what: string, detail?: Readonly<Record<string, unknown>>): void;
};

/** The marker by which the pipeline drops Vigil's own lines. */
export const SELF_MARK = '"vigil":"self"';

export function makeLog(level = 'info'): Log {
  const p = pino(
    { level, base: { vigil: 'self' }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
  const clean = (d: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    for (const [k, v] of Object.entries(d ?? {})) out[k] = typeof v === 'string' ? printable(v) : v;
    return out;
  };
  return {
    info: (what, d) => p.info(clean(d), printable(what)),
    warn: (what, d) => p.warn(clean(d), printable(what)),
    error: (what, d) => p.error(clean(d), printable(what)),
  };
}
export const silentLog: Log = { info() {}, warn() {}, error() {} };
