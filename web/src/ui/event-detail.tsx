/** One stored event in full: fields, JSON, raw bytes, and where it came from. */
import { Copy } from 'lucide-react';
import { useState } from 'react';
import type { EventDetail as Detail } from '../../../src/api/contract.ts';
import { useZone } from '../data/prefs.ts';
import { useEvent } from '../data/queries.ts';
import { hexDump } from '../lib/bytes.ts';
import { exactTime } from '../lib/time-format.ts';
import { Button } from './button.tsx';
import { FieldsTable } from './fields-table.tsx';
import { safeLines } from './safe-text.tsx';
import { Failed, Loading } from './states.tsx';
import { Tabs } from './tabs.tsx';

type Tab = 'fields' | 'json' | 'raw';

export function EventDetail({
  tenant,
  id,
  tab,
  onTab,
}: {
  tenant: string;
  id: string;
  tab: string;
  onTab: (t: Tab) => void;
}) {
  const q = useEvent(tenant, id);
  if (q.isPending) return <Loading lines={6} />;
  if (q.isError)
    return <Failed what="The event could not be read." error={q.error} retry={() => void q.refetch()} />;
  const now: Tab = tab === 'json' || tab === 'raw' ? tab : 'fields';
  return (
    <div data-testid="event-detail">
      <Tabs
        label="Event"
        value={now}
        onPick={onTab}
        tabs={[
          { id: 'fields', text: 'Fields' },
          { id: 'json', text: 'JSON' },
          { id: 'raw', text: 'Raw' },
        ]}
      />
      <div className="px-3 py-2">
        {now === 'fields' && (
          <div data-testid="event-fields">
            <FieldsTable fields={q.data.fields} />
          </div>
        )}
        {now === 'json' && <Json event={q.data} />}
        {now === 'raw' && <Raw event={q.data} />}
      </div>
      <Provenance event={q.data} />
    </div>
  );
}

const block =
  'max-h-[420px] overflow-auto rounded-[5px] border border-line bg-bg p-2.5 font-mono text-sm whitespace-pre-wrap break-all';

/** Built as text entry by entry: a field named `__proto__` stays what it is. */
function jsonText(fields: Detail['fields']): string {
  const lines = [...fields]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([k, v]) => `  ${JSON.stringify(k)}: ${JSON.stringify(v)}`);
  return `{\n${lines.join(',\n')}\n}`;
}

function CopyButton({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  return (
    <Button
      look="quiet"
      icon={<Copy size={13} />}
      onClick={() => {
        void navigator.clipboard?.writeText(text).then(() => setDone(true));
      }}
    >
      {done ? 'Copied' : 'Copy'}
    </Button>
  );
}

function Json({ event }: { event: Detail }) {
  const text = jsonText(event.fields);
  return (
    <>
      <pre className={block}>{safeLines(text)}</pre>
      <CopyButton text={text} />
    </>
  );
}

function Raw({ event }: { event: Detail }) {
  const [hex, setHex] = useState(false);
  return (
    <>
      <pre data-testid="event-raw" className={block}>
        {hex ? hexDump(event.rawBase64) : safeLines(event.raw)}
      </pre>
      <div className="flex items-center gap-2">
        <CopyButton text={event.raw} />
        <Button look="quiet" onClick={() => setHex(!hex)}>
          {hex ? 'Show as text' : 'Show exact bytes'}
        </Button>
        {!hex && event.raw.includes('\ufffd') && (
          <span className="text-sm text-warn">Some bytes are not valid UTF-8; “exact bytes” shows them.</span>
        )}
      </div>
    </>
  );
}

function Provenance({ event }: { event: Detail }) {
  const zone = useZone();
  const p = event.provenance;
  const parts: readonly (readonly [string, string])[] = [
    ['received', exactTime(event.ingested, zone)],
    ['by', p.door],
    ['from', p.sender],
    ['token', p.token],
    ['log type', p.source],
    ['read by', p.parser],
    ['result', p.status],
    ['origin', p.origin],
    ['kept as', p.retention],
    ['event', event.id],
    ['check', event.leaf.slice(0, 16)],
  ];
  return (
    <div className="flex flex-wrap gap-x-4 gap-y-0.5 border-t border-line px-3 py-1.5 text-xs text-faint">
      {parts
        .filter(([, v]) => v !== '')
        .map(([k, v]) => (
          <span key={k}>
            {k} <span className="font-mono text-muted">{safeLines(v)}</span>
          </span>
        ))}
    </div>
  );
}
