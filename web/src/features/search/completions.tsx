/** What may come next, under the search bar. The bar keeps the focus; arrows choose, Tab or Enter takes. */
import { useEffect, useRef } from 'react';
import type { SearchAssist } from '../../../../src/api/contract.ts';
import { safe } from '../../ui/safe-text.tsx';

export type Completion = SearchAssist['completions'][number];
export const LIST_ID = 'search-completions';
export const optionId = (i: number): string => `search-completion-${i}`;

type Props = {
  readonly items: readonly Completion[];
  /** -1: none yet. */
  readonly active: number;
  readonly onTake: (c: Completion) => void;
};

export function Completions({ items, active, onTake }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div
      ref={list}
      id={LIST_ID}
      role="listbox"
      aria-label="What may come next"
      data-testid="search-completions"
      className="absolute top-full left-0 z-30 mt-1 max-h-[290px] w-full max-w-[720px] overflow-y-auto rounded-[5px] border border-line bg-panel py-1 shadow-lg"
    >
      {items.map((c, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the bar above has the keyboard (aria-activedescendant)
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the bar
        <div
          key={`${c.kind} ${c.text}`}
          id={optionId(i)}
          role="option"
          aria-selected={i === active}
          // Before the bar loses the focus.
          onMouseDown={(e) => e.preventDefault()}
          onClick={() => onTake(c)}
          className={`flex cursor-pointer items-baseline gap-3 px-3 py-[3px] ${i === active ? 'bg-accent-bg' : 'hover:bg-hover'}`}
        >
          <span className="shrink-0 font-mono text-sm">{safe(c.text)}</span>
          <span className="min-w-0 truncate text-sm text-muted">{safe(c.about)}</span>
          <span className="ml-auto shrink-0 text-xs text-faint">{c.kind}</span>
        </div>
      ))}
    </div>
  );
}
