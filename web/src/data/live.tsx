/**
 * The live stream: one EventSource for the whole console. It reconnects by itself, and where the browser gives up
 * (an error answer) after a growing pause. `state` is honest: `live` needs a message within the last STALE_MS.
 */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import type { LiveMessage } from '../../../src/api/contract.ts';
import { pathWith } from './client.ts';

/** The server sends a rate each second; after this long without one the figures on the page are old. Milliseconds. */
const STALE_MS = 5000;
/** First and longest pause before a new connection, milliseconds. */
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 30_000;
/** Seconds of rate kept for the small curve. */
const RATES_MAX = 120;
/** Alert changes may come in bursts: queries refresh at most this often, milliseconds. */
const REFRESH_MS = 1000;

export type Rate = Extract<LiveMessage, { kind: 'rate' }>;
export type LiveState = 'connecting' | 'live' | 'lost';
export type Live = {
  readonly state: LiveState;
  readonly rates: readonly Rate[];
  /** Ids of alerts that changed since the page was opened, with the time of the change (milliseconds). */
  readonly changed: ReadonlyMap<string, number>;
  /** Milliseconds since 1970 of the last message, 0 before the first. */
  readonly lastAt: number;
};

const CHANGED_MAX = 500;
const Context = createContext<Live>({ state: 'connecting', rates: [], changed: new Map(), lastAt: 0 });
export const useLive = (): Live => useContext(Context);

function readMessage(data: unknown): LiveMessage | undefined {
  try {
    const m = JSON.parse(String(data)) as LiveMessage;
    return m.kind === 'rate' || m.kind === 'alert' ? m : undefined;
  } catch {
    return undefined; // Not ours (a proxy's page, a cut line): the next message counts.
  }
}

export function LiveProvider({ tenant, children }: { tenant: string; children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const [rates, setRates] = useState<readonly Rate[]>([]);
  const [changed, setChanged] = useState<ReadonlyMap<string, number>>(new Map());
  const last = useRef(0);
  const [lastAt, setLastAt] = useState(0);

  useEffect(() => {
    let source: EventSource | undefined;
    let pause = RETRY_MS_MIN;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let refresh: ReturnType<typeof setTimeout> | undefined;
    let refreshedAt = 0;

    const onMessage = (e: Event): void => {
      if (!(e instanceof MessageEvent)) return;
      const m = readMessage(e.data);
      if (m === undefined) return;
      last.current = Date.now();
      pause = RETRY_MS_MIN;
      setState('live');
      if (m.kind === 'rate') {
        setLastAt(last.current);
        setRates((old) => [...old.slice(1 - RATES_MAX), m]);
        return;
      }
      if (m.alert.tenant !== tenant) return;
      setChanged((old) => new Map([...[...old].slice(1 - CHANGED_MAX), [m.alert.id, Date.now()] as const]));
      // At once after a quiet second, else when the second is over.
      const wait = Math.max(0, REFRESH_MS - (Date.now() - refreshedAt));
      refresh ??= setTimeout(() => {
        refresh = undefined;
        refreshedAt = Date.now();
        void client.invalidateQueries({ queryKey: ['alerts'] });
        void client.invalidateQueries({ queryKey: ['alert', m.alert.id] });
        void client.invalidateQueries({ queryKey: ['overview'] });
      }, wait);
    };
    const connect = (): void => {
      source = new EventSource(pathWith('/live', { tenant }));
      // The server names its events after their kind; a plain message is read as well.
      for (const kind of ['rate', 'alert', 'message']) source.addEventListener(kind, onMessage);
      source.onopen = () => {
        last.current = Date.now();
        setState('live');
      };
      source.onerror = () => {
        setState('lost');
        if (source?.readyState !== EventSource.CLOSED) return;
        // Refused, perhaps because the session ended: asking who one is leads to the login then.
        void client.invalidateQueries({ queryKey: ['me'] });
        retry = setTimeout(connect, pause);
        pause = Math.min(RETRY_MS_MAX, pause * 2);
      };
    };
    connect();
    const watch = setInterval(() => {
      if (last.current > 0 && Date.now() - last.current > STALE_MS) setState('lost');
    }, 1000);
    return () => {
      source?.close();
      clearTimeout(retry);
      clearTimeout(refresh);
      clearInterval(watch);
    };
  }, [tenant, client]);

  const value = useMemo(() => ({ state, rates, changed, lastAt }), [state, rates, changed, lastAt]);
  return <Context value={value}>{children}</Context>;
}
