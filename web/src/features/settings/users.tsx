import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Trash2, UserPlus } from 'lucide-react';
import { useState } from 'react';
import type { Role, UserInfo } from '../../../../src/api/contract.ts';
import { del, get, messageOf, post } from '../../data/client.ts';
import { useMe } from '../../data/session.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Failed, Loading, Panel } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const ROLES: readonly (readonly [Role, string])[] = [
  ['viewer', 'Viewer: reads everything, changes nothing'],
  ['analyst', 'Analyst: works on alerts as well'],
  ['admin', 'Administrator: users, tokens, lists as well'],
];

export function Users() {
  const me = useMe();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<UserInfo | null>(null);
  const q = useQuery({ queryKey: ['users'], queryFn: ({ signal }) => get<UserInfo[]>('/users', {}, signal) });
  const remove = useMutation({
    mutationFn: (name: string) => del(`/users/${encodeURIComponent(name)}`),
    onSuccess: async () => {
      setRemoving(null);
      await client.invalidateQueries({ queryKey: ['users'] });
    },
  });
  return (
    <Panel
      title="Users"
      aside={
        <Button icon={<UserPlus size={13} />} onClick={() => setAdding(true)}>
          Add user
        </Button>
      }
    >
      {q.isPending ? (
        <Loading />
      ) : q.isError ? (
        <Failed what="The users could not be read." error={q.error} retry={() => void q.refetch()} />
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Role</th>
              <th>Created</th>
              <th>Last sign-in</th>
              <th className="w-10" />
            </tr>
          </thead>
          <tbody>
            {q.data.map((u) => (
              <tr key={u.name} data-testid="user-row">
                <td>
                  {safe(u.name)}
                  {u.name === me.user && <span className="text-faint"> (you)</span>}
                </td>
                <td>{u.role}</td>
                <td className="text-muted">
                  <Time us={u.createdAt} />
                </td>
                <td className="text-muted">
                  <Time us={u.lastLogin} />
                </td>
                <td className="!py-0">
                  {u.name !== me.user && (
                    <IconButton label={`Remove ${safe(u.name)}`} onClick={() => setRemoving(u)}>
                      <Trash2 size={14} />
                    </IconButton>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding && <AddUser onClose={() => setAdding(false)} />}
      {removing !== null && (
        <Dialog title={`Remove ${safe(removing.name)}?`} onClose={() => setRemoving(null)}>
          <p className="mb-3 text-muted">Their sessions end at once. What they did stays in the audit.</p>
          <div role="alert" className="text-bad">
            {remove.isError ? messageOf(remove.error) : ''}
          </div>
          <div className="flex justify-end gap-2">
            <Button onClick={() => setRemoving(null)}>Cancel</Button>
            <Button look="danger" onClick={() => remove.mutate(removing.name)}>
              Remove user
            </Button>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('analyst');
  const [password, setPassword] = useState('');
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () => post('/users', { name: name.trim(), role, password }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['users'] });
      onClose();
    },
  });
  return (
    <Dialog title="Add user" onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          add.mutate();
        }}
      >
        <Labelled label="Name">
          <input
            className="field"
            required
            autoComplete="off"
            value={name}
            onChange={(e) => setName(e.target.value)}
            data-testid="user-name"
          />
        </Labelled>
        <Labelled label="Role">
          <select
            className="field"
            value={role}
            onChange={(e) => setRole(ROLES.find(([r]) => r === e.target.value)?.[0] ?? 'viewer')}
          >
            {ROLES.map(([r, about]) => (
              <option key={r} value={r}>
                {about}
              </option>
            ))}
          </select>
        </Labelled>
        <Labelled label="First password" hint="They are asked to choose their own when they first sign in.">
          <input
            className="field"
            required
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={(e) => setPassword(e.target.value)}
            data-testid="user-password"
          />
        </Labelled>
        <div role="alert" className="text-bad">
          {add.isError ? messageOf(add.error) : ''}
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={add.isPending}>
            Add user
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
