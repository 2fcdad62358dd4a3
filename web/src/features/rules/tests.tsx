/** The tests beside a rule, run on the server when this is opened. */
import { Check, X } from 'lucide-react';
import type { RuleDetail } from '../../../../src/api/contract.ts';
import { Button } from '../../ui/button.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading } from '../../ui/states.tsx';
import { useTests } from './data.ts';

export function Tests({ d }: { d: RuleDetail }) {
  const q = useTests(d.rule.id, d.hasTests);
  if (!d.hasTests)
    return (
      <Empty title="No tests">
        A file of the same name that ends in .test.yml, beside the rule, says which events meet it and which
        narrowly do not.
      </Empty>
    );
  if (q.isPending) return <Loading lines={3} />;
  if (q.isError)
    return <Failed what="The tests could not be run." error={q.error} retry={() => void q.refetch()} />;
  return (
    <div className="flex flex-col gap-2">
      <ul className="flex flex-col">
        {q.data.map((t) => (
          <li key={t.name} className="flex items-baseline gap-2 border-b border-line py-1">
            {t.ok ? (
              <Check size={13} aria-label="passed" className="shrink-0 self-center text-ok" />
            ) : (
              <X size={13} aria-label="failed" className="shrink-0 self-center text-bad" />
            )}
            <span>{safe(t.name)}</span>
            {t.reason !== '' && <span className={t.ok ? 'text-faint' : 'text-bad'}>{safe(t.reason)}</span>}
          </li>
        ))}
      </ul>
      <div>
        <Button disabled={q.isFetching} onClick={() => void q.refetch()}>
          Run again
        </Button>
      </div>
    </div>
  );
}
