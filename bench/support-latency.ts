/**
 * Wire to alert: groups of 11 failed logins, each from an address of its own, sent over syslog TCP amid load; timed from
 * the moment the last byte was handed to the kernel until the live stream brings the alert, then from a success of the
 * same address until the raised alert is there. A fresh installation for each round, because a rule opens at most
 * RULE_NEW_MAX alerts in ten minutes and a tenant TENANT_NEW_MAX (src/alert/storm.ts); for the same reason the lane's own
 * alerting records are left out here.
 */
import { once } from 'node:events';
import { RULE_NEW_MAX } from '../src/alert/storm.ts';
import type { LiveMessage } from '../src/api/contract.ts';
import { sleep, startVigil } from '../test/support/vigil.ts';
import { listen, Load } from './support-run.ts';

export type Latency = {
  readonly rate: number;
  readonly rounds: number;
  readonly groups: number;
  /** Opened within MISSING_MS. */
  readonly opened: number;
  readonly openedP50Ms: number;
  readonly openedP99Ms: number;
  readonly openedMaxMs: number;
  readonly raised: number;
  readonly raisedP50Ms: number;
  readonly raisedP99Ms: number;
  readonly raisedMaxMs: number;
};

const WARM_MS = 12_000;
const BETWEEN_MS = 900;
const MISSING_MS = 15_000;
const FAILURES = 11;

/** `seed`: of the load's lane. */
export async function measureLatency(o: { rate: number; rounds: number; seed: number }): Promise<Latency> {
  const opened: number[] = [];
  const raised: number[] = [];
  let groups = 0;
  for (let round = 0; round < o.rounds; round++) {
    const r = await oneRound(o.rate, o.seed + round, round);
    groups += r.groups;
    opened.push(...r.opened);
    raised.push(...r.raised);
  }
  const q = (list: number[], p: number): number =>
    list.sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))] ?? Number.NaN;
  return {
    rate: o.rate,
    rounds: o.rounds,
    groups,
    opened: opened.length,
    openedP50Ms: q(opened, 0.5),
    openedP99Ms: q(opened, 0.99),
    openedMaxMs: q(opened, 1),
    raised: raised.length,
    raisedP50Ms: q(raised, 0.5),
    raisedP99Ms: q(raised, 0.99),
    raisedMaxMs: q(raised, 1),
  };
}

async function oneRound(
  rate: number,
  seed: number,
  round: number,
): Promise<{ groups: number; opened: number[]; raised: number[] }> {
  await using v = await startVigil();
  const stop = new AbortController();
  const waiting = new Map<string, (kind: string) => void>();
  const hear = (m: LiveMessage): void => {
    if (m.kind !== 'alert') return;
    for (const k of m.alert.key) waiting.get(k)?.(m.change);
  };
  await listen(v, await v.token('read'), stop.signal, hear);
  const load = new Load({
    syslogPort: v.syslogPort,
    url: v.url,
    token: await v.token('ingest'),
    door: 'both',
    seed,
    perSecond: rate,
    alertingShare: 0,
  });
  const socket = await v.connectSyslog();
  const opened: number[] = [];
  const raised: number[] = [];
  try {
    const seconds = (WARM_MS + RULE_NEW_MAX * (BETWEEN_MS + 1500)) / 1000;
    const loading = load.run(seconds, rate);
    await sleep(WARM_MS);
    for (let g = 0; g < RULE_NEW_MAX; g++) {
      const ip = `203.0.113.${round * 25 + g + 1}`;
      const send = async (lines: readonly string[], kind: string): Promise<number | undefined> => {
        const seen = new Promise<number>((done) => {
          waiting.set(`source.ip=${ip}`, (change) => {
            if (change === kind) done(performance.now());
          });
        });
        socket.write(lines.map((l) => `${l}\n`).join(''));
        if (socket.writableLength > 0) await once(socket, 'drain');
        const from = performance.now();
        const at = await Promise.race([seen, sleep(MISSING_MS)]);
        waiting.delete(`source.ip=${ip}`);
        return at === undefined ? undefined : at - from;
      };
      const failures = Array.from({ length: FAILURES }, (_, i) => line(g, i, 'Failed', ip));
      const a = await send(failures, 'opened');
      if (a !== undefined) opened.push(a);
      // Not on a fixed beat: no timer of Vigil's is met in step.
      await sleep(BETWEEN_MS * Math.random());
      if (a !== undefined) {
        const b = await send([line(g, FAILURES, 'Accepted', ip)], 'escalated');
        if (b !== undefined) raised.push(b);
      }
      await sleep(BETWEEN_MS * Math.random());
    }
    await loading;
  } finally {
    stop.abort();
    load.end();
    socket.destroy();
  }
  return { groups: RULE_NEW_MAX, opened, raised };
}

/** RFC 5424, sshd. Each attempt has its own process and port. */
function line(group: number, i: number, verb: string, ip: string): string {
  const id = 10_000 + group * 20 + i;
  return `<38>1 ${new Date().toISOString()} bastion01 sshd ${id} - - ${verb} password for admin from ${ip} port ${id + 30_000} ssh2`;
}
