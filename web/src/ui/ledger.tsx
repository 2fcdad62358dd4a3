/** The ledger said plainly: received = stored + dropped + quarantined + pending, and whether that holds. */
import { CircleCheck, CircleX } from 'lucide-react';
import type { LedgerLine } from '../../../src/api/contract.ts';
import { countText } from '../lib/format.ts';
import { reasonText, terms } from '../lib/ledger.ts';

export function BalanceMark({ line }: { line: LedgerLine }) {
  const missing = terms(line).missing;
  if (line.balanced)
    return (
      <span className="inline-flex items-center gap-1 whitespace-nowrap text-ok">
        <CircleCheck aria-hidden="true" size={13} /> balanced
      </span>
    );
  return (
    <span className="inline-flex items-center gap-1 font-medium whitespace-nowrap text-bad">
      <CircleX aria-hidden="true" size={13} />
      {missing === 0
        ? 'not balanced'
        : missing > 0
          ? `${countText(missing)} missing`
          : `${countText(-missing)} too many`}
    </span>
  );
}

/** Header cells of the equation; the signs make the row read as one. */
export function LedgerHead() {
  return (
    <>
      <th className="num">Received</th>
      <th className="num">= Stored</th>
      <th className="num">+ Dropped</th>
      <th className="num">+ Quarantined</th>
      <th className="num">+ Waiting</th>
      <th>Balance</th>
    </>
  );
}

const quietZero = (n: number, loud: string): string => (n === 0 ? 'num text-faint' : `num ${loud}`);

export function LedgerCells({ line }: { line: LedgerLine }) {
  const t = terms(line);
  const why = Object.entries(line.dropped)
    .map(([r, n]) => `${countText(n)}: ${reasonText(r)}`)
    .join('\n');
  return (
    <>
      <td className="num">{countText(t.received)}</td>
      <td className="num">{countText(t.stored)}</td>
      <td className={quietZero(t.dropped, 'text-warn')} title={why}>
        {countText(t.dropped)}
      </td>
      <td className={quietZero(t.quarantined, 'text-warn')}>{countText(t.quarantined)}</td>
      <td className={quietZero(t.pending, '')}>{countText(t.pending)}</td>
      <td>
        <BalanceMark line={line} />
      </td>
    </>
  );
}

/** Reasons of drops as a list; nothing where nothing was dropped. */
export function DropReasons({ line }: { line: LedgerLine }) {
  const all = Object.entries(line.dropped).filter(([, n]) => n > 0);
  if (all.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-x-5 gap-y-1">
      {all.map(([reason, n]) => (
        <li key={reason}>
          <span className="text-warn">{countText(n)}</span> dropped: {reasonText(reason)}
        </li>
      ))}
    </ul>
  );
}
