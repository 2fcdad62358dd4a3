/** The events of an alert: its copies of the first ones, and references to the rest, each opened in place. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Alert, EventCopy } from '../../../../src/model/alert.ts';
import { useZone } from '../../data/prefs.ts';
import { countText, plural } from '../../lib/format.ts';
import { entityQuery, scalarText, valueList } from '../../lib/query-text.ts';
import { rowTime } from '../../lib/time-format.ts';
import { MINUTE_US } from '../../lib/time-range.ts';
import { outcomeClass } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { EventDetail } from '../../ui/event-detail.tsx';
import { FieldsTable } from '../../ui/fields-table.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Panel } from '../../ui/states.tsx';

const REFS_SHOWN = 100;

const textOf = (e: EventCopy, name: string): string => {
  const found = e.fields.find(([n]) => n === name);
  const first = found === undefined ? undefined : valueList(found[1])[0];
  return first === undefined || first === null ? '' : scalarText(first);
};

/** What the event says in a line: its message, else what it was about. */
const gist = (e: EventCopy): string =>
  ['message', 'process.command_line', 'url.path', 'file.path', 'event.reason', 'event.provider']
    .map((f) => textOf(e, f))
    .find((t) => t !== '') ?? '';

export function AlertEvents({ alert }: { alert: Alert }) {
  const zone = useZone();
  const sel = useSearch({ strict: false, select: (s) => s.sel });
  const tab = useSearch({ strict: false, select: (s) => s.tab });
  const navigate = useNavigate();
  const [all, setAll] = useState(false);
  const toggle = (id: string): void =>
    void navigate({
      to: '.',
      replace: true,
      search: (old) => ({ ...old, sel: old.sel === id ? undefined : id, tab: undefined }),
    });
  const first = alert.entities[0];
  const more = alert.eventRefs.filter((r) => !alert.events.some((e) => e.id === r.id));
  const shown = alert.events.length + more.length;
  const refs = all || more.some((r) => r.id === sel) ? more.slice(0, REFS_SHOWN) : [];
  return (
    <Panel
      title="Events"
      aside={
        <>
          <span>{countText(shown)} kept with the alert</span>
          {first !== undefined && (
            <Link
              to="/search"
              search={(old) => ({
                tenant: old.tenant,
                q: entityQuery(first),
                from: String(alert.firstSeen - MINUTE_US),
                to: String(alert.lastSeen + MINUTE_US),
              })}
              className="text-accent hover:underline"
            >
              Search around it
            </Link>
          )}
        </>
      }
    >
      <table className="grid-table table-fixed">
        <thead>
          <tr>
            <th className="w-[26px] !px-1" />
            <th className="w-[142px]">Time</th>
            <th className="w-[80px]">Host</th>
            <th className="w-[104px]">Action</th>
            <th className="w-[66px]">Outcome</th>
            <th className="w-[90px]">User</th>
            <th className="w-[118px]">Source address</th>
            <th>What it says</th>
          </tr>
        </thead>
        <tbody>
          {alert.events.map((e) => (
            <Row
              key={e.id}
              id={e.id}
              open={sel === e.id}
              onToggle={toggle}
              detail={<FieldsTable fields={e.fields} />}
            >
              <td className="whitespace-nowrap">{rowTime(e.ts, zone)}</td>
              <td className="truncate">{safe(textOf(e, 'host.name'))}</td>
              <td className="truncate">{safe(textOf(e, 'event.action') || e.source)}</td>
              <td className={outcomeClass(textOf(e, 'event.outcome'))}>{safe(textOf(e, 'event.outcome'))}</td>
              <td className="truncate">{safe(textOf(e, 'user.name'))}</td>
              <td className="truncate font-mono text-sm">{safe(textOf(e, 'source.ip'))}</td>
              <td className="truncate font-mono text-sm text-muted" title={safe(gist(e))}>
                {safe(gist(e))}
              </td>
            </Row>
          ))}
          {refs.map((r) => (
            <Row
              key={r.id}
              id={r.id}
              open={sel === r.id}
              onToggle={toggle}
              detail={
                <EventDetail
                  tenant={alert.tenant}
                  id={r.id}
                  tab={tab ?? ''}
                  onTab={(t) =>
                    void navigate({ to: '.', replace: true, search: (old) => ({ ...old, tab: t }) })
                  }
                />
              }
            >
              <td className="whitespace-nowrap">{rowTime(r.ts, zone)}</td>
              <td colSpan={6} className="text-faint">
                further event, open to read it
              </td>
            </Row>
          ))}
        </tbody>
      </table>
      {refs.length === 0 && more.length > 0 && (
        <div className="border-t border-line p-2">
          <Button look="quiet" onClick={() => setAll(true)} data-testid="alert-more">
            Show {plural(more.length, 'further event')}
          </Button>
        </div>
      )}
      {refs.length > 0 && more.length > REFS_SHOWN && (
        <div className="border-t border-line p-2 text-muted">
          {countText(more.length - REFS_SHOWN)} more: use “Search around it”.
        </div>
      )}
    </Panel>
  );
}

type RowProps = {
  id: string;
  open: boolean;
  onToggle: (id: string) => void;
  detail: ReactNode;
  children: ReactNode;
};

function Row({ id, open, onToggle, detail, children }: RowProps) {
  return (
    <>
      <tr
        data-testid="alert-event"
        onClick={() => onToggle(id)}
        className={`cursor-pointer ${open ? 'bg-raised' : 'hover:bg-hover'}`}
      >
        <td className="!px-1">
          <button
            type="button"
            aria-expanded={open}
            aria-label="Fields of this event"
            className="rounded-[3px] text-muted"
            onClick={(e) => {
              e.stopPropagation();
              onToggle(id);
            }}
          >
            {open ? <ChevronDown size={14} /> : <ChevronRight size={14} />}
          </button>
        </td>
        {children}
      </tr>
      {open && (
        <tr>
          <td colSpan={8} className="border-l-2 border-l-accent bg-bg">
            {detail}
          </td>
        </tr>
      )}
    </>
  );
}
