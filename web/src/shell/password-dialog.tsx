import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { messageOf, post } from '../data/client.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, Labelled } from '../ui/dialog.tsx';

/** The server has the last word; this only spares a round trip. */
const PASSWORD_CHARS_MIN = 12;

export function PasswordDialog({ forced, onClose }: { forced: boolean; onClose: () => void }) {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const client = useQueryClient();
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: () => post('/session/password', { current, next }),
    // The server ends every session of the person, this one too.
    onSuccess: async () => {
      client.clear();
      await navigate({ to: '/login', search: { tab: 'changed' } });
    },
  });
  const problem =
    next !== '' && next.length < PASSWORD_CHARS_MIN
      ? `At least ${PASSWORD_CHARS_MIN} characters.`
      : again !== '' && again !== next
        ? 'The two new passwords differ.'
        : '';
  return (
    <Dialog title={forced ? 'Choose your own password' : 'Change password'} onClose={onClose} forced={forced}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          change.mutate();
        }}
      >
        {forced && (
          <p className="text-muted">
            The password you were given works once. Choose one that only you know; then sign in with it.
          </p>
        )}
        <Labelled label="Current password">
          <input
            className="field"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(e) => setCurrent(e.target.value)}
            data-testid="password-current"
          />
        </Labelled>
        <Labelled
          label="New password"
          hint={`At least ${PASSWORD_CHARS_MIN} characters. A few unrelated words do well.`}
        >
          <input
            className="field"
            type="password"
            autoComplete="new-password"
            required
            value={next}
            onChange={(e) => setNext(e.target.value)}
            data-testid="password-next"
          />
        </Labelled>
        <Labelled label="New password again">
          <input
            className="field"
            type="password"
            autoComplete="new-password"
            required
            value={again}
            onChange={(e) => setAgain(e.target.value)}
            data-testid="password-again"
          />
        </Labelled>
        <div role="alert" className="min-h-5 text-bad">
          {problem || (change.isError ? messageOf(change.error) : '')}
        </div>
        <div className="flex justify-end gap-2">
          {!forced && <Button onClick={onClose}>Cancel</Button>}
          <Button
            type="submit"
            look="primary"
            disabled={problem !== '' || next === '' || again === '' || change.isPending}
            data-testid="password-submit"
          >
            Change password
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
