/** The present time for ages on the page, in microseconds, moving every few seconds. */
import { useEffect, useState } from 'react';

export function useNow(everyMs = 5000): number {
  const [now, setNow] = useState(() => Date.now() * 1000);
  useEffect(() => {
    const t = setInterval(() => setNow(Date.now() * 1000), everyMs);
    return () => clearInterval(t);
  }, [everyMs]);
  return now;
}
