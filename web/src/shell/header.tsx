import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { CircleHelp, KeyRound, LogOut, Moon, Search, Sun, UserRound } from 'lucide-react';
import type { Me } from '../../../src/api/contract.ts';
import { del } from '../data/client.ts';
import { setTheme, useTheme } from '../data/prefs.ts';
import { IconButton } from '../ui/button.tsx';
import { useMenu } from '../ui/menu.tsx';
import { safe } from '../ui/safe-text.tsx';

type Props = { me: Me; tenant: string; onHelp: () => void; onPassword: () => void };

export function Header({ me, tenant, onHelp, onPassword }: Props) {
  const theme = useTheme();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const navigate = useNavigate();
  const menu = useMenu();
  const client = useQueryClient();

  const signOut = async (): Promise<void> => {
    await del('/session').catch(() => undefined);
    client.clear();
    await navigate({ to: '/login', search: {} });
  };

  return (
    <header className="flex items-center gap-2 border-b border-line bg-panel px-3">
      {path !== '/search' && (
        <button
          type="button"
          data-testid="go-search"
          onClick={() => void navigate({ to: '/search', search: {} })}
          className="flex h-7 w-[340px] items-center gap-2 rounded-[5px] border border-line bg-field px-2 text-faint hover:border-line-strong"
        >
          <Search size={14} aria-hidden="true" /> Search events
          <kbd className="ml-auto rounded-[3px] border border-line px-1 text-xs">/</kbd>
        </button>
      )}
      <div className="flex-1" />
      {me.tenants.length > 1 && (
        <select
          data-testid="tenant-switch"
          aria-label="Tenant"
          className="field py-0"
          value={tenant}
          onChange={(e) => {
            // What is selected belongs to the other tenant: only the page and its range stay.
            const page = path.startsWith('/alerts') ? '/alerts' : (path as '/');
            void navigate({
              to: page,
              search: (old) => ({
                tenant: e.target.value,
                q: path === '/search' ? old.q : undefined,
                from: old.from,
                to: old.to,
              }),
            });
          }}
        >
          {me.tenants.map((t) => (
            <option key={t.id} value={t.id}>
              {safe(t.title)}
            </option>
          ))}
        </select>
      )}
      <IconButton
        label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
        data-testid="theme"
        onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}
      >
        {theme === 'dark' ? <Sun size={15} /> : <Moon size={15} />}
      </IconButton>
      <IconButton label="Keys and help (?)" onClick={onHelp}>
        <CircleHelp size={15} />
      </IconButton>
      <button
        type="button"
        data-testid="user-menu"
        aria-haspopup="menu"
        onClick={(e) =>
          menu(e.currentTarget, {
            label: 'Account',
            title: `${safe(me.user)}, ${me.role}`,
            items: [
              { id: 'password', text: 'Change password', icon: <KeyRound size={14} />, run: onPassword },
              { id: 'sign-out', text: 'Sign out', icon: <LogOut size={14} />, run: () => void signOut() },
            ],
          })
        }
        className="flex h-7 items-center gap-1.5 rounded-[5px] px-2 text-muted hover:bg-hover hover:text-text"
      >
        <UserRound size={15} aria-hidden="true" />
        {safe(me.user)}
      </button>
    </header>
  );
}
