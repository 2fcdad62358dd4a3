/** The rules in force: what each watches, when it last matched, and what is wrong with the newest file if something is. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import type { RuleInfo } from '../../../../src/api/contract.ts';
import { useNow } from '../../data/clock.ts';
import { useRules } from '../../data/queries.ts';
import { attackTag } from '../../lib/attack.ts';
import { countText, plural } from '../../lib/format.ts';
import { WORST_FIRST } from '../../lib/severity.ts';
import { SeverityBadge, Tag } from '../../ui/badge.tsx';
import { Button, Segments } from '../../ui/button.tsx';
import { useHotkeys } from '../../ui/hotkeys.ts';
import { PageHead } from '../../ui/page-head.tsx';
import { safe, safeLines } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { Ago } from '../../ui/time.tsx';

type Show = 'all' | 'problems' | 'matched';

export function RulesPage() {
  const q = useRules();
  const url = useSearch({ strict: false });
  const navigate = useNavigate();
  const [text, setText] = useState(url.q ?? '');
  const show: Show = url.status === 'problems' || url.status === 'matched' ? url.status : 'all';
  const set = (part: {
    q?: string | undefined;
    id?: string | undefined;
    status?: string | undefined;
  }): void => void navigate({ to: '.', replace: true, search: (old) => ({ ...old, ...part }) });
  useHotkeys({ Escape: () => set({ id: undefined }) });
  if (q.isPending)
    return (
      <div className="p-4">
        <Panel>
          <Loading lines={10} />
        </Panel>
      </div>
    );
  if (q.isError)
    return (
      <div className="p-4">
        <Panel>
          <Failed what="The rules could not be read." error={q.error} retry={() => void q.refetch()} />
        </Panel>
      </div>
    );
  const broken = q.data.filter((r) => r.problem !== '').length;
  const rules = q.data.filter((r) => fits(r, text, show)).sort(byLevel);
  const chosen = q.data.find((r) => r.id === url.id);
  return (
    <div className="flex h-full min-h-0 flex-col gap-3 p-4">
      <PageHead title="Rules">
        <span className="text-muted">{plural(q.data.length, 'rule')} in force</span>
        <Segments
          label="Which rules"
          value={show}
          onPick={(s) => set({ status: s === 'all' ? undefined : s })}
          options={[
            { id: 'all', text: 'All' },
            { id: 'matched', text: 'Matched' },
            {
              id: 'problems',
              text: <span className={broken > 0 ? 'text-warn' : ''}>Problems {broken}</span>,
            },
          ]}
        />
        <input
          className="field w-[260px]"
          type="search"
          placeholder="Title, technique or id"
          aria-label="Filter rules"
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            set({ q: e.target.value });
          }}
        />
      </PageHead>
      <div
        className={`grid min-h-0 flex-1 gap-3 ${chosen === undefined ? 'grid-cols-1' : 'grid-cols-[minmax(0,1fr)_minmax(0,0.85fr)]'}`}
      >
        <Panel className="overflow-auto">
          {rules.length === 0 ? (
            <Empty title="No rule fits">
              <Button
                onClick={() => {
                  setText('');
                  set({ q: undefined, status: undefined });
                }}
              >
                Show all rules
              </Button>
            </Empty>
          ) : (
            <RuleTable
              rules={rules}
              sel={url.id ?? ''}
              narrow={chosen !== undefined}
              onPick={(id) => set({ id: id === url.id ? undefined : id })}
            />
          )}
        </Panel>
        {chosen !== undefined && <RuleDetail rule={chosen} onClose={() => set({ id: undefined })} />}
      </div>
    </div>
  );
}

function fits(r: RuleInfo, text: string, show: Show): boolean {
  if (show === 'problems' && r.problem === '') return false;
  if (show === 'matched' && r.matched === 0) return false;
  const wanted = text.trim().toLowerCase();
  return wanted === '' || [r.title, r.id, r.file, ...r.attack].some((t) => t.toLowerCase().includes(wanted));
}

const byLevel = (a: RuleInfo, b: RuleInfo): number =>
  WORST_FIRST.indexOf(a.level) - WORST_FIRST.indexOf(b.level) || a.title.localeCompare(b.title);

function RuleTable({
  rules,
  sel,
  narrow,
  onPick,
}: {
  rules: readonly RuleInfo[];
  sel: string;
  narrow: boolean;
  onPick: (id: string) => void;
}) {
  const now = useNow();
  return (
    <table className="grid-table">
      <thead className="sticky top-0 z-10">
        <tr>
          <th className="w-[90px]">Level</th>
          <th>Rule</th>
          {!narrow && <th>ATT&CK</th>}
          <th className="num">Matched</th>
          <th className="num">Last match</th>
        </tr>
      </thead>
      <tbody>
        {rules.map((r) => (
          <tr
            key={r.id}
            data-testid="rule-row"
            className={r.id === sel ? 'bg-accent-bg/60' : 'hover:bg-hover'}
          >
            <td>
              <SeverityBadge severity={r.level} />
            </td>
            <td>
              <button
                type="button"
                aria-expanded={r.id === sel}
                onClick={() => onPick(r.id)}
                className="text-left font-medium hover:underline"
              >
                {safe(r.title)}
              </button>
              {r.kind === 'correlation' && (
                <Tag className="ml-2 border-line text-faint">counts over time</Tag>
              )}
              {r.problem !== '' && (
                <div className="flex items-center gap-1.5 text-sm text-warn">
                  <TriangleAlert size={12} aria-hidden="true" /> The newest file is not in force:{' '}
                  {safe(r.problem)}
                </div>
              )}
            </td>
            {!narrow && (
              <td className="text-sm text-muted">
                {r.attack
                  .map(attackTag)
                  .filter((t) => t.kind === 'technique')
                  .map((t) => (
                    <div key={t.id}>
                      <span className="font-mono">{safe(t.id)}</span> {t.name}
                    </div>
                  ))}
              </td>
            )}
            <td className={`num ${r.matched === 0 ? 'text-faint' : ''}`}>{countText(r.matched)}</td>
            <td className="num text-muted">
              <Ago us={r.lastMatched} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function RuleDetail({ rule, onClose }: { rule: RuleInfo; onClose: () => void }) {
  return (
    <Panel
      title={safe(rule.title)}
      aside={
        <Button look="quiet" onClick={onClose}>
          Close
        </Button>
      }
      className="overflow-auto"
      data-testid="rule-detail"
    >
      <div className="flex flex-col gap-3 p-3">
        <div className="flex flex-wrap items-center gap-3 text-muted">
          <SeverityBadge severity={rule.level} />
          <span>{safe(rule.status)}</span>
          <span>version {safe(rule.version)}</span>
          {rule.author !== '' && <span>by {safe(rule.author)}</span>}
        </div>
        {rule.problem !== '' && (
          <div className="rounded-[5px] border border-warn/40 bg-warn-bg px-3 py-2 text-warn">
            The newest version of the file is not in force; the one before it keeps watching.{' '}
            {safe(rule.problem)}
          </div>
        )}
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
        <Listed title="Harmless when" items={rule.falsepositives} />
        <Listed title="What to do when it fires" items={rule.nextSteps} />
        <div>
          <div className="mb-1 text-sm text-muted">{safe(rule.file)}</div>
          <pre className="overflow-auto rounded-[5px] border border-line bg-bg p-2.5 font-mono text-sm whitespace-pre">
            {safeLines(rule.yaml)}
          </pre>
        </div>
      </div>
    </Panel>
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
