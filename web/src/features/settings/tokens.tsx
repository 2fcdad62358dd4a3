import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import type { TokenCreated, TokenInfo } from '../../../../src/api/contract.ts';
import { del, get, messageOf, post } from '../../data/client.ts';
import { useNow } from '../../data/clock.ts';
import { useTenant } from '../../data/session.tsx';
import { DAY_US } from '../../lib/time-range.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { Ago, Time } from '../../ui/time.tsx';
import { ShownOnce } from './shown-once.tsx';

const SCOPES: readonly (readonly [TokenInfo['scope'], string])[] = [
  ['ingest', 'Send logs'],
  ['read', 'Read (search, alerts)'],
  ['admin', 'Everything'],
];
const LIFETIMES: readonly (readonly [number, string])[] = [
  [90, '90 days'],
  [365, 'One year'],
  [0, 'Never'],
];

export function Tokens() {
  const client = useQueryClient();
  const now = useNow();
  const [adding, setAdding] = useState(false);
  const q = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => get<TokenInfo[]>('/tokens', {}, signal),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => del(`/tokens/${encodeURIComponent(id)}`),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  return (
    <Panel
      title="Tokens"
      aside={
        <Button icon={<KeyRound size={13} />} onClick={() => setAdding(true)} data-testid="token-add">
          New token
        </Button>
      }
    >
      {q.isPending ? (
        <Loading />
      ) : q.isError ? (
        <Failed what="The tokens could not be read." error={q.error} retry={() => void q.refetch()} />
      ) : q.data.length === 0 ? (
        <Empty title="No tokens">A machine that sends logs over HTTP needs one.</Empty>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th>Name</th>
              <th>May</th>
              <th>Log types</th>
              <th>Created</th>
              <th>Expires</th>
              <th>Last used</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {q.data.map((t) => (
              <tr key={t.id} data-testid="token-row">
                <td>
                  {safe(t.name)} <span className="font-mono text-xs text-faint">{t.id}</span>
                </td>
                <td>{SCOPES.find(([s]) => s === t.scope)?.[1] ?? t.scope}</td>
                <td className="text-muted">
                  {t.sources.length === 0 ? 'any' : t.sources.map(safe).join(', ')}
                </td>
                <td className="text-muted">
                  <Time us={t.createdAt} />
                </td>
                <td className={t.expiresAt !== 0 && t.expiresAt < now ? 'text-bad' : 'text-muted'}>
                  {t.expiresAt === 0 ? 'never' : <Time us={t.expiresAt} />}
                </td>
                <td className="text-muted">
                  <Ago us={t.lastUsed} now={now} />
                </td>
                <td className="!py-0.5 text-right">
                  <Button look="quiet" onClick={() => revoke.mutate(t.id)}>
                    Revoke
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {revoke.isError && (
        <div role="alert" className="p-3 text-bad">
          {messageOf(revoke.error)}
        </div>
      )}
      {adding && <AddToken onClose={() => setAdding(false)} />}
    </Panel>
  );
}

function AddToken({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<TokenInfo['scope']>('ingest');
  const [sources, setSources] = useState('');
  const [days, setDays] = useState(365);
  const client = useQueryClient();
  const tenant = useTenant();
  const add = useMutation({
    mutationFn: () =>
      post<TokenCreated>('/tokens', {
        name: name.trim(),
        scope,
        tenant,
        sources: scope === 'ingest' ? sources.split(/[\s,]+/).filter((s) => s !== '') : [],
        expiresAt: days === 0 ? 0 : Date.now() * 1000 + days * DAY_US,
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  });
  if (add.data !== undefined)
    return <ShownOnce title={`Token ${safe(add.data.info.name)}`} text={add.data.token} onClose={onClose} />;
  return (
    <Dialog title="New token" onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          add.mutate();
        }}
      >
        <Labelled label="Name" hint="What uses it, such as “web servers, rsyslog”.">
          <input
            className="field"
            required
            autoComplete="off"
            value={name}
            onChange={(e) => setName(e.target.value)}
            data-testid="token-name"
          />
        </Labelled>
        <Labelled label="It may">
          <select
            className="field"
            value={scope}
            onChange={(e) => setScope(SCOPES.find(([s]) => s === e.target.value)?.[0] ?? 'ingest')}
          >
            {SCOPES.map(([s, about]) => (
              <option key={s} value={s}>
                {about}
              </option>
            ))}
          </select>
        </Labelled>
        {scope === 'ingest' && (
          <Labelled label="Log types it may send (optional)" hint="Names separated by blanks; empty for any.">
            <input className="field" value={sources} onChange={(e) => setSources(e.target.value)} />
          </Labelled>
        )}
        <Labelled label="Expires">
          <select className="field" value={days} onChange={(e) => setDays(Number(e.target.value))}>
            {LIFETIMES.map(([d, about]) => (
              <option key={d} value={d}>
                {about}
              </option>
            ))}
          </select>
        </Labelled>
        <div role="alert" className="text-bad">
          {add.isError ? messageOf(add.error) : ''}
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={add.isPending} data-testid="token-submit">
            Make token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
