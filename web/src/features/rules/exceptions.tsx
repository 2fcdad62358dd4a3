/** What is excepted from a rule: each with owner, reason and an end; made, and ended, here. */
import { useState } from 'react';
import type { ExceptionWhere, RuleDetail, RuleException } from '../../../../src/api/contract.ts';
import { useNow } from '../../data/clock.ts';
import { useMe } from '../../data/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe, safeLines } from '../../ui/safe-text.tsx';
import { Empty } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { useChangeRule } from './data.ts';

const DAY_US = 86_400e6;
const DAYS = [1, 7, 30, 90, 365] as const;
const MATCHES: readonly (readonly [ExceptionWhere['match'], string])[] = [
  ['equals', 'is one of'],
  ['startswith', 'starts with'],
  ['endswith', 'ends with'],
  ['contains', 'contains'],
  ['cidr', 'is in network'],
];

export function Exceptions({ d }: { d: RuleDetail }) {
  const me = useMe();
  const now = useNow();
  const [making, setMaking] = useState(false);
  const change = useChangeRule();
  const may = me.role !== 'viewer' && d.rule.kind === 'rule';
  const isOver = (e: RuleException): boolean => e.endedAt > 0 || e.expiresAt <= now;
  return (
    <div className="flex flex-col gap-2">
      {may && (
        <div>
          <Button onClick={() => setMaking(true)}>Make an exception</Button>
        </div>
      )}
      {d.rule.kind !== 'rule' && (
        <p className="text-muted">This rule counts others: make exceptions at the rules that it counts.</p>
      )}
      {d.exceptions.length === 0 && (
        <Empty title="No exceptions">Every event that meets the rule counts.</Empty>
      )}
      {d.exceptions.map((e) => (
        <div
          key={e.id}
          data-testid="exception"
          className={`rounded-[5px] border border-line ${isOver(e) ? 'text-faint' : ''}`}
        >
          <div className="flex min-h-8 flex-wrap items-center gap-x-3 px-2">
            <span className="font-medium">{safe(e.title)}</span>
            <span className="text-sm text-muted">
              owner {safe(e.owner)}, {isOver(e) ? 'ended' : 'until'}{' '}
              <Time us={e.endedAt > 0 ? e.endedAt : e.expiresAt} />
            </span>
            {!isOver(e) && me.role !== 'viewer' && (
              <Button
                look="quiet"
                className="ml-auto"
                disabled={change.isPending}
                onClick={() => change.mutate({ kind: 'end', exception: e.id })}
              >
                End now
              </Button>
            )}
          </div>
          <div className="px-2 pb-1 text-sm text-muted">
            {safe(e.reason)} <span className="text-faint">(made by {safe(e.createdBy)})</span>
          </div>
          <pre className="overflow-auto border-t border-line bg-bg p-2 font-mono text-sm whitespace-pre">
            {safeLines(e.yaml.trim())}
          </pre>
        </div>
      ))}
      {change.isError && (
        <div role="alert" className="text-bad">
          {change.error.message}
        </div>
      )}
      {making && <Make d={d} onClose={() => setMaking(false)} />}
    </div>
  );
}

const valuesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((v) => v.trim())
    .filter((v) => v !== '');

function Make({ d, onClose }: { d: RuleDetail; onClose: () => void }) {
  const me = useMe();
  const now = useNow();
  const change = useChangeRule();
  const [title, setTitle] = useState('');
  const [owner, setOwner] = useState(me.user);
  const [reason, setReason] = useState('');
  const [days, setDays] = useState(30);
  const [where, setWhere] = useState<readonly Draft[]>([FIRST]);
  const patch = (i: number, part: Partial<Draft>): void =>
    setWhere(where.map((w, k) => (k === i ? { ...w, ...part } : w)));
  return (
    <Dialog title="Exception" onClose={onClose} wide>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          const exception = {
            title,
            owner,
            reason,
            expiresAt: now + days * DAY_US,
            where: where.map((w) => ({ field: w.field.trim(), match: w.match, values: valuesOf(w.text) })),
          };
          change.mutate({ kind: 'except', id: d.rule.id, exception }, { onSuccess: onClose });
        }}
      >
        <p className="text-muted">
          Events to which all of this applies no longer meet “{safe(d.rule.title)}”. It raises an alert that
          somebody else has to close.
        </p>
        {where.map((w, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are only added and changed in place
          <div key={i} className="grid grid-cols-[minmax(0,1fr)_150px_minmax(0,1.3fr)] items-start gap-2">
            <Labelled label="Field">
              <input
                className="field font-mono"
                required
                list="exception-fields"
                value={w.field}
                onChange={(e) => patch(i, { field: e.target.value })}
              />
            </Labelled>
            <Labelled label="Which">
              <select
                className="field"
                value={w.match}
                onChange={(e) =>
                  patch(i, { match: MATCHES.find(([m]) => m === e.target.value)?.[0] ?? 'equals' })
                }
              >
                {MATCHES.map(([m, text]) => (
                  <option key={m} value={m}>
                    {text}
                  </option>
                ))}
              </select>
            </Labelled>
            <Labelled label="Values, one a line">
              <textarea
                className="field font-mono"
                rows={2}
                required
                spellCheck={false}
                value={w.text}
                onChange={(e) => patch(i, { text: e.target.value })}
              />
            </Labelled>
          </div>
        ))}
        <datalist id="exception-fields">
          {[...new Set([...d.fields.map((f) => f.name), 'host.name', 'user.name', 'source.ip'])].map((f) => (
            <option key={f} value={f} />
          ))}
        </datalist>
        <div>
          <Button look="quiet" disabled={where.length >= 10} onClick={() => setWhere([...where, FIRST])}>
            And another field
          </Button>
        </div>
        <Labelled label="Title">
          <input className="field" required value={title} onChange={(e) => setTitle(e.target.value)} />
        </Labelled>
        <div className="grid grid-cols-[1fr_1fr] gap-2">
          <Labelled label="Owner" hint="Who is asked about it.">
            <input className="field" required value={owner} onChange={(e) => setOwner(e.target.value)} />
          </Labelled>
          <Labelled label="Ends after">
            <select className="field" value={days} onChange={(e) => setDays(Number(e.target.value))}>
              {DAYS.map((n) => (
                <option key={n} value={n}>
                  {n === 1 ? '1 day' : `${n} days`}
                </option>
              ))}
            </select>
          </Labelled>
        </div>
        <Labelled label="Reason">
          <textarea
            className="field"
            rows={2}
            required
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        </Labelled>
        <div role="alert" className="text-bad">
          {change.isError ? change.error.message : ''}
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={change.isPending}>
            Make exception
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type Draft = { readonly field: string; readonly match: ExceptionWhere['match']; readonly text: string };
const FIRST: Draft = { field: '', match: 'equals', text: '' };
