/** The ledger's equations as the page states them. Held by ledger.test.ts. */
import type { LedgerLine } from '../../../src/api/contract.ts';

export const sumOf = (by: Readonly<Record<string, number>>): number =>
  Object.values(by).reduce((a, b) => a + b, 0);

export type Terms = {
  readonly received: number;
  readonly stored: number;
  readonly dropped: number;
  readonly quarantined: number;
  readonly pending: number;
  /** What the terms leave unexplained; not 0 means that the ledger does not balance. */
  readonly missing: number;
};

export function terms(line: LedgerLine): Terms {
  const dropped = sumOf(line.dropped);
  return {
    received: line.received,
    stored: line.stored,
    dropped,
    quarantined: line.quarantined,
    pending: line.pending,
    missing: line.received - line.stored - dropped - line.quarantined - line.pending,
  };
}

/** Sums lines of several senders or minutes; balanced only if each is. */
export function totalLine(lines: readonly LedgerLine[]): LedgerLine {
  const add = (f: (l: LedgerLine) => number): number => lines.reduce((n, l) => n + f(l), 0);
  const by = (f: (l: LedgerLine) => Readonly<Record<string, number>>): Record<string, number> => {
    const out = new Map<string, number>();
    for (const l of lines) for (const [k, v] of Object.entries(f(l))) out.set(k, (out.get(k) ?? 0) + v);
    return Object.fromEntries(out);
  };
  return {
    door: '',
    sender: '',
    minute: 0,
    received: add((l) => l.received),
    bytes: add((l) => l.bytes),
    stored: add((l) => l.stored),
    quarantined: add((l) => l.quarantined),
    pending: add((l) => l.pending),
    dropped: by((l) => l.dropped),
    evaluated: add((l) => l.evaluated),
    evaluationPending: add((l) => l.evaluationPending),
    evaluationFailed: by((l) => l.evaluationFailed),
    kernelDrops: add((l) => l.kernelDrops),
    balanced: lines.every((l) => l.balanced),
  };
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['journal_full', 'the receive journal was full'],
  ['duplicate', 'sent again with the same key'],
  ['too_large', 'larger than allowed'],
  ['bad_frame', 'framing could not be read'],
  ['denied', 'sender not allowed'],
  ['self', "Vigil's own output"],
]);
export const reasonText = (reason: string): string => REASONS.get(reason) ?? reason.replaceAll('_', ' ');
