import type { Top } from '../../../../src/api/contract.ts';
import { countText, shareText } from '../../lib/format.ts';
import { Panel } from '../../ui/states.tsx';
import { Value } from '../../ui/value.tsx';

const ROWS_MAX = 8;

/** Values by count; the bar is relative to the largest. */
export function TopPanel({
  title,
  field,
  rows,
  total,
}: {
  title: string;
  field: string;
  rows: readonly Top[];
  total: number;
}) {
  const shown = rows.slice(0, ROWS_MAX);
  const max = Math.max(1, ...shown.map((r) => r.count));
  return (
    <Panel title={title}>
      {shown.length === 0 ? (
        <div className="p-3 text-muted">None in this range.</div>
      ) : (
        <ul className="py-1">
          {shown.map((r) => (
            <li
              key={r.value}
              className="relative flex items-baseline gap-3 px-3 py-[3px]"
              title={`${shareText(r.count, total)} of all events`}
            >
              <span
                aria-hidden="true"
                className="absolute inset-y-[3px] left-1.5 rounded-[3px] bg-accent/12"
                style={{ width: `calc((100% - 12px) * ${r.count / max})` }}
              />
              <span className="relative min-w-0 flex-1 truncate">
                <Value field={field} value={r.value} className="truncate font-mono text-sm" />
              </span>
              <span className="relative text-muted">{countText(r.count)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
