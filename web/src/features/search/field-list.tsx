/** Fields by name; opening one counts its most frequent values among what the search finds. */
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { FieldInfo } from '../../../../src/api/contract.ts';
import { useFields } from '../../data/queries.ts';
import { countText } from '../../lib/format.ts';
import { safe } from '../../ui/safe-text.tsx';
import { Failed, Loading } from '../../ui/states.tsx';
import { Value } from '../../ui/value.tsx';
import { type SearchKey, useTopValues } from './data.ts';

/** What an analyst reaches for first; every field is found by name below. */
const FIRST: readonly string[] = [
  'event.action',
  'event.outcome',
  'event.category',
  'vigil.source',
  'host.name',
  'user.name',
  'source.ip',
  'destination.ip',
  'destination.port',
  'process.name',
  'source.geo.country_iso_code',
  'vigil.sender',
];
const SHOWN_MAX = 60;

export function FieldList({ search }: { search: SearchKey }) {
  const fields = useFields();
  const [filter, setFilter] = useState('');
  const [open, setOpen] = useState('');
  const all = fields.data ?? [];
  const wanted = filter.trim().toLowerCase();
  const byName = new Map(all.map((f) => [f.name, f]));
  const shown: readonly FieldInfo[] =
    wanted === ''
      ? FIRST.flatMap((n) => byName.get(n) ?? [])
      : all
          .filter((f) => f.name.toLowerCase().includes(wanted) || f.about.toLowerCase().includes(wanted))
          .slice(0, SHOWN_MAX);
  return (
    <aside aria-label="Fields" className="panel flex w-[200px] shrink-0 flex-col max-xl:hidden">
      <div className="border-b border-line p-1.5">
        <input
          className="field w-full"
          type="search"
          placeholder="Find a field"
          aria-label="Find a field"
          value={filter}
          onChange={(e) => setFilter(e.target.value)}
        />
      </div>
      <div className="min-h-0 flex-1 overflow-auto py-1">
        {fields.isPending ? (
          <Loading />
        ) : fields.isError ? (
          <Failed what="No fields." error={fields.error} retry={() => void fields.refetch()} />
        ) : (
          shown.map((f) => (
            <div key={f.name}>
              <button
                type="button"
                data-testid="field"
                aria-expanded={open === f.name}
                title={f.about}
                onClick={() => setOpen(open === f.name ? '' : f.name)}
                className="flex w-full items-center gap-1 px-2 py-[3px] text-left -outline-offset-2 hover:bg-hover"
              >
                {open === f.name ? (
                  <ChevronDown size={12} className="shrink-0 text-faint" />
                ) : (
                  <ChevronRight size={12} className="shrink-0 text-faint" />
                )}
                <span className="truncate">{safe(f.name)}</span>
              </button>
              {open === f.name && <TopValues search={search} field={f.name} />}
            </div>
          ))
        )}
        {wanted !== '' && shown.length === 0 && (
          <div className="px-3 py-2 text-muted">
            No field of this name is in the catalogue. A search may still use it.
          </div>
        )}
      </div>
    </aside>
  );
}

function TopValues({ search, field }: { search: SearchKey; field: string }) {
  const q = useTopValues(search, field);
  if (q.isPending) return <Loading lines={3} />;
  if (q.isError) return <Failed what="" error={q.error} retry={() => void q.refetch()} />;
  const rows = q.data.table.map((r) => ({ value: r[0] ?? null, count: Number(r[1] ?? 0) }));
  if (rows.length === 0) return <div className="px-6 pb-1.5 text-sm text-muted">No event has it.</div>;
  return (
    <ul className="pb-1.5">
      {rows.map((r) => (
        <li key={String(r.value)} className="flex items-baseline gap-2 pr-2 pl-6">
          <span className="min-w-0 flex-1 truncate">
            <Value
              field={field}
              value={r.value}
              shown={r.value === null ? '(none)' : undefined}
              className="truncate font-mono text-sm"
            />
          </span>
          <span className="text-sm text-faint">{countText(r.count)}</span>
        </li>
      ))}
    </ul>
  );
}
