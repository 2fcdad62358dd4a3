/** Sign in. A link may carry where to go afterwards, only ever within the console. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { LoginRequest, Me } from '../../../../src/api/contract.ts';
import { messageOf, post } from '../../data/client.ts';
import { usePublicStatus } from '../../data/session.tsx';
import { safeNext } from '../../lib/url-state.ts';
import { Button } from '../../ui/button.tsx';
import { Labelled } from '../../ui/dialog.tsx';

/** The page has one purpose: typing can begin at once. */
const focusFirst = (input: HTMLInputElement | null): void => {
  input?.focus();
};

export function LoginPage() {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const next = useSearch({ strict: false, select: (s) => s.next });
  const changed = useSearch({ strict: false, select: (s) => s.tab === 'changed' });
  const router = useRouter();
  const client = useQueryClient();
  const status = usePublicStatus();
  const login = useMutation({
    mutationFn: (body: LoginRequest) => post<Me>('/session', body),
    onSuccess: (me) => {
      client.setQueryData(['me'], me);
      router.history.push(safeNext(next));
    },
    onError: () => setPassword(''),
  });
  return (
    <main className="flex h-full flex-col items-center justify-center gap-4 p-4">
      <div className="flex items-center gap-3 text-xl font-semibold tracking-tight">
        <img src="/favicon.svg" alt="" width={30} height={30} />
        Vigil
      </div>
      <form
        aria-label="Sign in"
        className="panel flex w-[330px] flex-col gap-3.5 p-5"
        onSubmit={(e) => {
          e.preventDefault();
          login.mutate({ user, password });
        }}
      >
        {changed && !login.isError && (
          <p className="text-ok">The password is changed. Sign in with the new one.</p>
        )}
        <Labelled label="User">
          <input
            ref={focusFirst}
            className="field h-8"
            autoComplete="username"
            required
            value={user}
            onChange={(e) => setUser(e.target.value)}
            data-testid="login-user"
          />
        </Labelled>
        <Labelled label="Password">
          <input
            className="field h-8"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(e) => setPassword(e.target.value)}
            data-testid="login-password"
          />
        </Labelled>
        {login.isError && (
          <div role="alert" className="text-bad" data-testid="login-error">
            {messageOf(login.error)}
          </div>
        )}
        <Button
          type="submit"
          look="primary"
          className="h-8"
          disabled={login.isPending}
          data-testid="login-submit"
        >
          {login.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <div className="max-w-[330px] text-center text-sm text-faint">
        {status.isError ? messageOf(status.error) : 'The first password was printed when Vigil started.'}
        {status.data?.demo === true && <div>This installation runs the demo company.</div>}
        {status.data !== undefined && <div>Version {status.data.version}</div>}
      </div>
    </main>
  );
}
