/** The alert's life, and notes. */
import { useState } from 'react';
import type { Alert, AlertStep } from '../../../../src/model/alert.ts';
import { messageOf } from '../../data/client.ts';
import { useMe } from '../../data/session.tsx';
import { Button } from '../../ui/button.tsx';
import { safeLines } from '../../ui/safe-text.tsx';
import { Panel } from '../../ui/states.tsx';
import { Time } from '../../ui/time.tsx';
import { useChangeAlert } from './data.ts';

const NOTE_CHARS_MAX = 4000;
const DOT: Readonly<Record<AlertStep['kind'], string>> = {
  opened: 'bg-accent',
  escalated: 'bg-critical',
  status: 'bg-ok',
  note: 'bg-faint',
};

export function Steps({ alert }: { alert: Alert }) {
  const [text, setText] = useState('');
  const change = useChangeAlert();
  const canAct = useMe().role !== 'viewer';
  return (
    <Panel title="History and notes">
      <ol className="flex flex-col gap-2.5 p-3" data-testid="alert-steps">
        {alert.steps.map((s, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever appended
          <li key={i} className="flex gap-2.5">
            <span aria-hidden="true" className={`mt-1.5 size-2 shrink-0 rounded-full ${DOT[s.kind]}`} />
            <div className="min-w-0">
              <div className="break-words whitespace-pre-line">{safeLines(s.text)}</div>
              <div className="text-sm text-faint">
                <Time us={s.at} /> · {safeLines(s.by)}
              </div>
            </div>
          </li>
        ))}
      </ol>
      {canAct && (
        <form
          className="flex flex-col gap-2 border-t border-line p-3"
          onSubmit={(e) => {
            e.preventDefault();
            if (text.trim() !== '')
              change.mutate(
                { kind: 'note', id: alert.id, text: text.trim() },
                { onSuccess: () => setText('') },
              );
          }}
        >
          <textarea
            className="field"
            rows={2}
            maxLength={NOTE_CHARS_MAX}
            aria-label="Note"
            placeholder="Write a note"
            value={text}
            onChange={(e) => setText(e.target.value)}
            data-testid="note-text"
          />
          <div className="flex items-center justify-between">
            <span role="alert" className="text-bad">
              {change.isError ? messageOf(change.error) : ''}
            </span>
            <Button type="submit" disabled={text.trim() === '' || change.isPending} data-testid="note-submit">
              Add note
            </Button>
          </div>
        </form>
      )}
    </Panel>
  );
}
