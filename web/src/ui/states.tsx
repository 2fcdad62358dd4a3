/** What a panel shows while it loads, has nothing, or failed: each says what is going on and what to do next. */
import { CircleAlert, RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { messageOf } from '../data/client.ts';
import { Button } from './button.tsx';

export function Loading({ lines = 4, label = 'Loading' }: { lines?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-2 p-3">
      {Array.from({ length: lines }, (_, i) => `w${i}`).map((k, i) => (
        <div key={k} className="skeleton h-4" style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

export function Failed({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  return (
    <div role="alert" className="flex flex-wrap items-center gap-3 p-4 text-text">
      <CircleAlert aria-hidden="true" size={16} className="text-bad" />
      <span>
        {what} <span className="text-muted">{messageOf(error)}</span>
      </span>
      {retry !== undefined && (
        <Button onClick={retry} icon={<RotateCw size={13} />}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col gap-1 px-4 py-6">
      <div className="font-medium">{title}</div>
      {children !== undefined && <div className="max-w-[75ch] text-muted">{children}</div>}
    </div>
  );
}

export function Panel({
  title,
  aside,
  children,
  className = '',
  ...rest
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
} & { 'data-testid'?: string }) {
  return (
    <section className={`panel min-w-0 ${className}`} {...rest}>
      {title !== undefined && (
        <header className="flex min-h-9 flex-wrap items-center justify-between gap-x-3 border-b border-line px-3 py-1">
          <h2 className="font-medium">{title}</h2>
          <div className="flex items-center gap-2 text-sm text-muted">{aside}</div>
        </header>
      )}
      {children}
    </section>
  );
}
