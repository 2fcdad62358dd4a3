/** Users: made with a first password that Vigil invents and shows once; role and password changes end their sessions. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Trash2, UserPlus } from 'lucide-react';
import { useState } from 'react';
import type { Role, UserCreated, UserInfo } from '../../../../src/api/contract.ts';
import { del, get, messageOf, post } from '../../data/client.ts';
import { useMe } from '../../data/session.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Failed, Loading, Panel } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { ShownOnce } from './shown-once.tsx';

const ROLES: readonly (readonly [Role, string, string])[] = [
  ['viewer', 'Viewer', 'reads everything, changes nothing'],
  ['analyst', 'Analyst', 'works on alerts as well'],
  ['admin', 'Administrator', 'users, tokens and lists as well'],
];
const roleOf = (text: string): Role => ROLES.find(([r]) => r === text)?.[0] ?? 'viewer';
const pathOf = (u: UserInfo): string => `/users/${encodeURIComponent(u.name)}`;

type Asked = { readonly what: 'remove' | 'password'; readonly user: UserInfo };

export function Users() {
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const q = useQuery({ queryKey: ['users'], queryFn: ({ signal }) => get<UserInfo[]>('/users', {}, signal) });
  const role = useMutation({
    mutationFn: (c: { user: UserInfo; role: Role }) => post(`${pathOf(c.user)}/role`, { role: c.role }),
    onSettled: () => client.invalidateQueries({ queryKey: ['users'] }),
  });
  return (
    <Panel
      title="Users"
      aside={
        <Button icon={<UserPlus size={13} />} onClick={() => setAdding(true)} data-testid="user-add">
          Add user
        </Button>
      }
    >
      {q.isPending ? (
        <Loading />
      ) : q.isError ? (
        <Failed what="The users could not be read." error={q.error} retry={() => void q.refetch()} />
      ) : (
        <UserTable users={q.data} onRole={(user, r) => role.mutate({ user, role: r })} onAsk={setAsked} />
      )}
      {role.isError && (
        <div role="alert" className="p-3 text-bad">
          {messageOf(role.error)}
        </div>
      )}
      {adding && <AddUser onClose={() => setAdding(false)} />}
      {asked !== null && <Confirm asked={asked} onClose={() => setAsked(null)} />}
    </Panel>
  );
}

type TableProps = {
  users: readonly UserInfo[];
  onRole: (u: UserInfo, role: Role) => void;
  onAsk: (a: Asked) => void;
};

function UserTable({ users, onRole, onAsk }: TableProps) {
  const me = useMe();
  return (
    <table className="grid-table">
      <thead>
        <tr>
          <th>Name</th>
          <th>Role</th>
          <th>Created</th>
          <th>Last sign-in</th>
          <th className="w-20" />
        </tr>
      </thead>
      <tbody>
        {users.map((u) => (
          <tr key={u.name} data-testid="user-row">
            <td>
              {safe(u.name)}
              {u.name === me.user && <span className="text-faint"> (you)</span>}
            </td>
            <td>
              {u.name === me.user ? (
                ROLES.find(([r]) => r === u.role)?.[1]
              ) : (
                <select
                  className="field !min-h-0 !py-0"
                  aria-label={`Role of ${safe(u.name)}`}
                  value={u.role}
                  onChange={(e) => onRole(u, roleOf(e.target.value))}
                >
                  {ROLES.map(([r, word]) => (
                    <option key={r} value={r}>
                      {word}
                    </option>
                  ))}
                </select>
              )}
            </td>
            <td className="text-muted">
              <Time us={u.createdAt} />
            </td>
            <td className="text-muted">
              <Time us={u.lastLogin} />
            </td>
            <td className="!py-0 text-right whitespace-nowrap">
              {u.name !== me.user && (
                <>
                  <IconButton
                    label={`New password for ${safe(u.name)}`}
                    onClick={() => onAsk({ what: 'password', user: u })}
                  >
                    <KeyRound size={14} />
                  </IconButton>
                  <IconButton
                    label={`Remove ${safe(u.name)}`}
                    onClick={() => onAsk({ what: 'remove', user: u })}
                  >
                    <Trash2 size={14} />
                  </IconButton>
                </>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Confirm({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const client = useQueryClient();
  const remove = asked.what === 'remove';
  const name = safe(asked.user.name);
  const act = useMutation({
    mutationFn: async () =>
      remove
        ? await del<undefined>(pathOf(asked.user))
        : await post<UserCreated>(`${pathOf(asked.user)}/password`, undefined),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: ['users'] });
      if (made === undefined) onClose();
    },
  });
  if (act.data !== undefined)
    return <ShownOnce title={`New password of ${name}`} text={act.data.password} onClose={onClose} />;
  return (
    <Dialog title={remove ? `Remove ${name}?` : `New password for ${name}?`} onClose={onClose}>
      <p className="mb-3 text-muted">
        {remove
          ? 'Their sessions end at once. What they did stays in the audit.'
          : 'Vigil makes a new one and shows it to you once. Their sessions end at once, and they choose their own at the next sign-in.'}
      </p>
      <div role="alert" className="text-bad">
        {act.isError ? messageOf(act.error) : ''}
      </div>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button look={remove ? 'danger' : 'primary'} disabled={act.isPending} onClick={() => act.mutate()}>
          {remove ? 'Remove user' : 'Make a new password'}
        </Button>
      </div>
    </Dialog>
  );
}

function AddUser({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('analyst');
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () => post<UserCreated>('/users', { name: name.trim(), role }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['users'] }),
  });
  if (add.data !== undefined)
    return (
      <ShownOnce
        title={`First password of ${safe(add.data.user.name)}`}
        text={add.data.password}
        onClose={onClose}
      />
    );
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
          <select className="field" value={role} onChange={(e) => setRole(roleOf(e.target.value))}>
            {ROLES.map(([r, word, about]) => (
              <option key={r} value={r}>
                {word}: {about}
              </option>
            ))}
          </select>
        </Labelled>
        <p className="text-sm text-faint">
          Vigil makes a first password and shows it once; they choose their own when they first sign in.
        </p>
        <div role="alert" className="text-bad">
          {add.isError ? messageOf(add.error) : ''}
        </div>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={add.isPending} data-testid="user-submit">
            Add user
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
