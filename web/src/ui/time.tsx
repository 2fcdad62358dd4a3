import { useZone } from '../data/prefs.ts';
import { agoText, exactTime, timeText } from '../lib/time-format.ts';

/** A time in the chosen zone; the title says every digit. */
export function Time({ us }: { us: number }) {
  const zone = useZone();
  if (us <= 0) return <span className="text-faint">never</span>;
  return (
    <time
      className="whitespace-nowrap"
      dateTime={new Date(us / 1000).toISOString()}
      title={exactTime(us, zone)}
    >
      {timeText(us, zone)}
    </time>
  );
}

export function Ago({ us, now }: { us: number; now: number }) {
  const zone = useZone();
  if (us <= 0) return <span className="text-faint">never</span>;
  return (
    <time
      className="whitespace-nowrap"
      dateTime={new Date(us / 1000).toISOString()}
      title={exactTime(us, zone)}
    >
      {agoText(us, now)}
    </time>
  );
}
