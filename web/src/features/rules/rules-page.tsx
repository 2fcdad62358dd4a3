/**
 * The rules: what each watches, whether it can fire here and what it costs, and what became of its matches. A rule that
 * cannot fire says why on its row; nothing is silently dead. By keyboard: j/k, Enter, Esc.
 */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import type { RuleList } from '../../../../src/api/contract.ts';
import { useRules } from '../../data/queries.ts';
import { useMe } from '../../data/session.tsx';
import { attackTag } from '../../lib/attack.ts';
import { countText, plural } from '../../lib/format.ts';
import {
  fits,
  MODES,
  modeWord,
  order,
  RULE_SORTS,
  RULE_STATES,
  type RuleFilter,
  type RuleSort,
  type RuleState,
} from '../../lib/rule-filter.ts';
import { severityWord, WORST_FIRST } from '../../lib/severity.ts';
import { Button, Segments } from '../../ui/button.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { useChangeRule } from './data.ts';
import { RulePanel } from './rule-panel.tsx';
import { RuleTable } from './rule-table.tsx';

const SORT_WORD: Readonly<Record<RuleSort, string>> = {
  level: 'Gravest first',
  matched: 'Most matches',
  last: 'Last fired',
  cost: 'Dearest first',
  title: 'By title',
};

export function RulesPage() {
  const q = useRules();
  if (q.isPending || q.isError)
    return (
      <div className="p-4">
        <Panel>
          {q.isPending ? (
            <Loading lines={10} />
          ) : (
            <Failed what="The rules could not be read." error={q.error} retry={() => void q.refetch()} />
          )}
        </Panel>
      </div>
    );
  return <Rules list={q.data} />;
}

const oneOf = <T extends string>(all: readonly T[], text: string | undefined): T | undefined =>
  all.find((x) => x === text);

function Rules({ list }: { list: RuleList }) {
  const url = useSearch({ strict: false });
  const navigate = useNavigate();
  const [text, setText] = useState(url.q ?? '');
  const set = (part: Readonly<Record<string, string | undefined>>): void =>
    void navigate({ to: '.', replace: true, search: (old) => ({ ...old, ...part }) });
  const state = oneOf(RULE_STATES, url.status) ?? 'all';
  const sort = oneOf(RULE_SORTS, url.sort) ?? 'level';
  const mode = oneOf(MODES, url.mode) ?? '';
  const level = oneOf(WORST_FIRST, url.severity) ?? '';
  const tactic = url.tactic ?? '';
  const rules = useMemo(() => {
    const filter: RuleFilter = { q: text, state, mode, level, tactic };
    return list.rules.filter((r) => fits(r, filter)).sort(order(sort));
  }, [list, text, state, mode, level, tactic, sort]);
  const chosen = url.id ?? '';
  const row = list.rules.find((r) => r.id === chosen);
  return (
    <div className="flex h-full min-h-0 flex-col gap-2 p-4">
      <PageHead title="Rules">
        <Counts list={list} state={state} onPick={(s) => set({ status: s === 'all' ? undefined : s })} />
      </PageHead>
      <div className="flex flex-wrap items-center gap-2">
        <input
          className="field w-[280px]"
          type="search"
          placeholder="Title, technique, log source or id"
          aria-label="Filter rules"
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            set({ q: e.target.value });
          }}
        />
        <Pick
          label="Mode"
          value={mode}
          all="Any mode"
          options={MODES.map((m) => [m, `${modeWord[m]} (${countText(list.summary.byMode[m])})`])}
          onPick={(v) => set({ mode: v })}
        />
        <Pick
          label="Level"
          value={level}
          all="Any level"
          options={WORST_FIRST.map((s) => [s, severityWord[s]])}
          onPick={(v) => set({ severity: v })}
        />
        <Pick
          label="Tactic"
          value={tactic}
          all="Any tactic"
          options={tacticsOf(list)}
          onPick={(v) => set({ tactic: v })}
        />
        <Pick
          label="Order"
          value={sort === 'level' ? '' : sort}
          all={SORT_WORD.level}
          options={RULE_SORTS.filter((s) => s !== 'level').map((s) => [s, SORT_WORD[s]])}
          onPick={(v) => set({ sort: v })}
        />
        <span className="ml-auto text-sm text-muted" role="status">
          {rules.length === list.rules.length
            ? plural(rules.length, 'rule')
            : `${countText(rules.length)} of ${plural(list.rules.length, 'rule')}`}
        </span>
      </div>
      <Proposals list={list} />
      {list.trouble !== '' && <div className="text-sm text-warn">{list.trouble}</div>}
      <div
        className={`grid min-h-0 flex-1 gap-3 ${chosen === '' ? 'grid-cols-1' : 'grid-cols-[minmax(0,1fr)_minmax(0,0.95fr)]'}`}
      >
        {rules.length === 0 ? (
          <Panel>
            <Empty title="No rule fits">
              <Button
                onClick={() => {
                  setText('');
                  set({
                    q: undefined,
                    status: undefined,
                    mode: undefined,
                    severity: undefined,
                    tactic: undefined,
                  });
                }}
              >
                Show all rules
              </Button>
            </Empty>
          </Panel>
        ) : (
          <RuleTable
            rules={rules}
            sel={chosen}
            narrow={chosen !== ''}
            onPick={(id) => set({ id: id === chosen || id === '' ? undefined : id })}
          />
        )}
        {chosen !== '' && (row === undefined || row.status === 'not loaded') && (
          <Panel title={safe(row?.file ?? chosen)} data-testid="rule-detail">
            {row === undefined ? (
              <Empty title="There is no such rule" />
            ) : (
              <Empty title="Nothing of this file is in force">{safe(row.problem)}</Empty>
            )}
          </Panel>
        )}
        {row !== undefined && row.status !== 'not loaded' && (
          <RulePanel
            key={chosen}
            id={chosen}
            tab={url.tab ?? ''}
            onTab={(t) => set({ tab: t })}
            onClose={() => set({ id: undefined, tab: undefined })}
            onRule={(id) => set({ id })}
          />
        )}
      </div>
    </div>
  );
}

