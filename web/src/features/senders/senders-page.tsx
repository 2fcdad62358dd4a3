/** The ledger: per door and sender, and minute by minute for the chosen one, with drops by reason. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { LedgerLine, Point, SenderInfo } from '../../../../src/api/contract.ts';
import { useNow } from '../../data/clock.ts';
import { useLedger, useSenders } from '../../data/queries.ts';
import { type RangeState, useRange } from '../../data/range.ts';
import { useTenant } from '../../data/session.tsx';
import { bucketStarts, onBuckets } from '../../lib/buckets.ts';
import { countText, shareText } from '../../lib/format.ts';
import { sumOf, terms, totalLine } from '../../lib/ledger.ts';
import { HOUR_US, MINUTE_US } from '../../lib/time-range.ts';
import { Button } from '../../ui/button.tsx';
import { BalanceMark, DropReasons, LedgerCells, LedgerHead } from '../../ui/ledger.tsx';
import { NoLogs } from '../../ui/no-logs.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { RangePicker } from '../../ui/range-picker.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { Ago, Time } from '../../ui/time.tsx';
import { Value } from '../../ui/value.tsx';

const keyOf = (l: { readonly door: string; readonly sender: string }): string => `${l.door} ${l.sender}`;
/** Events of each of the last 60 minutes; the server names only those that hold something. */
const lastHour = (points: readonly Point[], now: number): number[] =>
  onBuckets(bucketStarts(now - HOUR_US, now, MINUTE_US), points, (p) => p.n);

/** Newest minutes shown of a sender. */
const MINUTES_MAX = 240;

export function SendersPage() {
  const tenant = useTenant();
  const range = useRange();
  const ledger = useLedger(tenant, range.resolved);
  const senders = useSenders(tenant);
  const sel = useSearch({ strict: false, select: (s) => s.sel });
  return (
    <div className="flex flex-col gap-3 p-4">
      <PageHead title="Senders">
        <Button onClick={range.renew}>Refresh</Button>
        <RangePicker state={range} />
      </PageHead>
      {ledger.isPending ? (
        <Panel>
          <Loading lines={6} />
        </Panel>
      ) : ledger.isError ? (
        <Panel>
          <Failed
            what="The ledger could not be read."
            error={ledger.error}
            retry={() => void ledger.refetch()}
          />
        </Panel>
      ) : (
        <>
          {ledger.data.storeTrouble !== '' && (
            <p role="status" className="rounded border border-warn px-3 py-2 text-sm">
              The event store does not answer. New logs wait in the journal; “stored” is what it last said.
            </p>
          )}
          <Equation lines={ledger.data.totals} />
          <SenderTable
            lines={ledger.data.totals}
            senders={senders.data ?? []}
            sel={sel ?? ''}
            minutes={ledger.data.minutes}
            range={range}
          />
        </>
      )}
    </div>
  );
}

function Equation({ lines }: { lines: readonly LedgerLine[] }) {
  const all = totalLine(lines);
  const t = terms(all);
  const failed = sumOf(all.evaluationFailed);
  return (
    <Panel>
      <div className="flex flex-wrap items-end gap-x-3 gap-y-2 px-4 pt-3 pb-2" data-testid="ledger-total">
        <Term n={t.received} label="received" />
        <Sign text="=" />
        <Term n={t.stored} label="stored" />
        <Sign text="+" />
        <Term n={t.dropped} label="dropped" warn />
        <Sign text="+" />
        <Term n={t.quarantined} label="quarantined" warn />
        <Sign text="+" />
        <Term n={t.pending} label="waiting" />
        <div className="ml-4 pb-0.5">
          <BalanceMark line={all} />
        </div>
      </div>
      <div className="flex flex-wrap gap-x-6 gap-y-1 border-t border-line px-4 py-2 text-sm text-muted">
        <span>
          Judged by the rules: <span className="text-text">{countText(all.evaluated)}</span>
          {all.evaluationPending > 0 && `, ${countText(all.evaluationPending)} waiting`}
          {failed > 0 && <span className="text-bad">, {countText(failed)} failed</span>}
        </span>
        <span>
          Lost before they reached Vigil (counted by the kernel):{' '}
          <span className={all.kernelDrops > 0 ? 'text-warn' : 'text-text'}>
            {countText(all.kernelDrops)}
          </span>
        </span>
        <DropReasons line={all} />
      </div>
    </Panel>
  );
}

function Term({ n, label, warn = false }: { n: number; label: string; warn?: boolean }) {
  return (
    <div>
      <div className={`text-xl font-semibold ${n === 0 ? 'text-faint' : warn ? 'text-warn' : ''}`}>
        {countText(n)}
      </div>
      <div className="text-sm text-muted">{label}</div>
    </div>
  );
}
const Sign = ({ text }: { text: string }) => <div className="pb-4 text-lg text-faint">{text}</div>;

