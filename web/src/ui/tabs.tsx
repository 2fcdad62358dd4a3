/** Tabs with arrow keys; the panel is the caller's. */
import type { ReactNode } from 'react';

export function Tabs<T extends string>({
  label,
  tabs,
  value,
  onPick,
}: {
  label: string;
  tabs: readonly { readonly id: T; readonly text: ReactNode }[];
  value: T;
  onPick: (id: T) => void;
}) {
  return (
    <div role="tablist" aria-label={label} className="flex gap-1 border-b border-line px-2">
      {tabs.map((t, i) => (
        <button
          key={t.id}
          type="button"
          role="tab"
          data-testid={`tab-${t.id}`}
          aria-selected={t.id === value}
          tabIndex={t.id === value ? 0 : -1}
          onClick={() => onPick(t.id)}
          onKeyDown={(e) => {
            const step = e.key === 'ArrowRight' ? 1 : e.key === 'ArrowLeft' ? -1 : 0;
            const next = tabs[(i + step + tabs.length) % tabs.length];
            if (step === 0 || next === undefined) return;
            e.preventDefault();
            onPick(next.id);
            const all = e.currentTarget.parentElement?.querySelectorAll<HTMLElement>('[role=tab]');
            all?.[(i + step + tabs.length) % tabs.length]?.focus();
          }}
          className={`-mb-px border-b-2 px-2.5 py-1 -outline-offset-2 ${t.id === value ? 'border-accent text-text' : 'border-transparent text-muted hover:text-text'}`}
        >
          {t.text}
        </button>
      ))}
    </div>
  );
}
