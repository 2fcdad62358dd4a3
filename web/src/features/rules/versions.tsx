/** Every text that was in force, with the difference to the one before it, and the way back. */
import { useState } from 'react';
import type { RuleDetail, RuleVersionInfo } from '../../../../src/api/contract.ts';
import { useMe } from '../../data/session.tsx';
import { type DiffLine, lineDiff } from '../../lib/line-diff.ts';
import { Tag } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { useChangeRule, useVersion } from './data.ts';

export function Versions({ d }: { d: RuleDetail }) {
  const [open, setOpen] = useState(d.versions[0]?.n ?? 0);
  const [back, setBack] = useState(0);
  if (d.versions.length === 0) return <Empty title="No version is on record yet" />;
  return (
    <div className="flex flex-col gap-2">
      {d.versions.map((v, i) => (
        <div key={v.n} className="rounded-[5px] border border-line" data-testid="rule-version">
          <VersionHead
            v={v}
            open={v.n === open}
            onOpen={() => setOpen(v.n === open ? 0 : v.n)}
            onBack={() => setBack(v.n)}
          />
          {v.n === open && <Diff id={d.rule.id} n={v.n} before={d.versions[i + 1]?.n ?? 0} />}
        </div>
      ))}
      {back > 0 && <RollBack d={d} n={back} onClose={() => setBack(0)} />}
    </div>
  );
}

function VersionHead({
  v,
  open,
  onOpen,
  onBack,
}: {
  v: RuleVersionInfo;
  open: boolean;
  onOpen: () => void;
  onBack: () => void;
}) {
  const me = useMe();
  return (
    <div className="flex min-h-8 flex-wrap items-center gap-x-3 px-2 py-0.5">
      <button type="button" aria-expanded={open} onClick={onOpen} className="font-medium hover:underline">
        Version {v.n}
      </button>
      {v.until === 0 && <Tag className="border-ok/50 text-ok">in force</Tag>}
      <span className="text-sm text-muted">
        since <Time us={v.since} />
        {v.until > 0 && (
          <>
            {' '}
            until <Time us={v.until} />
          </>
        )}
      </span>
      <span className="text-sm text-faint">
        {safe(v.source)}
        {v.who !== 'unknown' && v.who !== 'vigil' && `, by ${safe(v.who)}`}
      </span>
      {v.until > 0 && me.role === 'admin' && (
        <Button look="quiet" className="ml-auto" onClick={onBack}>
          Roll back to this
        </Button>
      )}
    </div>
  );
}

const LINE_LOOK: Readonly<Record<DiffLine['kind'], string>> = {
  same: 'text-muted',
  out: 'bg-bad-bg text-bad',
  in: 'bg-ok-bg text-ok',
};
const SIGN = { same: ' ', out: '-', in: '+' } as const;

function Diff({ id, n, before }: { id: string; n: number; before: number }) {
  const now = useVersion(id, n);
  const was = useVersion(id, before);
  if (now.isPending || (before > 0 && was.isPending)) return <Loading lines={4} />;
  if (now.isError || (before > 0 && was.isError))
    return <Failed what="The version could not be read." error={now.error ?? was.error} />;
  const lines: readonly DiffLine[] =
    before > 0 && was.data !== undefined
      ? lineDiff(was.data.yaml, now.data.yaml)
      : now.data.yaml.split('\n').map((text) => ({ kind: 'same', text }));
  return (
    <pre className="overflow-auto border-t border-line bg-bg p-2 font-mono text-sm whitespace-pre">
      {lines.map((l, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other identity, and are never reordered
        <div key={i} className={LINE_LOOK[l.kind]}>
          {SIGN[l.kind]} {safe(l.text)}
        </div>
      ))}
    </pre>
  );
}

function RollBack({ d, n, onClose }: { d: RuleDetail; n: number; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const change = useChangeRule();
  return (
    <Dialog title={`Roll back to version ${n}`} onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          change.mutate({ kind: 'rollback', id: d.rule.id, version: n, reason }, { onSuccess: onClose });
        }}
      >
        <p className="text-muted">
          That text is in force from the next batch on, until the rule’s file changes again. The change raises
          an alert that somebody else has to close.
        </p>
        <Labelled label="Why">
          <input className="field" required value={reason} onChange={(e) => setReason(e.target.value)} />
        </Labelled>
        <div role="alert" className="text-bad">
          {change.isError ? change.error.message : ''}
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={change.isPending}>
            Roll back
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
