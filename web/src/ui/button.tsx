import type { ComponentProps, ReactNode } from 'react';

const LOOK = {
  plain: 'border border-line-strong bg-raised hover:bg-hover text-text',
  primary: 'border border-transparent bg-button hover:bg-button-hover text-white font-medium',
  danger: 'border border-bad/50 bg-bad-bg text-bad hover:brightness-110',
  quiet: 'border border-transparent text-muted hover:text-text hover:bg-hover',
} as const;

type Props = ComponentProps<'button'> & { look?: keyof typeof LOOK; icon?: ReactNode };

export function Button({ look = 'plain', icon, className = '', children, ...rest }: Props) {
  return (
    <button
      type="button"
      className={`inline-flex min-h-7 items-center justify-center gap-1.5 rounded-[5px] px-2.5 py-0.5 whitespace-nowrap disabled:opacity-50 ${LOOK[look]} ${className}`}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

/** A square button that shows only an icon; `label` names it. */
export function IconButton({
  label,
  className = '',
  children,
  ...rest
}: ComponentProps<'button'> & { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`inline-flex size-7 shrink-0 items-center justify-center rounded-[5px] text-muted hover:bg-hover hover:text-text disabled:opacity-40 ${className}`}
      {...rest}
    >
      {children}
    </button>
  );
}

/** One of a few choices side by side, for filters. */
export function Segments<T extends string>({
  label,
  options,
  value,
  onPick,
}: {
  label: string;
  options: readonly { readonly id: T; readonly text: ReactNode }[];
  value: T;
  onPick: (id: T) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out in a toolbar line
    <div
      role="group"
      aria-label={label}
      className="inline-flex overflow-hidden rounded-[5px] border border-line-strong"
    >
      {options.map((o) => (
        <button
          key={o.id}
          type="button"
          aria-pressed={o.id === value}
          onClick={() => onPick(o.id)}
          className={`min-h-[26px] border-l border-line-strong px-2.5 -outline-offset-2 first:border-l-0 ${o.id === value ? 'bg-accent-bg text-text' : 'bg-raised text-muted hover:bg-hover hover:text-text'}`}
        >
          {o.text}
        </button>
      ))}
    </div>
  );
}
