import { useState } from 'react';
import type { Alert } from '../../../../src/model/alert.ts';
import { messageOf } from '../../data/client.ts';
import { CLOSE_REASONS } from '../../lib/severity.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog, Labelled } from '../../ui/dialog.tsx';
import { safe } from '../../ui/safe-text.tsx';
import { useChangeAlert } from './data.ts';

const REASON_CHARS_MAX = 500;

/** Closing asks why: the next person who sees this alert again reads it. */
export function CloseDialog({ alert, onClose }: { alert: Alert; onClose: () => void }) {
  const [reason, setReason] = useState(CLOSE_REASONS[0] ?? '');
  const [more, setMore] = useState('');
  const change = useChangeAlert();
  const text = more.trim() === '' ? reason : `${reason}: ${more.trim()}`;
  return (
    <Dialog title="Close alert" onClose={onClose}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(e) => {
          e.preventDefault();
          change.mutate(
            { kind: 'status', id: alert.id, status: 'closed', reason: text },
            { onSuccess: onClose },
          );
        }}
      >
        <p className="text-muted">{safe(alert.sentence)}</p>
        <fieldset className="flex flex-col gap-1.5">
          <legend className="mb-1 text-sm text-muted">Why</legend>
          {CLOSE_REASONS.map((r) => (
            <label key={r} className="flex items-center gap-2">
              <input
                type="radio"
                name="reason"
                value={r}
                checked={r === reason}
                onChange={() => setReason(r)}
              />
              {r}
            </label>
          ))}
        </fieldset>
        <Labelled label="In a sentence (optional)">
          <textarea
            className="field"
            rows={2}
            maxLength={REASON_CHARS_MAX}
            value={more}
            onChange={(e) => setMore(e.target.value)}
            data-testid="close-reason"
          />
        </Labelled>
        {change.isError && (
          <div role="alert" className="text-bad">
            {messageOf(change.error)}
          </div>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={change.isPending} data-testid="close-submit">
            Close alert
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
