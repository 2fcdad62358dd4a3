/**
 * The demo at work: live traffic sent through the real listeners, syslog over TCP (RFC 6587 octet counting) and NDJSON
 * over HTTP with a bearer token, as the company's devices would. Reconnects for ever; what is older than STALE_US when
 * a listener comes back is skipped and counted. Held by `run.int.test.ts`.
 */
import type { Log } from '../base/log.ts';
import { sleep } from '../collect/door.ts';
import { type HttpTarget, HttpSender } from './send-http.ts';
import { SyslogSender, type SyslogTarget } from './send-syslog.ts';
import { live } from './traffic.ts';

/** Records a second. */
export const DEMO_RATE = 20;
export const DEMO_RATE_MAX = 100_000;
const TICK_MS = 200;
/** A device keeps this much while its listener is away, microseconds. */
export const STALE_US = 30e6;

export type DemoOptions = {
  readonly syslogTcp: SyslogTarget;
  readonly http: HttpTarget;
  /** Records a second, default DEMO_RATE. */
  readonly rate?: number;
  /** Default: of the time of the start, so that no two demos are the same. */
  readonly seed?: number;
  readonly signal: AbortSignal;
  /** The clock, microseconds. */
  readonly nowUs: () => number;
  readonly log: Log;
};
export type DemoStats = {
  readonly syslog: number;
  readonly http: number;
  /** Too old when their listener came back, or refused by it. */
  readonly skipped: number;
};
export type Demo = {
  readonly stats: () => DemoStats;
  /** Resolves after `signal` is aborted and the connections are closed. Never rejects. */
  readonly done: Promise<void>;
};

/** Starts sending. The first attack is under way within seconds, then one every few minutes. */
export function startDemo(o: DemoOptions): Demo {
  const syslog = new SyslogSender(o.syslogTcp, o.log);
  const http = new HttpSender(o.http, o.log);
  const skipped = { count: 0 };
  return {
    stats: () => ({ syslog: syslog.sent, http: http.sent, skipped: skipped.count + http.refused }),
    done: send(o, syslog, http, skipped),
  };
}

async function send(
  o: DemoOptions,
  syslog: SyslogSender,
  http: HttpSender,
  skipped: { count: number },
): Promise<void> {
  const rate = Math.min(Math.max(o.rate ?? DEMO_RATE, 0.1), DEMO_RATE_MAX);
  const items = live({ seed: o.seed ?? Math.floor(o.nowUs() / 1e6), fromUs: o.nowUs(), ratePerSecond: rate });
  let next = items.next().value;
  while (!o.signal.aborted) {
    const now = o.nowUs();
    const lines: string[] = [];
    const documents: string[] = [];
    for (; next.atUs <= now; next = items.next().value) {
      if (next.atUs < now - STALE_US) skipped.count++;
      else (next.door === 'syslog' ? lines : documents).push(next.raw);
    }
    await Promise.all([syslog.send(lines, o.signal), http.send(documents, o.signal)]);
    await sleep(TICK_MS, o.signal);
  }
  syslog.close();
  http.close();
}
