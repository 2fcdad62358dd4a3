/** Search: the bar, the range, what was found over time and in rows. All of it is in the URL. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SearchResult } from '../../../../src/api/contract.ts';
import { ApiFailure } from '../../data/client.ts';
import { setFieldList, useFieldList } from '../../data/prefs.ts';
import { type RangeState, useRange } from '../../data/range.ts';
import { useTenant } from '../../data/session.tsx';
import { bytesText, countText, plural } from '../../lib/format.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { NoLogs } from '../../ui/no-logs.tsx';
import { usePageTitle } from '../../ui/page-head.tsx';
import { RangePicker } from '../../ui/range-picker.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { useEvents } from './data.ts';
import { EventTable } from './event-table.tsx';
import { FieldList } from './field-list.tsx';
import { Histogram } from './histogram.tsx';
import { PipeTable } from './pipe-table.tsx';
import { QueryBar } from './query-bar.tsx';

const NO_HINTS: readonly string[] = [];

export function SearchPage() {
  usePageTitle('Search');
  const tenant = useTenant();
  const range = useRange();
  const fieldList = useFieldList();
  const url = useSearch({ strict: false });
  const navigate = useNavigate();
  const query = url.q ?? '';
  const key = { tenant, query, range: range.resolved };
  const q = useEvents(key);
  const first = q.data?.pages[0];
  const queryError = q.error instanceof ApiFailure && q.error.status === 400 ? q.error.body : undefined;

  const onSearch = (text: string): void => {
    range.renew();
    void navigate({ to: '.', search: (old) => ({ ...old, q: text, sel: undefined, tab: undefined }) });
  };
  const onBrush = (from: number, to: number): void => range.setRange({ from: String(from), to: String(to) });
  const keep = (part: { sel?: string; tab?: string }): void =>
    void navigate({ to: '.', replace: true, search: (old) => ({ ...old, ...part }) });

  return (
    <div className="flex h-full min-h-0 flex-col gap-2.5 p-3">
      <h1 className="sr-only">Search</h1>
      <div className="flex items-start gap-2">
        <QueryBar
          query={query}
          error={queryError}
          hints={first?.hints ?? NO_HINTS}
          busy={q.isFetching && !q.isFetchingNextPage}
          onSearch={onSearch}
        />
        <RangePicker state={range} />
        <IconButton label="Search again, up to now" className="!size-8" onClick={range.renew}>
          <RotateCw size={15} />
        </IconButton>
      </div>
      {first !== undefined && <Summary result={first} />}
      {first !== undefined && first.total > 0 && first.histogram.length > 0 && (
        <Histogram result={first} range={range.resolved} onBrush={onBrush} />
      )}
      <div className="flex min-h-0 flex-1 gap-2.5">
        {fieldList && <FieldList search={key} />}
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          {q.isPending ? (
            <Panel className="flex-1">
              <Loading lines={14} label="Searching" />
            </Panel>
          ) : q.isError && first === undefined ? (
            <Panel className="flex-1">
              {queryError === undefined ? (
                <Failed what="The search failed." error={q.error} retry={() => void q.refetch()} />
              ) : (
                <Empty title="The search could not be understood">
                  Mend it above where it is underlined. Press ? for what a search can say.
                </Empty>
              )}
            </Panel>
          ) : (
            first !== undefined && (
              <Found first={first} range={range} query={query} onClear={() => onSearch('')}>
                <EventTable
                  tenant={tenant}
                  rows={q.data?.pages.flatMap((p) => p.rows) ?? []}
                  hasMore={q.hasNextPage}
                  loadingMore={q.isFetchingNextPage}
                  moreFailed={q.isFetchNextPageError}
                  onMore={() => void q.fetchNextPage()}
                  open={url.sel ?? ''}
                  tab={url.tab ?? ''}
                  onOpen={(sel) => keep({ sel })}
                  onTab={(tab) => keep({ tab })}
                />
              </Found>
            )
          )}
        </div>
      </div>
    </div>
  );
}

type FoundProps = {
  first: SearchResult;
  range: RangeState;
  query: string;
  onClear: () => void;
  children: ReactNode;
};

/** Rows, a table, or why there is nothing. */
function Found({ first, range, query, onClear, children }: FoundProps) {
  if (first.kind === 'table' && first.table.length > 0) return <PipeTable result={first} />;
  if (first.kind === 'events' && first.rows.length > 0) return <>{children}</>;
  const wider = (
    <>
      <Button onClick={() => range.setRange({ from: '-7d', to: 'now' })}>Last 7 days</Button>{' '}
      <Button onClick={() => range.setRange({ from: '-90d', to: 'now' })}>Last 90 days</Button>
    </>
  );
  return (
    <Panel className="flex-1" data-testid="search-empty">
      {first.hasData ? (
        <Empty title="Nothing matches">
          <p className="mb-2">There are events in this range, but none fits the search.</p>
          {query !== '' && <Button onClick={onClear}>Show all events of this range</Button>} {wider}
        </Empty>
      ) : (
        <>
          <Empty title="There is nothing to search in this range">
            <p className="mb-2">No event at all has a time in this range, so nothing could match.</p>
            {wider}
          </Empty>
          {range.range.to === 'now' && <NoLogs />}
        </>
      )}
    </Panel>
  );
}

function Summary({ result }: { result: SearchResult }) {
  const fieldList = useFieldList();
  return (
    <div
      className="flex flex-wrap items-center gap-x-4 px-1 text-sm text-muted"
      role="status"
      data-testid="search-summary"
    >
      <button
        type="button"
        aria-pressed={fieldList}
        onClick={() => setFieldList(!fieldList)}
        className="text-accent hover:underline max-xl:hidden"
      >
        {fieldList ? 'Hide fields' : 'Show fields'}
      </button>
      <span className="text-text">
        {result.kind === 'table'
          ? `${plural(result.table.length, 'row')} from ${plural(result.total, 'event')}`
          : plural(result.total, 'event')}
      </span>
      <span>{countText(result.tookMs)} ms</span>
      <span>
        {bytesText(result.bytesRead)} read, {plural(result.rowsRead, 'row')} looked at
      </span>
      {result.partial && (
        <span className="text-warn">
          Stopped at a limit: the figures cover only a part of the range. Narrow it for the whole.
        </span>
      )}
    </div>
  );
}
