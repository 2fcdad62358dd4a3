/** One rule beside the list: what it says, what it needs, its versions, exceptions and tests; and its mode, for those who may. */
import type { RuleDetail, RuleMode } from '../../../../src/api/contract.ts';
import { useNow } from '../../data/clock.ts';
import { useMe } from '../../data/session.tsx';
import { attackTag } from '../../lib/attack.ts';
import { countText, plural } from '../../lib/format.ts';
import { costText, MODES, modeWord } from '../../lib/rule-filter.ts';
import { SeverityBadge, Tag } from '../../ui/badge.tsx';
import { Button, Segments } from '../../ui/button.tsx';
import { safe, safeLines } from '../../ui/safe-text.tsx';
import { Failed, Loading, Panel } from '../../ui/states.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Ago } from '../../ui/time.tsx';
import { useChangeRule, useRule } from './data.ts';
import { Exceptions } from './exceptions.tsx';
import { ModeTag } from './rule-table.tsx';
import { Tests } from './tests.tsx';
import { Versions } from './versions.tsx';

const TABS = ['about', 'text', 'needs', 'versions', 'exceptions', 'tests'] as const;
type Tab = (typeof TABS)[number];

export function RulePanel({
  id,
  tab,
  onTab,
  onClose,
  onRule,
}: {
  id: string;
  tab: string;
  onTab: (tab: string | undefined) => void;
  onClose: () => void;
  onRule: (id: string) => void;
}) {
  const q = useRule(id);
  const shown: Tab = TABS.find((t) => t === tab) ?? 'about';
  if (q.isPending || q.isError)
    return (
      <Panel data-testid="rule-detail">
        {q.isPending ? (
          <Loading lines={8} />
        ) : (
          <Failed what="The rule could not be read." error={q.error} retry={() => void q.refetch()} />
        )}
      </Panel>
    );
  const d = q.data;
  const inForce = d.rule.exceptions;
  return (
    <Panel
      title={<span title={d.rule.id}>{safe(d.rule.title)}</span>}
      aside={
        <Button look="quiet" onClick={onClose}>
          Close
        </Button>
      }
      className="flex min-h-0 flex-col"
      data-testid="rule-detail"
    >
      <Head d={d} />
      <Tabs
        label="Rule"
        value={shown}
        onPick={(t) => onTab(t === 'about' ? undefined : t)}
        tabs={[
          { id: 'about', text: 'About' },
          { id: 'text', text: 'Text' },
          { id: 'needs', text: 'Needs' },
          { id: 'versions', text: `Versions ${d.versions.length}` },
          { id: 'exceptions', text: inForce > 0 ? `Exceptions ${inForce}` : 'Exceptions' },
          { id: 'tests', text: 'Tests' },
        ]}
      />
      <div className="min-h-0 flex-1 overflow-auto p-3">
        {shown === 'about' && <About d={d} onRule={onRule} />}
        {shown === 'text' && <Text d={d} />}
        {shown === 'needs' && <Needs d={d} onRule={onRule} />}
        {shown === 'versions' && <Versions d={d} />}
        {shown === 'exceptions' && <Exceptions d={d} />}
        {shown === 'tests' && <Tests d={d} />}
      </div>
    </Panel>
  );
}

const MODE_ABOUT: Readonly<Record<RuleMode, string>> = {
  alerting: 'Matches open alerts.',
  risk: 'Matches count for the risk of their entities; no alerts.',
  shadow: 'Matches are counted; nothing else happens.',
  off: 'Not judged.',
};
const BY_WORD: ReadonlyMap<string, string> = new Map([
  ['file', 'Its file says so.'],
  ['shipped', 'Default of shipped rules.'],
  ['own', 'Default of your rules.'],
  ['imported', 'Default of imported rules.'],
]);

function Head({ d }: { d: RuleDetail }) {
  const me = useMe();
  const change = useChangeRule();
  const { rule } = d;
  return (
    <div className="flex flex-col gap-1.5 border-b border-line px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-muted">
        <SeverityBadge severity={rule.level} />
        {rule.status !== '' && <span>{safe(rule.status)}</span>}
        <span>
          {rule.origin}
          {rule.author !== '' && <>, by {safe(rule.author)}</>}
        </span>
        {d.rolledBack > 0 && (
          <Tag className="border-warn/40 text-warn">rolled back to version {d.rolledBack}</Tag>
        )}
      </div>
      <div className="flex flex-wrap items-center gap-2">
        {me.role === 'admin' ? (
          <Segments
            label="Mode"
            value={rule.mode}
            onPick={(mode) => change.mutate({ kind: 'mode', id: rule.id, mode, reason: '' })}
            options={MODES.map((m) => ({ id: m, text: modeWord[m] }))}
          />
        ) : (
          <ModeTag rule={rule} />
        )}
        <span className="text-sm text-faint">
          {MODE_ABOUT[rule.mode]} {BY_WORD.get(d.modeBy) ?? `Set by ${safe(d.modeBy)}`}
          {d.modeReason !== '' && `: ${safe(d.modeReason)}`}
        </span>
        {rule.proposal !== '' && me.role === 'admin' && (
          <Button
            disabled={change.isPending}
            onClick={() => change.mutate({ kind: 'accept', rules: [rule.id] })}
          >
            Accept: {modeWord[rule.proposal]}
          </Button>
        )}
      </div>
      {change.isError && (
        <div role="alert" className="text-bad">
          {change.error.message}
        </div>
      )}
      {rule.dead !== '' && <Warn>Cannot fire here: {safe(rule.dead)}</Warn>}
      {rule.problem !== '' && (
        <Warn>
          The newest version of the file is not in force; the one before it keeps watching.{' '}
          {safe(rule.problem)}
        </Warn>
      )}
    </div>
  );
}

