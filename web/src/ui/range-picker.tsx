/** The time range: presets relative to now, two absolute ends, and the zone that times are shown and typed in. */
import { CalendarClock, ChevronDown } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { setZone, useZone } from '../data/prefs.ts';
import type { RangeState } from '../data/range.ts';
import { fieldText, offsetText, timeText } from '../lib/time-format.ts';
import { parseField, PRESETS, relativeLabel } from '../lib/time-range.ts';
import { Button, Segments } from './button.tsx';
import { Labelled } from './dialog.tsx';

export function RangePicker({ state }: { state: RangeState }) {
  const zone = useZone();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const { range, resolved } = state;
  const label =
    relativeLabel(range) ||
    `${timeText(resolved.from, zone)} to ${range.to === 'now' ? 'now' : timeText(resolved.to, zone)}`;

  useEffect(() => {
    if (!open) return;
    const outside = (e: Event): void => {
      if (!box.current?.contains(e.target as Node)) setOpen(false);
    };
    const onKey = (e: KeyboardEvent): void => {
      if (e.key !== 'Escape') return;
      e.stopPropagation();
      setOpen(false);
    };
    addEventListener('pointerdown', outside);
    addEventListener('keydown', onKey, true);
    return () => {
      removeEventListener('pointerdown', outside);
      removeEventListener('keydown', onKey, true);
    };
  }, [open]);

  return (
    <div ref={box} className="relative">
      <Button
        data-testid="range"
        aria-expanded={open}
        aria-haspopup="dialog"
        onClick={() => setOpen(!open)}
        icon={<CalendarClock size={14} className="text-muted" />}
        className="h-8"
      >
        {label}
        <span className="text-xs text-faint">{zone === 'utc' ? 'UTC' : offsetText(resolved.to)}</span>
        <ChevronDown size={13} className="text-muted" />
      </Button>
      {open && (
        <div
          role="dialog"
          aria-label="Time range"
          className="panel absolute top-9 right-0 z-40 grid w-[430px] grid-cols-[150px_1fr] bg-panel shadow-xl"
        >
          <div className="flex flex-col border-r border-line py-1.5">
            {PRESETS.map((from) => (
              <button
                key={from}
                type="button"
                data-testid={`range-${from.slice(1)}`}
                aria-pressed={range.from === from && range.to === 'now'}
                className={`px-3 py-1 text-left -outline-offset-2 hover:bg-hover ${range.from === from && range.to === 'now' ? 'bg-accent-bg' : ''}`}
                onClick={() => {
                  state.setRange({ from, to: 'now' });
                  state.renew();
                  setOpen(false);
                }}
              >
                {relativeLabel({ from, to: 'now' })}
              </button>
            ))}
          </div>
          <Absolute state={state} onDone={() => setOpen(false)} />
        </div>
      )}
    </div>
  );
}

function Absolute({ state, onDone }: { state: RangeState; onDone: () => void }) {
  const zone = useZone();
  const { resolved } = state;
  const [from, setFrom] = useState(fieldText(resolved.from, zone));
  const [to, setTo] = useState(fieldText(resolved.to, zone));
  const a = parseField(from, zone);
  const b = parseField(to, zone);
  const problem =
    a === undefined
      ? 'The start is no time.'
      : b === undefined
        ? 'The end is no time.'
        : a >= b
          ? 'The end must be after the start.'
          : '';
  return (
    <form
      className="flex flex-col gap-2.5 p-3"
      onSubmit={(e) => {
        e.preventDefault();
        if (problem !== '') return;
        state.setRange({ from: String(a), to: String(b) });
        onDone();
      }}
    >
      <Labelled label="From">
        <input
          className="field"
          type="datetime-local"
          step={1}
          value={from}
          onChange={(e) => setFrom(e.target.value)}
        />
      </Labelled>
      <Labelled label="To">
        <input
          className="field"
          type="datetime-local"
          step={1}
          value={to}
          onChange={(e) => setTo(e.target.value)}
        />
      </Labelled>
      <div className="flex items-center justify-between">
        <Segments
          label="Time zone"
          value={zone}
          onPick={(z) => {
            if (a !== undefined) setFrom(fieldText(a, z));
            if (b !== undefined) setTo(fieldText(b, z));
            setZone(z);
          }}
          options={[
            { id: 'utc', text: 'UTC' },
            { id: 'local', text: 'Local' },
          ]}
        />
        <Button type="submit" look="primary" disabled={problem !== ''}>
          Apply
        </Button>
      </div>
      <div className="min-h-4 text-sm text-bad">{problem}</div>
    </form>
  );
}
