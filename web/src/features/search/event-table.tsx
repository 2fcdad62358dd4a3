/**
 * Events newest first, only the visible rows in the page. A row opens in place; the open row is in the URL. j/k move
 * the cursor, Enter opens. More rows are fetched before the end is reached.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { EventRow } from '../../../../src/api/contract.ts';
import { useZone } from '../../data/prefs.ts';
import { exactTime, rowTime } from '../../lib/time-format.ts';
import { outcomeClass, Tag } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { EventDetail } from '../../ui/event-detail.tsx';
import { useHotkeys } from '../../ui/hotkeys.ts';
import { safe } from '../../ui/safe-text.tsx';
import { Value } from '../../ui/value.tsx';

const ROW_PX = 26;
/** Rows left before the end when the next page is fetched. */
const AHEAD_ROWS = 40;
const GRID =
  'grid grid-cols-[18px_138px_84px_74px_minmax(0,1fr)_96px_116px_60px] gap-x-2 px-2 max-xl:grid-cols-[18px_138px_84px_minmax(0,1fr)_90px_116px_60px]';

type Props = {
  readonly tenant: string;
  readonly rows: readonly EventRow[];
  readonly hasMore: boolean;
  readonly loadingMore: boolean;
  /** The last try to load more failed: it is not tried again unasked. */
  readonly moreFailed: boolean;
  readonly onMore: () => void;
  readonly open: string;
  readonly tab: string;
  readonly onOpen: (id: string) => void;
  readonly onTab: (tab: string) => void;
};

export function EventTable(p: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(-1);
  const v = useVirtualizer({
    count: p.rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_PX,
    getItemKey: (i) => p.rows[i]?.id ?? i,
    overscan: 12,
  });
  const items = v.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  const { hasMore, loadingMore, moreFailed, onMore } = p;
  useEffect(() => {
    if (hasMore && !loadingMore && !moreFailed && last >= p.rows.length - AHEAD_ROWS) onMore();
  }, [hasMore, loadingMore, moreFailed, last, p.rows.length, onMore]);

  const move = (to: number): void => {
    const i = Math.max(0, Math.min(p.rows.length - 1, to));
    setCursor(i);
    v.scrollToIndex(i, { align: 'auto' });
  };
  useHotkeys({
    j: () => move(cursor + 1),
    k: () => move(cursor - 1),
    ArrowDown: () => move(cursor + 1),
    ArrowUp: () => move(cursor - 1),
    Enter: () => {
      const row = p.rows[cursor];
      if (row !== undefined) p.onOpen(row.id === p.open ? '' : row.id);
    },
    Escape: () => p.onOpen(''),
  });

  return (
    <div className="panel flex min-h-0 min-w-0 flex-1 flex-col">
      <div className={`${GRID} border-b border-line py-[5px] text-xs text-faint`}>
        {['', 'Time', 'Host', 'Log type', 'Event', 'User', 'Source address', 'Outcome'].map((h) => (
          <span key={h} className={h === 'Log type' ? 'max-xl:hidden' : ''}>
            {h}
          </span>
        ))}
      </div>
      <div ref={scroll} className="min-h-0 flex-1 overflow-auto" data-testid="search-results">
        <div className="relative" style={{ height: v.getTotalSize() }}>
          {items.map((item) => {
            const row = p.rows[item.index];
            if (row === undefined) return null;
            const open = row.id === p.open;
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={v.measureElement}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row
                  row={row}
                  open={open}
                  current={item.index === cursor}
                  onToggle={() => p.onOpen(open ? '' : row.id)}
                />
                {open && (
                  <div className="border-b border-l-2 border-b-line border-l-accent bg-bg">
                    <EventDetail tenant={p.tenant} id={row.id} tab={p.tab} onTab={p.onTab} />
                  </div>
                )}
              </div>
            );
          })}
        </div>
        {p.loadingMore && <div className="p-2 text-center text-sm text-muted">Loading older events…</div>}
        {moreFailed && !loadingMore && (
          <div className="flex items-center justify-center gap-3 p-2 text-bad" role="alert">
            Older events could not be loaded. <Button onClick={onMore}>Try again</Button>
          </div>
        )}
        {!p.hasMore && !p.loadingMore && (
          <div className="p-2 text-center text-sm text-faint">The oldest event of this range.</div>
        )}
      </div>
    </div>
  );
}

function Cell({
  field,
  text,
  mono = false,
  className = '',
  cell = '',
}: {
  field: string;
  text: string;
  mono?: boolean;
  className?: string;
  cell?: string;
}): ReactNode {
  return (
    <span className={`min-w-0 truncate ${cell}`}>
      {text !== '' && (
        <Value
          field={field}
          value={text}
          className={`truncate align-bottom ${mono ? 'font-mono text-sm' : ''} ${className}`}
        />
      )}
    </span>
  );
}

function Row({
  row,
  open,
  current,
  onToggle,
}: {
  row: EventRow;
  open: boolean;
  current: boolean;
  onToggle: () => void;
}) {
  const zone = useZone();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the button in the row and j/k/Enter do the same
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    <div
      data-testid="search-row"
      onClick={onToggle}
      className={`${GRID} h-[26px] cursor-pointer items-center border-b border-line/60 ${open ? 'bg-raised' : current ? 'bg-accent-bg/60' : 'hover:bg-hover'}`}
    >
      <button
        type="button"
        data-testid="expand"
        aria-expanded={open}
        aria-label="Open this event"
        className="rounded-[3px] text-muted hover:text-text"
        onClick={(e) => {
          e.stopPropagation();
          onToggle();
        }}
      >
        {open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
      </button>
      <span className="truncate" title={exactTime(row.ts, zone)}>
        {rowTime(row.ts, zone)}
      </span>
      <Cell field="host.name" text={row.host} />
      <Cell field="vigil.source" text={row.source} className="text-muted" cell="max-xl:hidden" />
      <span className="truncate" title={safe(row.message)}>
        {row.status !== 'parsed' && row.status !== '' && (
          <Tag className="mr-1.5 border-warn/50 text-warn">
            {STATUS_WORD.get(row.status) ?? safe(row.status)}
          </Tag>
        )}
        {row.action !== '' && <Value field="event.action" value={row.action} className="mr-2 text-accent" />}
        <span className="text-sm text-muted">{safe(row.message)}</span>
      </span>
      <Cell field="user.name" text={row.user} />
      <Cell field="source.ip" text={row.sourceIp} mono />
      <Cell field="event.outcome" text={row.outcome} className={outcomeClass(row.outcome)} />
    </div>
  );
}

const STATUS_WORD: ReadonlyMap<string, string> = new Map([
  ['partial', 'partly read'],
  ['raw', 'raw text'],
  ['quarantined', 'not readable'],
]);
