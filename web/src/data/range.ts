/**
 * The page's time range from the URL, resolved against the clock once per run: it stays put while one pages or
 * scrolls, and moves on with `renew` (a new search, the refresh button, a live page's tick).
 */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { DEFAULT_RANGE, type Range, type Resolved, isEnd, resolveRange } from '../lib/time-range.ts';

export type RangeState = {
  readonly range: Range;
  readonly resolved: Resolved;
  readonly setRange: (next: Range) => void;
  readonly renew: () => void;
};

export function useRange(): RangeState {
  const navigate = useNavigate();
  const raw = useSearch({ strict: false, select: (s) => `${s.from ?? ''}|${s.to ?? ''}` });
  const [run, setRun] = useState(0);
  const range = useMemo((): Range => {
    const [from = '', to = ''] = raw.split('|');
    return isEnd(from) && isEnd(to) ? { from, to } : DEFAULT_RANGE;
  }, [raw]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `run` stands for the clock
  const resolved = useMemo(() => resolveRange(range, Date.now() * 1000), [range, run]);
  const setRange = useCallback(
    (next: Range) => void navigate({ to: '.', search: (old) => ({ ...old, from: next.from, to: next.to }) }),
    [navigate],
  );
  const renew = useCallback(() => setRun((n) => n + 1), []);
  return { range, resolved, setRange, renew };
}
