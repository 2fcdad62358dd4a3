/** The frame of every signed-in page: navigation, tenant, live mark, theme, person, keys. */
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import type { Me } from '../../../src/api/contract.ts';
import { LiveProvider } from '../data/live.tsx';
import { MeContext, useMeQuery, useTenant } from '../data/session.tsx';
import { useHotkeys } from '../ui/hotkeys.ts';
import { MenuProvider } from '../ui/menu.tsx';
import { Failed, Loading } from '../ui/states.tsx';
import { Header } from './header.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { Nav } from './nav.tsx';
import { PasswordDialog } from './password-dialog.tsx';

export function Shell() {
  const me = useMeQuery();
  if (me.isPending)
    return (
      <div className="mx-auto max-w-xl pt-24">
        <Loading label="Signing in" />
      </div>
    );
  if (me.isError)
    return (
      <div className="mx-auto max-w-xl pt-24">
        <Failed what="The console could not start." error={me.error} retry={() => void me.refetch()} />
      </div>
    );
  // Until then the server answers nothing else.
  if (me.data.mustChangePassword) return <PasswordDialog forced onClose={() => undefined} />;
  return (
    <MeContext value={me.data}>
      <Frame me={me.data} />
    </MeContext>
  );
}

function Frame({ me }: { me: Me }) {
  const tenant = useTenant();
  const navigate = useNavigate();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const [help, setHelp] = useState(false);
  const [password, setPassword] = useState(false);

  useHotkeys({
    '/': () => {
      if (path === '/search') document.querySelector<HTMLElement>('[data-testid=search-bar]')?.focus();
      else
        void navigate({
          to: '/search',
          search: (old) => ({ tenant: old.tenant, from: old.from, to: old.to }),
        });
    },
    'g o': () => void navigate({ to: '/', search: {} }),
    'g s': () => void navigate({ to: '/search', search: {} }),
    'g a': () => void navigate({ to: '/alerts', search: {} }),
    'g n': () => void navigate({ to: '/senders', search: {} }),
    'g r': () => void navigate({ to: '/rules', search: {} }),
    'g t': () => void navigate({ to: '/settings', search: {} }),
    '?': () => setHelp(true),
  });

  return (
    <LiveProvider tenant={tenant}>
      <MenuProvider>
        <a
          href="#main"
          className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-panel focus:p-2"
        >
          Skip to content
        </a>
        <div className="grid h-full grid-cols-[168px_1fr] grid-rows-[44px_1fr]">
          <Nav me={me} tenant={tenant} />
          <Header me={me} tenant={tenant} onHelp={() => setHelp(true)} onPassword={() => setPassword(true)} />
          <main id="main" tabIndex={-1} className="min-h-0 overflow-auto outline-none">
            <Outlet />
          </main>
        </div>
        {help && <HelpDialog onClose={() => setHelp(false)} />}
        {password && <PasswordDialog forced={false} onClose={() => setPassword(false)} />}
      </MenuProvider>
    </LiveProvider>
  );
}