const Warn = ({ children }: { children: React.ReactNode }) => (
  <div className="rounded-[5px] border border-warn/40 bg-warn-bg px-2.5 py-1 text-warn">{children}</div>
);

function About({ d, onRule }: { d: RuleDetail; onRule: (id: string) => void }) {
  const { rule } = d;
  return (
    <div className="flex flex-col gap-3">
      <p className="max-w-[80ch] whitespace-pre-line">{safeLines(rule.description.trim())}</p>
      {rule.attack.length > 0 && (
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-muted">
          {rule.attack.map(attackTag).map((t) => (
            <li key={t.id}>
              {t.kind === 'technique' && <span className="font-mono">{safe(t.id)} </span>}
              {t.name || safe(t.id)}
            </li>
          ))}
        </ul>
      )}
      <Counted d={d} onRule={onRule} />
      <Listed title="Harmless when" items={rule.falsepositives} />
      <Listed title="What to do when it fires" items={rule.nextSteps} />
      <Listed title="References" items={rule.references} />
    </div>
  );
}

function Text({ d }: { d: RuleDetail }) {
  return (
    <div>
      <div className="mb-1 text-sm text-muted">
        {safe(d.rule.file)}, version {safe(d.rule.version)}
      </div>
      <pre className="overflow-auto rounded-[5px] border border-line bg-bg p-2.5 font-mono text-sm whitespace-pre">
        {safeLines(d.rule.yaml)}
      </pre>
    </div>
  );
}

function Needs({ d, onRule }: { d: RuleDetail; onRule: (id: string) => void }) {
  const now = useNow();
  const { rule } = d;
  return (
    <div className="flex flex-col gap-3">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1">
        <dt className="text-muted">Log source</dt>
        <dd>{rule.logsource === '' ? 'every event' : safe(rule.logsource)}</dd>
        <dt className="text-muted">Supplied by</dt>
        <dd>
          {d.sources.length === 0 ? (
            <span className="text-warn">nothing here</span>
          ) : (
            safe(d.sources.join(', '))
          )}
        </dd>
        <dt className="text-muted">Last candidate</dt>
        <dd>
          <Ago us={rule.lastCandidate} now={now} />
        </dd>
        <dt className="text-muted">Last match</dt>
        <dd>
          <Ago us={rule.lastMatched} now={now} />{' '}
          <span className="text-faint">of {countText(rule.matched)}</span>
        </dd>
        <dt className="text-muted">Cost</dt>
        <dd>
          {rule.cost > 0 ? `${costText(rule.cost)} of all evaluations` : 'nothing measurable'}
          {d.evaluated > 0 && (
            <span className="text-faint"> ({plural(d.evaluated, 'evaluation')} since the start)</span>
          )}
        </dd>
        {d.lists.length > 0 && (
          <>
            <dt className="text-muted">Lists</dt>
            <dd className="font-mono text-sm">{safe(d.lists.join(', '))}</dd>
          </>
        )}
      </dl>
      <Counted d={d} onRule={onRule} />
      {d.fields.length > 0 && (
        <table className="grid-table">
          <thead>
            <tr>
              <th>Field</th>
              <th>Last seen in its log source</th>
            </tr>
          </thead>
          <tbody>
            {d.fields.map((f) => (
              <tr key={f.name}>
                <td className="font-mono text-sm">{safe(f.name)}</td>
                <td className={f.last === 0 && !f.declared ? 'text-warn' : 'text-muted'}>
                  {f.last > 0 ? (
                    <Ago us={f.last} now={now} />
                  ) : f.declared ? (
                    'not yet; a source could supply it'
                  ) : (
                    'never'
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Counted({ d, onRule }: { d: RuleDetail; onRule: (id: string) => void }) {
  if (d.counts.length === 0) return null;
  return (
    <div>
      <div className="mb-0.5 text-sm text-muted">Counts the matches of</div>
      <ul className="pl-1">
        {d.counts.map((c) => (
          <li key={c.id}>
            <button type="button" className="text-accent hover:underline" onClick={() => onRule(c.id)}>
              {safe(c.title)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Listed({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <div className="mb-0.5 text-sm text-muted">{title}</div>
      <ul className="list-disc pl-5">
        {items.map((i) => (
          <li key={i}>{safe(i)}</li>
        ))}
      </ul>
    </div>
  );
}
