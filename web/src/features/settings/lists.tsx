/** Named lists that rules and searches refer to: one value a line. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ListPlus } from 'lucide-react';
import { useState } from 'react';
import type { ListInfo } from '../../../../src/api/contract.ts';
import { get, messageOf, put } from '../../data/client.ts';
import { countText } from '../../lib/format.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { Empty, Failed, Loading, Panel } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';

const KINDS: readonly (readonly [ListInfo['kind'], string])[] = [
  ['text', 'Words, compared whatever their case'],
  ['domain', 'Domains, with their subdomains'],
  ['cidr', 'Networks, such as 10.0.0.0/8'],
  ['issuer', 'Certificate authorities, by name, distinguished name or key id'],
];
const NEW: ListInfo = { name: '', kind: 'text', values: [], updatedAt: 0, updatedBy: '' };

export function Lists() {
  const [editing, setEditing] = useState<ListInfo | null>(null);
  const q = useQuery({ queryKey: ['lists'], queryFn: ({ signal }) => get<ListInfo[]>('/lists', {}, signal) });
  return (
    <Panel
      title="Lists"
      aside={
        <Button icon={<ListPlus size={13} />} onClick={() => setEditing(NEW)}>
          New list
        </Button>
      }
    >
      {q.isPending ? (
        <Loading />
      ) : q.isError ? (
        <Failed what="The lists could not be read." error={q.error} retry={() => void q.refetch()} />
      ) : q.data.length === 0 ? (
        <Empty title="No lists">
          Rules and searches refer to lists by name, such as networks of your own or approved certificate
          authorities.
        </Empty>
      ) : (
        <table className="grid-table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Holds</th>
              <th className="num">Values</th>
              <th>Changed</th>
              <th>By</th>
            </tr>
          </thead>
          <tbody>
            {q.data.map((l) => (
              <tr key={l.name} className="hover:bg-hover">
                <td>
                  <button
                    type="button"
                    className="font-mono text-accent hover:underline"
                    onClick={() => setEditing(l)}
                  >
                    {safe(l.name)}
                  </button>
                </td>
                <td className="text-muted">{KINDS.find(([k]) => k === l.kind)?.[1] ?? l.kind}</td>
                <td className="num">{countText(l.values.length)}</td>
                <td className="text-muted">
                  <Time us={l.updatedAt} />
                </td>
                <td className="text-muted">{safe(l.updatedBy)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {editing !== null && <EditList list={editing} onClose={() => setEditing(null)} />}
    </Panel>
  );
}

function EditList({ list, onClose }: { list: ListInfo; onClose: () => void }) {
  const [name, setName] = useState(list.name);
  const [kind, setKind] = useState(list.kind);
  const [text, setText] = useState(list.values.join('\n'));
  const client = useQueryClient();
  const values = text
    .split('\n')
    .map((v) => v.trim())
    .filter((v) => v !== '');
  const save = useMutation({
    mutationFn: () => put(`/lists/${encodeURIComponent(name.trim())}`, { kind, values }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['lists'] });
      onClose();
    },
  });
  return (
    <Dialog title={list.name === '' ? 'New list' : `List ${safe(list.name)}`} onClose={onClose} wide>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          save.mutate();
        }}
      >
        {list.name === '' && (
          <Labelled label="Name" hint="Letters, digits, _ . and -, as rules write it.">
            <input
              className="field font-mono"
              required
              pattern="[A-Za-z0-9_][A-Za-z0-9_.\-]*"
              value={name}
              onChange={(e) => setName(e.target.value)}
            />
          </Labelled>
        )}
        <Labelled label="It holds">
          <select
            className="field"
            value={kind}
            onChange={(e) => setKind(KINDS.find(([k]) => k === e.target.value)?.[0] ?? 'text')}
          >
            {KINDS.map(([k, about]) => (
              <option key={k} value={k}>
                {about}
              </option>
            ))}
          </select>
        </Labelled>
        <Labelled label="Values, one a line">
          <textarea
            className="field font-mono"
            rows={12}
            spellCheck={false}
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
        </Labelled>
        <div role="alert" className="text-bad">
          {save.isError ? messageOf(save.error) : ''}
        </div>
        <div className="flex items-center justify-end gap-2">
          <span className="mr-auto text-sm text-faint">
            {countText(values.length)} values. Rules use them from now on.
          </span>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={save.isPending}>
            Save list
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
