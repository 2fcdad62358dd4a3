/** Every sender with its ledger in one line. The whole story is on the senders page. */
import { Link } from '@tanstack/react-router';
import { useNow } from '../../data/clock.ts';
import { useSenders } from '../../data/queries.ts';
import { useTenant } from '../../data/session.tsx';
import { countText } from '../../lib/format.ts';
import { totalLine } from '../../lib/ledger.ts';
import { BalanceMark, LedgerCells, LedgerHead } from '../../ui/ledger.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Failed, Loading, Panel } from '../../ui/states.tsx';
import { Ago } from '../../ui/time.tsx';
import { Value } from '../../ui/value.tsx';

const ROWS_MAX = 12;

export function SendersPanel() {
  const q = useSenders(useTenant());
  const now = useNow();
  if (q.isPending)
    return (
      <Panel title="Senders">
        <Loading />
      </Panel>
    );
  if (q.isError)
    return (
      <Panel title="Senders">
        <Failed what="The senders could not be read." error={q.error} retry={() => void q.refetch()} />
      </Panel>
    );
  const total = totalLine(q.data.map((s) => s.ledger));
  return (
    <Panel
      title="Senders"
      aside={
        q.data.length > 0 && (
          <>
            <span>all together:</span> <BalanceMark line={total} />
            <Link to="/senders" search={{}} className="text-accent hover:underline">
              Ledger
            </Link>
          </>
        )
      }
    >
      {q.data.length === 0 ? (
        <div className="p-3 text-muted">Nobody has sent anything yet.</div>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th>Sender</th>
              <th>Came by</th>
              <th>Last event</th>
              <LedgerHead />
            </tr>
          </thead>
          <tbody>
            {q.data.slice(0, ROWS_MAX).map((s) => (
              <tr key={`${s.door} ${s.sender}`} data-testid="ledger-row">
                <td>
                  <Value field="vigil.sender" value={s.sender} className="font-mono text-sm" />
                </td>
                <td className="text-muted">{safe(s.door)}</td>
                <td className="text-muted">
                  <Ago us={s.lastSeen} now={now} />
                </td>
                <LedgerCells line={s.ledger} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {q.data.length > ROWS_MAX && (
        <div className="border-t border-line px-3 py-1.5">
          <Link to="/senders" search={{}} className="text-accent hover:underline">
            {countText(q.data.length - ROWS_MAX)} more senders
          </Link>
        </div>
      )}
    </Panel>
  );
}
