/** One alert as a colleague would tell it: the sentence, why, who and where, the evidence, what to do next. */
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useState } from 'react';
import type { AlertDetail } from '../../../../src/api/contract.ts';
import { ApiFailure, messageOf } from '../../data/client.ts';
import { useMe } from '../../data/session.tsx';
import { severityColor } from '../../lib/severity.ts';
import { SeverityBadge, StatusBadge, Tag } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { useHotkeys } from '../../ui/hotkeys.ts';
import { usePageTitle } from '../../ui/page-head.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { AlertEvents } from './alert-events.tsx';
import { Attack, Facts, NextSteps, Why, WhoAndWhere } from './alert-parts.tsx';
import { CloseDialog } from './close-dialog.tsx';
import { useAlert, useChangeAlert } from './data.ts';
import { AlertTable } from './queue.tsx';
import { Steps } from './steps.tsx';

export function AlertPage() {
  const id = useParams({ strict: false, select: (p) => p.id ?? '' });
  const q = useAlert(id);
  const navigate = useNavigate();
  useHotkeys({ Escape: () => void navigate({ to: '/alerts', search: { sel: id } }) });
  return (
    <div className="flex flex-col gap-3 p-4">
      <Link
        to="/alerts"
        search={{ sel: id }}
        className="inline-flex items-center gap-1 self-start text-sm text-muted hover:text-text"
      >
        <ArrowLeft size={13} aria-hidden="true" /> Alerts
      </Link>
      {q.isPending ? (
        <Panel>
          <Loading lines={10} />
        </Panel>
      ) : q.isError ? (
        <Panel>
          {q.error instanceof ApiFailure && q.error.status === 404 ? (
            <Empty title="There is no such alert">
              It may belong to another tenant, or the link is incomplete.
            </Empty>
          ) : (
            <Failed what="The alert could not be read." error={q.error} retry={() => void q.refetch()} />
          )}
        </Panel>
      ) : (
        <Body detail={q.data} />
      )}
    </div>
  );
}

function Body({ detail }: { detail: AlertDetail }) {
  const { alert, rule, related } = detail;
  usePageTitle(safe(alert.sentence));
  return (
    <>
      <Head detail={detail} />
      <div className="grid grid-cols-1 xl:grid-cols-[minmax(0,1fr)_330px] gap-3">
        <div className="flex min-w-0 flex-col gap-3">
          <Why alert={alert} rule={rule} />
          <AlertEvents alert={alert} />
          <Panel title="Other alerts about the same people and machines">
            {related.length === 0 ? (
              <div className="p-3 text-muted">None.</div>
            ) : (
              <AlertTable alerts={related} sel="" compact />
            )}
          </Panel>
        </div>
        <div className="flex flex-col gap-3">
          <NextSteps steps={alert.nextSteps} />
          <WhoAndWhere alert={alert} />
          <Facts alert={alert} />
          <Attack tags={alert.attack} />
          <Steps alert={alert} />
        </div>
      </div>
    </>
  );
}

function Head({ detail: { alert } }: { detail: AlertDetail }) {
  const [closing, setClosing] = useState(false);
  const change = useChangeAlert();
  const me = useMe();
  const canAct = me.role !== 'viewer';
  const status = (s: 'new' | 'acknowledged'): void =>
    change.mutate({ kind: 'status', id: alert.id, status: s, reason: '' });
  useHotkeys({
    a: () => {
      if (canAct && alert.status === 'new') status('acknowledged');
    },
    c: () => {
      if (canAct && alert.status !== 'closed') setClosing(true);
    },
  });
  return (
    <Panel>
      <div
        className="flex items-start justify-between gap-6 border-l-4 px-4 py-3"
        style={{ borderColor: `var(${severityColor[alert.severity]})` }}
      >
        <div className="min-w-0">
          <h1 className="text-xl font-semibold break-words" data-testid="alert-headline">
            {safe(alert.sentence)}
          </h1>
          <div className="mt-1.5 flex flex-wrap items-center gap-3 text-muted">
            <SeverityBadge severity={alert.severity} />
            <StatusBadge status={alert.status} />
            {alert.assignee !== '' && <span>with {safe(alert.assignee)}</span>}
            {alert.origin !== 'live' && (
              <Tag>{alert.origin === 'retro' ? 'found in stored events' : alert.origin}</Tag>
            )}
            {alert.late && alert.origin === 'live' && <Tag>judged from late events</Tag>}
            {alert.status === 'closed' && alert.reason !== '' && <span>{safe(alert.reason)}</span>}
            {alert.follows !== '' && (
              <Link
                to="/alerts/$id"
                params={{ id: alert.follows }}
                search={{}}
                className="text-accent hover:underline"
              >
                continues a closed alert
              </Link>
            )}
          </div>
        </div>
        {canAct && (
          <div className="flex shrink-0 flex-wrap justify-end gap-2">
            {alert.assignee !== me.user && (
              <Button onClick={() => change.mutate({ kind: 'assignee', id: alert.id, assignee: me.user })}>
                Take it
              </Button>
            )}
            {alert.status === 'new' && (
              <Button
                look="primary"
                data-testid="acknowledge"
                onClick={() => status('acknowledged')}
                title="a"
              >
                Acknowledge
              </Button>
            )}
            {alert.status !== 'closed' ? (
              <Button data-testid="close" onClick={() => setClosing(true)} title="c">
                Close…
              </Button>
            ) : (
              <Button onClick={() => status('acknowledged')}>Open again</Button>
            )}
          </div>
        )}
      </div>
      {change.isError && (
        <div role="alert" className="border-t border-line px-4 py-2 text-bad">
          {messageOf(change.error)}
        </div>
      )}
      {closing && <CloseDialog alert={alert} onClose={() => setClosing(false)} />}
    </Panel>
  );
}
