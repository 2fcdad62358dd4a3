/** A modal on the browser's own <dialog>: it traps focus, closes on Esc, and needs no injected style. */
import { X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { IconButton } from './button.tsx';

export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  forced = false,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** Cannot be closed without doing what it asks. */
  forced?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const d = ref.current;
    if (d !== null && !d.open) d.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        if (!forced) onClose();
      }}
      onClose={() => {
        if (!forced) onClose();
      }}
      className={`panel m-auto max-h-[85vh] overflow-auto p-0 text-text shadow-2xl ${wide ? 'w-[min(760px,94vw)]' : 'w-[min(460px,94vw)]'}`}
    >
      <header className="flex items-center justify-between border-b border-line px-4 py-2.5">
        <h2 id={id} className="text-lg font-medium">
          {title}
        </h2>
        {!forced && (
          <IconButton label="Close" onClick={onClose}>
            <X size={16} />
          </IconButton>
        )}
      </header>
      <div className="p-4">{children}</div>
    </dialog>
  );
}

export function Labelled({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="flex flex-col gap-1">
      <span className="text-sm text-muted">{label}</span>
      {children}
      {hint !== undefined && <span className="text-xs text-faint">{hint}</span>}
    </label>
  );
}
