import { Dialog } from '../ui/dialog.tsx';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'Search events'],
  ['g o', 'Overview'],
  ['g s', 'Search'],
  ['g a', 'Alerts'],
  ['g n', 'Senders'],
  ['g r', 'Rules'],
  ['g t', 'Settings'],
  ['j  k', 'Next and previous row'],
  ['Enter', 'Open or expand the row'],
  ['a', 'Acknowledge the alert'],
  ['c', 'Close the alert, with a reason'],
  ['Esc', 'Close what is open'],
];
const QUERY: readonly (readonly [string, string])[] = [
  ['failed password', 'both words, anywhere in the event'],
  ['"connection closed by"', 'these words side by side'],
  ['user.name == "root"', 'exactly this value'],
  ['user.name:ro*', '* any characters, ? exactly one'],
  ['source.ip:10.0.0.0/8', 'addresses in a network'],
  ['event.outcome IN ("failure", "unknown")', 'any of these'],
  ['a AND (b OR NOT c)', 'combined'],
  ['… | stats count() by source.ip | sort -count | head 10', 'counted, sorted, cut'],
];

function Rows({ rows }: { rows: readonly (readonly [string, string])[] }) {
  return (
    <dl className="grid grid-cols-[max-content_1fr] items-baseline gap-x-4 gap-y-1">
      {rows.map(([k, v]) => (
        <div key={k} className="col-span-2 grid grid-cols-subgrid">
          <dt>
            <kbd className="rounded-[4px] border border-line-strong bg-raised px-1.5 font-mono text-sm">
              {k}
            </kbd>
          </dt>
          <dd className="text-muted">{v}</dd>
        </div>
      ))}
    </dl>
  );
}

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys and search" onClose={onClose} wide>
      <div className="flex flex-col gap-5">
        <section>
          <h3 className="mb-2 font-medium">Keys</h3>
          <Rows rows={KEYS} />
        </section>
        <section>
          <h3 className="mb-2 font-medium">What a search can say</h3>
          <Rows rows={QUERY} />
        </section>
      </div>
    </Dialog>
  );
}