/** The states, each with how many rules are in it: the dead ones stand here, whatever else is looked at. */
function Counts({
  list,
  state,
  onPick,
}: {
  list: RuleList;
  state: RuleState;
  onPick: (s: RuleState) => void;
}) {
  const { dead, problems, proposals } = list.summary;
  const loud = (n: number): string => (n > 0 ? 'text-warn' : '');
  return (
    <Segments
      label="Which rules"
      value={state}
      onPick={onPick}
      options={[
        { id: 'all', text: 'All' },
        { id: 'matched', text: 'Matched' },
        { id: 'silent', text: 'Never matched' },
        { id: 'dead', text: <span className={loud(dead)}>Cannot fire {countText(dead)}</span> },
        ...(proposals > 0 ? [{ id: 'proposed' as const, text: `Proposed ${countText(proposals)}` }] : []),
        { id: 'problems', text: <span className={loud(problems)}>Problems {countText(problems)}</span> },
      ]}
    />
  );
}

function Pick({
  label,
  value,
  all,
  options,
  onPick,
}: {
  label: string;
  value: string;
  all: string;
  options: readonly (readonly [string, string])[];
  onPick: (value: string | undefined) => void;
}) {
  return (
    <select
      className="field"
      aria-label={label}
      value={value}
      onChange={(e) => onPick(e.target.value === '' ? undefined : e.target.value)}
    >
      <option value="">{all}</option>
      {options.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
    </select>
  );
}

function tacticsOf(list: RuleList): [string, string][] {
  const seen = new Map<string, string>();
  for (const r of list.rules)
    for (const t of r.attack) {
      const tag = attackTag(t);
      if (tag.kind === 'tactic' && tag.name !== '') seen.set(t, tag.name);
    }
  return [...seen].sort((a, b) => a[1].localeCompare(b[1]));
}

/** What is proposed for imported rules in shadow, accepted all at once by those who may. */
function Proposals({ list }: { list: RuleList }) {
  const me = useMe();
  const change = useChangeRule();
  const proposed = list.rules.filter((r) => r.proposal !== '');
  if (proposed.length === 0) return null;
  const alerting = proposed.filter((r) => r.proposal === 'alerting').length;
  return (
    <div className="panel flex flex-wrap items-center gap-x-4 gap-y-1 px-3 py-1.5" data-testid="proposals">
      <span>
        {plural(proposed.length, 'imported rule')} {proposed.length === 1 ? 'is' : 'are'} in shadow: matches
        are counted, no alerts. Proposed: {countText(alerting)} to alert (high or critical, and stable),{' '}
        {countText(proposed.length - alerting)} for the risk score only.
      </span>
      {me.role === 'admin' && (
        <Button
          look="primary"
          disabled={change.isPending}
          onClick={() => change.mutate({ kind: 'accept', rules: undefined })}
        >
          Accept all
        </Button>
      )}
      {change.isError && (
        <span role="alert" className="text-bad">
          {change.error.message}
        </span>
      )}
    </div>
  );
}