type TableProps = {
  lines: readonly LedgerLine[];
  minutes: readonly LedgerLine[];
  senders: readonly SenderInfo[];
  sel: string;
  range: RangeState;
};

function SenderTable({ lines, minutes, senders, sel, range }: TableProps) {
  const navigate = useNavigate();
  const now = useNow();
  const info = new Map(senders.map((s) => [keyOf(s), s]));
  if (lines.length === 0)
    return (
      <Panel>
        {senders.length === 0 ? (
          <NoLogs />
        ) : (
          <Empty title="Nothing was received in this range">
            <Button onClick={() => range.setRange({ from: '-7d', to: 'now' })}>
              Look at the last 7 days
            </Button>
          </Empty>
        )}
      </Panel>
    );
  const pick = (key: string): void =>
    void navigate({
      to: '.',
      search: (old) => ({ ...old, sel: key === sel ? undefined : key }),
      replace: true,
    });
  return (
    <Panel title="By sender" aside="a row opens its minutes">
      <table className="grid-table">
        <thead>
          <tr>
            <th>Sender</th>
            <th>Came by</th>
            <th className="max-xl:hidden">Log types</th>
            <th className="max-xl:hidden">Not understood</th>
            <th className="max-xl:hidden">Last hour</th>
            <th>Last event</th>
            <LedgerHead />
          </tr>
        </thead>
        <tbody>
          {lines.map((l) => {
            const key = keyOf(l);
            const s = info.get(key);
            return [
              <tr key={key} data-testid="ledger-row" className={key === sel ? 'bg-raised' : 'hover:bg-hover'}>
                <td>
                  <button
                    type="button"
                    aria-expanded={key === sel}
                    onClick={() => pick(key)}
                    className="font-mono text-sm text-accent hover:underline"
                  >
                    {safe(l.sender) || '(none)'}
                  </button>
                </td>
                <td className="text-muted">{safe(l.door)}</td>
                <td className="max-w-[200px] truncate text-muted max-xl:hidden">
                  {s?.sources.map((x) => safe(x.value)).join(', ')}
                </td>
                <td
                  className={
                    s === undefined || s.unparsed === 0
                      ? 'text-faint max-xl:hidden'
                      : 'text-muted max-xl:hidden'
                  }
                  title={s === undefined ? '' : countText(s.unparsed)}
                >
                  {s === undefined ? '' : shareText(s.unparsed, s.received)}
                </td>
                <td className="max-xl:hidden">
                  {s !== undefined && (
                    <Sparkline
                      values={lastHour(s.perMinute, now)}
                      width={80}
                      height={16}
                      label="Events per minute"
                    />
                  )}
                </td>
                <td className="text-muted">{s !== undefined && <Ago us={s.lastSeen} now={now} />}</td>
                <LedgerCells line={l} />
              </tr>,
              key === sel && (
                <tr key={`${key} minutes`}>
                  <td colSpan={12} className="!p-0">
                    <Minutes lines={minutes.filter((m) => keyOf(m) === key)} line={l} />
                  </td>
                </tr>
              ),
            ];
          })}
        </tbody>
      </table>
    </Panel>
  );
}

function Minutes({ lines, line }: { lines: readonly LedgerLine[]; line: LedgerLine }) {
  const newest = [...lines].sort((a, b) => b.minute - a.minute);
  return (
    <div className="border-l-2 border-accent bg-bg">
      <div className="flex flex-wrap items-center gap-x-5 gap-y-1 px-3 py-2 text-sm">
        <span>
          See its events: <Value field="vigil.sender" value={line.sender} className="font-mono text-accent" />
        </span>
        <DropReasons line={line} />
      </div>
      {newest.length === 0 ? (
        <div className="px-3 pb-3 text-muted">No minute of this range holds anything from this sender.</div>
      ) : (
        <div className="max-h-[340px] overflow-auto">
          <table className="grid-table text-sm">
            <thead className="sticky top-0">
              <tr>
                <th>Minute of receipt</th>
                <LedgerHead />
                <th>Dropped because</th>
              </tr>
            </thead>
            <tbody>
              {newest.slice(0, MINUTES_MAX).map((m) => (
                <tr key={m.minute} data-testid="ledger-minute">
                  <td>
                    <Time us={m.minute} />
                  </td>
                  <LedgerCells line={m} />
                  <td>
                    <DropReasons line={m} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {newest.length > MINUTES_MAX && (
        <div className="px-3 py-1.5 text-sm text-muted">
          The newest {MINUTES_MAX} of {countText(newest.length)} minutes. Narrow the range to see others.
        </div>
      )}
    </div>
  );
}
