/** The side panels of an alert's page. */
import { Link } from '@tanstack/react-router';
import { Radar } from 'lucide-react';
import type { ReactNode } from 'react';
import type { RuleInfo } from '../../../../src/api/contract.ts';
import type { Alert } from '../../../../src/model/alert.ts';
import { useNow } from '../../data/clock.ts';
import { attackTag } from '../../lib/attack.ts';
import { countText, plural } from '../../lib/format.ts';
import { entityQuery, splitEntity } from '../../lib/query-text.ts';
import { spanText } from '../../lib/time-format.ts';
import { DAY_US, MINUTE_US, SECOND_US } from '../../lib/time-range.ts';
import { Entity } from '../../ui/entity.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Panel } from '../../ui/states.tsx';
import { Ago, Time } from '../../ui/time.tsx';

export function Why({ alert, rule }: { alert: Alert; rule: RuleInfo | null }) {
  const span = alert.lastSeen - alert.firstSeen;
  return (
    <Panel
      title="Why this alert"
      aside={
        <Link to="/rules" search={{ id: alert.rule }} className="text-accent hover:underline">
          Rule: {safe(alert.ruleTitle)}
        </Link>
      }
    >
      <div className="flex flex-col gap-2 p-3">
        <p>
          {plural(alert.count, 'occurrence')}
          {alert.count < 2 ? '' : ` within ${span < SECOND_US ? 'a second' : spanText(span)}`} met the rule “
          {safe(alert.ruleTitle)}”
          {alert.key.length > 0 && (
            <>
              {' '}
              for{' '}
              {alert.key.map((k, i) => (
                <span key={k}>
                  {i > 0 && ', '}
                  <span className="font-mono">{safe(k)}</span>
                </span>
              ))}
            </>
          )}
          .
        </p>
        {rule !== null && rule.description !== '' && (
          <p className="max-w-[90ch] whitespace-pre-line text-muted">{safe(rule.description.trim())}</p>
        )}
        {rule !== null && rule.falsepositives.length > 0 && (
          <div className="text-muted">
            <span className="text-text">Harmless when:</span> {rule.falsepositives.map(safe).join('; ')}
          </div>
        )}
        {rule === null && (
          <p className="text-muted">
            The rule is no longer loaded; version {safe(alert.ruleVersion)} raised this.
          </p>
        )}
      </div>
    </Panel>
  );
}

export function NextSteps({ steps }: { steps: readonly string[] }) {
  if (steps.length === 0) return null;
  return (
    <Panel title="What to do next">
      <ol className="flex list-decimal flex-col gap-1.5 py-2.5 pr-3 pl-8 marker:text-faint">
        {steps.map((s) => (
          <li key={s}>{safe(s)}</li>
        ))}
      </ol>
    </Panel>
  );
}

/** Pivots offered as links, the first of each kind that can act. */
export function WhoAndWhere({ alert }: { alert: Alert }) {
  const around = { from: alert.firstSeen, to: alert.lastSeen };
  const now = useNow(60_000);
  // Of an old alert the last 24 hours say nothing: the day that led to it does.
  const old = now - alert.lastSeen > DAY_US;
  const range = old
    ? { from: String(alert.lastSeen - DAY_US), to: String(alert.lastSeen + MINUTE_US) }
    : { from: '-24h', to: 'now' };
  const acting = ['ip', 'user', 'host'].flatMap((kind) =>
    alert.entities.filter((e) => e.startsWith(`${kind}:`)).slice(0, 2),
  );
  const pivots = acting.length > 0 ? acting : alert.entities.slice(0, 2);
  return (
    <Panel title="Who and where">
      <div className="flex flex-col gap-3 p-3">
        <div className="flex flex-wrap gap-1">
          {alert.entities.map((e) => (
            <Entity key={e} text={e} around={around} />
          ))}
        </div>
        {alert.hostCount > 0 && (
          <div className="text-muted">
            {plural(alert.hostCount, 'host')}: {alert.hosts.map(safe).join(', ')}
            {alert.hostCount > alert.hosts.length &&
              ` and ${countText(alert.hostCount - alert.hosts.length)} more`}
          </div>
        )}
        <ul className="flex flex-col gap-1">
          {pivots.map((e) => {
            const { kind, name } = splitEntity(e);
            return (
              <li key={e}>
                <Link
                  to="/search"
                  search={(old) => ({ tenant: old.tenant, q: entityQuery(e), ...range })}
                  data-testid="alert-pivot"
                  className="inline-flex max-w-full items-center gap-1.5 text-accent hover:underline"
                >
                  <Radar size={13} aria-hidden="true" className="shrink-0" />
                  <span className="truncate" title={`${kind} ${safe(name)}`}>
                    Everything {safe(name)} {acting.length > 0 ? 'did' : 'was in'},{' '}
                    {old ? '24 hours up to it' : 'last 24 hours'}
                  </span>
                </Link>
              </li>
            );
          })}
        </ul>
      </div>
    </Panel>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

export function Facts({ alert }: { alert: Alert }) {
  const now = useNow();
  return (
    <Panel title="When and how often">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1 p-3">
        <Row label="First seen">
          <Time us={alert.firstSeen} />
        </Row>
        <Row label="Last seen">
          <Time us={alert.lastSeen} />{' '}
          <span className="text-faint">
            (<Ago us={alert.lastSeen} now={now} />)
          </span>
        </Row>
        <Row label="Opened">
          <Time us={alert.openedAt} />
        </Row>
        <Row label="Count">{countText(alert.count)}</Row>
        <Row label="Hosts">{countText(alert.hostCount)}</Row>
        <Row label="Rule">
          {safe(alert.ruleVersion) || '–'}
          {alert.author !== '' && <span className="text-faint"> by {safe(alert.author)}</span>}
        </Row>
      </dl>
    </Panel>
  );
}

export function Attack({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  const all = tags.map(attackTag);
  return (
    <Panel title="ATT&CK">
      <ul className="flex flex-col gap-1 p-3">
        {all.map((t) => (
          <li key={t.id} className="flex gap-2">
            {t.kind === 'technique' && (
              <span className="w-[76px] shrink-0 font-mono text-muted">{safe(t.id)}</span>
            )}
            {t.kind === 'tactic' && <span className="w-[76px] shrink-0 text-muted">Tactic</span>}
            <span>{t.name || safe(t.id)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
