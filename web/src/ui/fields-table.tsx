/** Fields of an event, one a line, every value clickable. Used by the search page and an alert's events. */
import type { FieldValue } from '../../../src/model/event.ts';
import { useZone } from '../data/prefs.ts';
import { valueList } from '../lib/query-text.ts';
import { exactTime } from '../lib/time-format.ts';
import { safe } from './safe-text.tsx';
import { Value } from './value.tsx';

const TIMES: ReadonlySet<string> = new Set([
  '@timestamp',
  'event.ingested',
  'x509.not_before',
  'x509.not_after',
]);

export function FieldsTable({ fields }: { fields: readonly (readonly [string, FieldValue])[] }) {
  const zone = useZone();
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return (
    <dl className="grid grid-cols-[minmax(150px,max-content)_1fr] gap-x-4 text-sm">
      {sorted.map(([name, value]) => (
        <div
          key={name}
          className="col-span-2 grid grid-cols-subgrid border-b border-line/60 py-0.5 last:border-0"
        >
          <dt className="max-w-[320px] truncate text-muted" title={safe(name)}>
            {safe(name)}
          </dt>
          <dd className="flex min-w-0 flex-wrap gap-x-3 font-mono break-all">
            {valueList(value).map((v, i) => (
              <Value
                // biome-ignore lint/suspicious/noArrayIndexKey: values may repeat, their order is fixed
                key={i}
                field={name}
                value={v}
                shown={TIMES.has(name) && typeof v === 'number' ? exactTime(v, zone) : undefined}
              />
            ))}
            {valueList(value).length === 0 && <span className="text-faint">(empty list)</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
