/** The benchmark's result and how it is shown. */
import type { Baseline } from './support-baseline.ts';
import type { Latency } from './support-latency.ts';
import type { Sent } from './support-load.ts';
import type { Cpu } from './support-proc.ts';

export type Result = {
  readonly at: string;
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly loadAverage: readonly number[];
  readonly seed: number;
  readonly door: string;
  /** Asked for, records a second; 0: as fast as Vigil keeps up. */
  readonly rate: number;
  readonly seconds: number;
  readonly sent: Sent;
  readonly stored: number;
  readonly balanced: boolean;
  /** From the first record sent to the last one stored and judged. */
  readonly eventsPerSecond: number;
  readonly storedAfterSeconds: number;
  readonly idleAfterSeconds: number;
  readonly cpuPerMillion: Cpu;
  readonly stagesUs: { readonly normalize: number; readonly match: number; readonly encode: number };
  /** Bytes. */
  readonly pss: {
    readonly peak: number;
    readonly peakMain: number;
    readonly peakEngine: number;
    readonly end: number;
  };
  readonly rawBytesPerEvent: number;
  readonly gzipBytesPerEvent: number;
  readonly tableBytesPerEvent: number;
  readonly engineFolderBytesPerEvent: number;
  readonly parts: number;
  readonly partsAfterWarmUp: number;
  readonly journalBytes: number;
  readonly alerts: number;
  readonly latency: Latency | undefined;
  readonly baseline: Baseline | undefined;
};

const n = (x: number, digits = 1): string =>
  x.toLocaleString('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const mb = (x: number): string => `${n(x / 1024 ** 2, 0)} MiB`;

export function table(r: Result): string {
  const rows: [string, string][] = [
    ['machine', `${r.cpu}, ${r.cores} cores, load ${r.loadAverage.map((l) => n(l)).join(' ')}`],
    ['commit, Node', `${r.commit}, ${r.node}`],
    [
      'sent',
      `${n(r.sent.records, 0)} in ${n(r.seconds, 0)} s (tcp ${n(r.sent.tcp, 0)}, http ${n(r.sent.http, 0)}), ${r.sent.refused} requests refused`,
    ],
    ['stored', `${n(r.stored, 0)}, ledger ${r.balanced ? 'balanced' : 'NOT BALANCED'}, ${r.alerts} alerts`],
    ['events/s, all stored', n(r.eventsPerSecond, 0)],
    ['CPU-s per 1M events', `${n(r.cpuPerMillion.total)} (bar: 100)`],
    ['  main process', n(r.cpuPerMillion.main)],
    ['  engine', n(r.cpuPerMillion.rest)],
    ...Object.entries(r.cpuPerMillion.threads)
      .filter(([, s]) => s >= 0.2)
      .map(([t, s]): [string, string] => [`    ${t}`, n(s)]),
    [
      'us per event',
      `normalize ${n(r.stagesUs.normalize)}, match ${n(r.stagesUs.match)}, encode ${n(r.stagesUs.encode)} (wall, in the workers)`,
    ],
    ['HTTP acknowledged', `p50 ${n(r.sent.httpP50, 0)} ms, p99 ${n(r.sent.httpP99, 0)} ms`],
    [
      'PSS peak',
      `${mb(r.pss.peak)} (main ${mb(r.pss.peakMain)}, engine ${mb(r.pss.peakEngine)}); end ${mb(r.pss.end)}`,
    ],
    [
      'bytes per event',
      `raw ${n(r.rawBytesPerEvent, 0)}, gzip of raw ${n(r.gzipBytesPerEvent, 0)}, table ${n(r.tableBytesPerEvent, 0)}, engine folder ${n(r.engineFolderBytesPerEvent, 0)}`,
    ],
    [
      'at rest',
      `stored ${n(r.storedAfterSeconds)} s and idle ${n(r.idleAfterSeconds)} s after the last record; ${r.parts} parts (${r.partsAfterWarmUp} after warm-up), journal ${mb(r.journalBytes)}`,
    ],
  ];
  const b = r.baseline;
  if (b !== undefined) {
    rows.push(
      [
        'encode and insert alone',
        `${n(b.cpuSecondsPerMillion)} CPU-s per 1M (encode ${n(b.encodeCpuSecondsPerMillion)}, engine ${n(b.engineCpuSecondsPerMillion)}), ${n(b.eventsPerSecond, 0)} events/s, ${n(b.bytesOnDiskPerEvent, 0)} B/event, ${n(b.rows, 0)} rows`,
      ],
      ['ratio', `${n(r.cpuPerMillion.total / b.cpuSecondsPerMillion, 2)} times its CPU`],
    );
  }
  const l = r.latency;
  if (l !== undefined)
    rows.push([
      `wire to alert at ${n(l.rate, 0)}/s`,
      `opened p50 ${n(l.openedP50Ms, 0)} p99 ${n(l.openedP99Ms, 0)} max ${n(l.openedMaxMs, 0)} ms (${l.opened} of ${l.groups}); raised p50 ${n(l.raisedP50Ms, 0)} p99 ${n(l.raisedP99Ms, 0)} ms (${l.raised})`,
    ]);
  return rows.map(([k, v]) => `${k.padEnd(26)}${v}`).join('\n');
}
