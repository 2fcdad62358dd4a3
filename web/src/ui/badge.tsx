import type { AlertStatus, Severity } from '../../../src/model/alert.ts';
import { severityColor, severityWord, statusWord } from '../lib/severity.ts';

/** A severity as a coloured bar and its word (never by colour alone). */
export function SeverityBadge({ severity }: { severity: Severity }) {
  const color = `var(${severityColor[severity]})`;
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap" style={{ color }}>
      <span aria-hidden="true" className="h-3.5 w-1 rounded-full" style={{ background: color }} />
      <span className="font-medium">{severityWord[severity]}</span>
    </span>
  );
}

const STATUS_LOOK: Readonly<Record<AlertStatus, string>> = {
  new: 'border-accent/60 bg-accent-bg text-accent',
  acknowledged: 'border-line-strong bg-raised text-text',
  closed: 'border-line text-faint',
};

export function StatusBadge({ status }: { status: AlertStatus }) {
  return <Tag className={STATUS_LOOK[status]}>{statusWord[status]}</Tag>;
}

export function Tag({
  className = 'border-line-strong text-muted',
  children,
}: {
  className?: string;
  children: React.ReactNode;
}) {
  return (
    <span
      className={`inline-flex items-center rounded-[4px] border px-1.5 text-xs whitespace-nowrap ${className}`}
    >
      {children}
    </span>
  );
}

const OUTCOME: ReadonlyMap<string, string> = new Map([
  ['success', 'text-ok'],
  ['failure', 'text-bad'],
]);
export const outcomeClass = (outcome: string): string => OUTCOME.get(outcome) ?? 'text-faint';
