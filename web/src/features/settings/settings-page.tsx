/** What an administrator sets: users, tokens, lists; and what was done (audit) and runs (system). */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMe } from '../../data/session.tsx';
import { PageHead } from '../../ui/page-head.tsx';
import { Empty, Panel } from '../../ui/states.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { Audit } from './audit.tsx';
import { Lists } from './lists.tsx';
import { System } from './system.tsx';
import { Tokens } from './tokens.tsx';
import { Users } from './users.tsx';

const TABS = [
  { id: 'users', text: 'Users' },
  { id: 'tokens', text: 'Tokens' },
  { id: 'lists', text: 'Lists' },
  { id: 'audit', text: 'Audit' },
  { id: 'system', text: 'System' },
] as const;

export function SettingsPage() {
  const me = useMe();
  const raw = useSearch({ strict: false, select: (s) => s.tab });
  const navigate = useNavigate();
  const tab = TABS.find((t) => t.id === raw)?.id ?? 'users';
  if (me.role !== 'admin')
    return (
      <div className="p-4">
        <Panel>
          <Empty title="Settings are for administrators">
            Ask an administrator of this installation. Your own password is changed in the menu at the top
            right.
          </Empty>
        </Panel>
      </div>
    );
  return (
    <div className="flex flex-col gap-3 p-4">
      <PageHead title="Settings" />
      <Tabs
        label="Settings"
        tabs={TABS}
        value={tab}
        onPick={(t) =>
          void navigate({ to: '.', search: (old) => ({ ...old, tab: t === 'users' ? undefined : t }) })
        }
      />
      {tab === 'users' && <Users />}
      {tab === 'tokens' && <Tokens />}
      {tab === 'lists' && <Lists />}
      {tab === 'audit' && <Audit />}
      {tab === 'system' && <System />}
    </div>
  );
}
