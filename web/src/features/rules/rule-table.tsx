/** Thousands of rules, only the visible rows in the page; j/k move, Enter opens, Esc closes. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { CircleSlash, TriangleAlert } from 'lucide-react';
import { useRef, useState } from 'react';
import type { RuleRow } from '../../../../src/api/contract.ts';
import { useNow } from '../../data/clock.ts';
import { attackTag } from '../../lib/attack.ts';
import { countText } from '../../lib/format.ts';
import { costText, modeWord } from '../../lib/rule-filter.ts';
import { SeverityBadge, Tag } from '../../ui/badge.tsx';
import { useHotkeys } from '../../ui/hotkeys.ts';
import { safe } from '../../ui/safe-text.tsx';
import { Ago } from '../../ui/time.tsx';

const ROW_PX = 27;
const SECOND_LINE_PX = 19;
const WIDE =
  'grid grid-cols-[82px_minmax(0,1fr)_86px_minmax(0,230px)_minmax(0,150px)_56px_84px_96px] gap-x-3 px-3';
const NARROW = 'grid grid-cols-[82px_minmax(0,1fr)_86px_70px_96px] gap-x-3 px-3';

const MODE_LOOK = {
  alerting: 'border-ok/50 text-ok',
  risk: 'border-accent/50 text-accent',
  shadow: 'border-line-strong text-muted',
  off: 'border-line text-faint',
} as const;
export const ModeTag = ({ rule }: { rule: Pick<RuleRow, 'mode' | 'alerts'> }) =>
  rule.mode === 'alerting' && !rule.alerts ? (
    <Tag className="border-line text-faint">Feeds others</Tag>
  ) : (
    <Tag className={MODE_LOOK[rule.mode]}>{modeWord[rule.mode]}</Tag>
  );

export function RuleTable({
  rules,
  sel,
  narrow,
  onPick,
}: {
  rules: readonly RuleRow[];
  sel: string;
  narrow: boolean;
  onPick: (id: string) => void;
}) {
  const scroll = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(-1);
  const v = useVirtualizer({
    count: rules.length,
    getScrollElement: () => scroll.current,
    estimateSize: (i) => ROW_PX + (isTwoLines(rules[i]) ? SECOND_LINE_PX : 0),
    getItemKey: (i) => rules[i]?.id ?? i,
    overscan: 12,
  });
  const move = (to: number): void => {
    const i = Math.max(0, Math.min(rules.length - 1, to));
    setCursor(i);
    v.scrollToIndex(i, { align: 'auto' });
  };
  useHotkeys({
    j: () => move(cursor + 1),
    k: () => move(cursor - 1),
    ArrowDown: () => move(cursor + 1),
    ArrowUp: () => move(cursor - 1),
    Enter: () => {
      const row = rules[cursor];
      if (row !== undefined) onPick(row.id);
    },
    Escape: () => onPick(''),
  });
  const columns = narrow
    ? ['Level', 'Rule', 'Mode', 'Matched', 'Last match']
    : ['Level', 'Rule', 'Mode', 'ATT&CK', 'Log source', 'Cost', 'Matched', 'Last match'];
  return (
    <div className="panel flex min-h-0 min-w-0 flex-col">
      <div className={`${narrow ? NARROW : WIDE} border-b border-line py-[5px] text-xs text-faint`}>
        {columns.map((c) => (
          <span key={c} className={['Cost', 'Matched', 'Last match'].includes(c) ? 'text-right' : ''}>
            {c}
          </span>
        ))}
      </div>
      <div ref={scroll} className="min-h-0 flex-1 overflow-auto" data-testid="rule-list">
        <div className="relative" style={{ height: v.getTotalSize() }}>
          {v.getVirtualItems().map((item) => {
            const r = rules[item.index];
            if (r === undefined) return null;
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={v.measureElement}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row
                  rule={r}
                  narrow={narrow}
                  open={r.id === sel}
                  current={item.index === cursor}
                  onPick={() => {
                    setCursor(item.index);
                    onPick(r.id);
                  }}
                />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

const isTwoLines = (r: RuleRow | undefined): boolean =>
  r !== undefined && (r.dead !== '' || r.problem !== '');

function Row({
  rule: r,
  narrow,
  open,
  current,
  onPick,
}: {
  rule: RuleRow;
  narrow: boolean;
  open: boolean;
  current: boolean;
  onPick: () => void;
}) {
  const now = useNow();
  const look = open ? 'bg-accent-bg/60' : current ? 'bg-hover' : 'hover:bg-hover';
  const quiet = r.mode === 'off' || r.dead !== '' ? 'text-muted' : '';
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the button in the row and j/k/Enter do the same
    // biome-ignore lint/a11y/noStaticElementInteractions: the row is a larger target for the button in it
    <div
      data-testid="rule-row"
      onClick={onPick}
      className={`${narrow ? NARROW : WIDE} cursor-default items-start border-b border-line py-[3px] ${look} ${current ? 'shadow-[inset_2px_0_0_var(--accent)]' : ''}`}
    >
      <SeverityBadge severity={r.level} />
      <div className="min-w-0">
        <div className="flex items-baseline gap-2">
          <button
            type="button"
            aria-expanded={open}
            title={r.title}
            className={`truncate text-left font-medium hover:underline ${quiet}`}
            onClick={(e) => {
              e.stopPropagation();
              onPick();
            }}
          >
            {safe(r.title)}
          </button>
          {r.kind !== 'rule' && <Tag className="border-line text-faint">over time</Tag>}
          {r.exceptions > 0 && <Tag className="border-warn/40 text-warn">{r.exceptions} excepted</Tag>}
        </div>
      </div>
      <span className="leading-none self-start pt-px">
        <ModeTag rule={r} />
      </span>
      {!narrow && (
        <>
          <Techniques attack={r.attack} />
          <span className="truncate text-sm text-muted" title={r.logsource}>
            {safe(r.logsource)}
          </span>
          <span className="text-right text-sm text-muted tabular-nums">{costText(r.cost)}</span>
        </>
      )}
      <span className={`text-right tabular-nums ${r.matched === 0 ? 'text-faint' : ''}`}>
        {countText(r.matched)}
      </span>
      <span className="text-right text-muted">
        <Ago us={r.lastMatched} now={now} />
      </span>
      {r.dead !== '' && (
        <div
          className="col-start-2 -col-end-1 flex min-w-0 items-center gap-1.5 text-sm text-muted"
          data-testid="rule-dead"
        >
          <CircleSlash size={12} aria-hidden="true" className="shrink-0 text-warn" />
          <span className="truncate" title={r.dead}>
            Cannot fire: {safe(r.dead)}
          </span>
        </div>
      )}
      {r.problem !== '' && (
        <div className="col-start-2 -col-end-1 flex min-w-0 items-center gap-1.5 text-sm text-muted">
          <TriangleAlert size={12} aria-hidden="true" className="shrink-0 text-warn" />
          <span className="truncate" title={r.problem}>
            The newest file is not in force: {safe(r.problem)}
          </span>
        </div>
      )}
    </div>
  );
}

function Techniques({ attack }: { attack: readonly string[] }) {
  const tags = attack.map(attackTag).filter((t) => t.kind === 'technique');
  const [first] = tags;
  if (first === undefined) return <span />;
  return (
    <span className="truncate text-sm text-muted" title={tags.map((t) => `${t.id} ${t.name}`).join(', ')}>
      <span className="font-mono">{safe(first.id)}</span> {first.name}
      {tags.length > 1 && <span className="text-faint"> +{tags.length - 1}</span>}
    </span>
  );
}
