/** Who did what, newest first. Nobody can change it here. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { AuditEntry } from '../../../../src/api/contract.ts';
import { get } from '../../data/client.ts';
import { useZone } from '../../data/prefs.ts';
import { auditText, outcomeIsGood } from '../../lib/audit-text.ts';
import { Button } from '../../ui/button.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const PAGE_ROWS = 100;

export function Audit() {
  const zone = useZone();
  const q = useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      get<AuditEntry[]>(
        '/audit',
        { before: pageParam === 0 ? undefined : pageParam, limit: PAGE_ROWS },
        signal,
      ),
    getNextPageParam: (last: AuditEntry[]) => (last.length < PAGE_ROWS ? undefined : last.at(-1)?.at),
  });
  const rows = q.data?.pages.flat() ?? [];
  return (
    <Panel title="Audit" aside="kept by Vigil, changed by nobody">
      {q.isPending ? (
        <Loading />
      ) : q.isError ? (
        <Failed what="The audit could not be read." error={q.error} retry={() => void q.refetch()} />
      ) : rows.length === 0 ? (
        <Empty title="Nothing yet" />
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th>Time</th>
              <th>Who</th>
              <th>From</th>
              <th>Did</th>
              <th>To what</th>
              <th>Result</th>
              <th>Detail</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever appended at the old end
              <tr key={i} data-testid="audit-row">
                <td>
                  <Time us={r.at} />
                </td>
                <td>{safe(r.who)}</td>
                <td className="font-mono text-sm text-muted">{safe(r.from)}</td>
                <td>{safe(r.action)}</td>
                <td className="max-w-[260px] truncate" title={safe(r.object)}>
                  {safe(r.object)}
                </td>
                <td className={outcomeIsGood(r.outcome) ? 'text-muted' : 'text-bad'}>{safe(r.outcome)}</td>
                <td className="max-w-[340px] truncate text-muted" title={safe(auditText(r.detail, zone))}>
                  {safe(auditText(r.detail, zone))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {q.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button disabled={q.isFetchingNextPage} onClick={() => void q.fetchNextPage()}>
            Older entries
          </Button>
        </div>
      )}
    </Panel>
  );
}
