import { useNow } from '../../data/clock.ts';
import { useStatus } from '../../data/queries.ts';
import { bytesText, countText, rateText } from '../../lib/format.ts';
import { spanText } from '../../lib/time-format.ts';
import { safe } from '../../ui/safe-text.tsx';
import { Failed, Loading, Panel } from '../../ui/states.tsx';

export function System() {
  const q = useStatus();
  const now = useNow();
  if (q.isPending)
    return (
      <Panel>
        <Loading />
      </Panel>
    );
  if (q.isError)
    return (
      <Panel>
        <Failed what="The status could not be read." error={q.error} retry={() => void q.refetch()} />
      </Panel>
    );
  const s = q.data;
  const facts: readonly (readonly [string, string])[] = [
    ['Version', s.version],
    ['Running for', spanText(now - s.startedAt)],
    ['Events per second', rateText(s.eventsPerSecond)],
    ['Store', `${s.store.ok ? 'working' : 'not working'}, version ${s.store.version}`],
    ['Stored events', countText(s.store.rows)],
    ['On disk', bytesText(s.store.bytesOnDisk)],
    ['Damaged parts set aside', countText(s.store.detachedParts)],
    ['Receive journal', `${bytesText(s.journal.bytes)} of at most ${bytesText(s.journal.bytesMax)}`],
    ['Waiting in the journal', countText(s.journal.pendingRecords)],
  ];
  return (
    <div className="grid grid-cols-[minmax(0,360px)_minmax(0,1fr)] items-start gap-3">
      <Panel title="System">
        <dl className="grid grid-cols-[max-content_1fr] gap-x-5 gap-y-1 p-3">
          {facts.map(([k, v]) => (
            <div key={k} className="col-span-2 grid grid-cols-subgrid">
              <dt className="text-muted">{k}</dt>
              <dd>{safe(v)}</dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel title="Where logs come in">
        <table className="grid-table">
          <thead>
            <tr>
              <th>Door</th>
              <th>Address</th>
              <th>State</th>
              <th>Note</th>
            </tr>
          </thead>
          <tbody>
            {s.collectors.map((c) => (
              <tr key={`${c.door} ${c.address}`}>
                <td>{safe(c.door)}</td>
                <td className="font-mono text-sm">{safe(c.address)}</td>
                <td>{safe(c.state)}</td>
                <td className="text-muted">{safe(c.note)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Panel>
    </div>
  );
}
