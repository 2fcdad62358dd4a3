/** A secret that the server keeps only as a fingerprint: copy it now or make a new one. */
import { Copy } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';

export function ShownOnce({ title, text, onClose }: { title: string; text: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="mb-2 text-muted">Shown this once: Vigil keeps only a fingerprint of it. Copy it now.</p>
      <pre
        className="rounded-[5px] border border-line bg-bg p-2.5 font-mono break-all whitespace-pre-wrap select-all"
        data-testid="secret"
      >
        {text}
      </pre>
      <div className="mt-3 flex justify-end gap-2">
        <Button
          icon={<Copy size={13} />}
          onClick={() => {
            void navigator.clipboard?.writeText(text).then(() => setCopied(true));
          }}
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}
