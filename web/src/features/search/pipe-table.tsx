/** The result of pipes: a table whose grouped values can be clicked like any other. */
import type { SearchResult } from '../../../../src/api/contract.ts';
import { countText } from '../../lib/format.ts';
import { safe } from '../../ui/safe-text.tsx';
import { Value } from '../../ui/value.tsx';

export function PipeTable({ result }: { result: SearchResult }) {
  const numeric = result.columns.map(
    (_, i) => result.table.length > 0 && result.table.every((r) => typeof r[i] === 'number' || r[i] === null),
  );
  return (
    <div className="panel min-h-0 flex-1 overflow-auto" data-testid="pipe-table">
      <table className="grid-table !w-auto min-w-[420px]">
        <thead className="sticky top-0">
          <tr>
            {result.columns.map((c, i) => (
              <th key={c} className={numeric[i] ? 'num' : ''}>
                {safe(c)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {result.table.map((row, r) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no name of their own and do not move
            <tr key={r} data-testid="pipe-row">
              {row.map((cell, i) => {
                const column = result.columns[i] ?? '';
                return (
                  <td key={column} className={numeric[i] ? 'num' : 'max-w-[520px] truncate'}>
                    {typeof cell === 'number' ? (
                      countOrText(cell)
                    ) : (
                      <Value
                        field={column}
                        value={cell}
                        shown={cell === null ? '(none)' : undefined}
                        className="font-mono text-sm"
                      />
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const countOrText = (n: number): string =>
  Number.isInteger(n) ? countText(n) : String(Math.round(n * 1000) / 1000);
