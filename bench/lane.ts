/**
 * The mixed lane of the benchmark: records as a company's devices send them, made of a seed.
 *
 * Composition (share of records; `LANE` is the truth): nginx 15%, apache 4, sshd 6, pam 2, sudo 2, cron 2, systemd 3,
 * netfilter 7, CEF 10, auditd 5, Windows Security 9, Sysmon 10, CloudTrail 9, Vault 4, Zeek conn 5 and ssl 2, ECS 4,
 * other JSON 1: 16 sources. 0.1% (ALERTING_SHARE) are records that a rule which alerts by itself matches; beyond them logins,
 * refused packets and 4xx answers match rules that only feed correlations (`lane-stats.ts` prints both shares).
 *
 * Addresses by Zipf (s = 0.9): 60,000 inside (10.0.0.0/8) and 120,000 outside (198.18.0.0/15, RFC 2544's range for
 * benchmarks). Users by Zipf (s = 0.9): 20,000. Hosts by Zipf (s = 0.8): 800. No line is repeated, none holds a newline.
 *
 * Contract: same options, same bytes. Held by `lane.test.ts`; `lane-stats.ts` prints what a lane holds.
 */
import { draw, type Rng, rngOf, weighted } from '../src/demo/random.ts';
import * as f from './lane-formats.ts';
import { zipf } from './lane-zipf.ts';

export const LANE_SEED = 20260305;
export const INSIDE = 60_000;
export const OUTSIDE = 120_000;
export const USERS = 20_000;
export const HOSTS = 800;
/** Share of records that a rule which alerts by itself matches. */
export const ALERTING_SHARE = 0.001;
/** 2026-03-05 09:00 UTC, microseconds. */
export const LANE_FROM_US = Date.UTC(2026, 2, 5, 9) * 1000;

const LANE: readonly (readonly [number, f.LaneFormat])[] = [
  [15, f.nginx],
  [4, f.apache],
  [6, f.sshd],
  [2, f.pam],
  [2, f.sudo],
  [2, f.cron],
  [3, f.systemd],
  [7, f.netfilter],
  [10, f.cef],
  [5, f.auditd],
  [9, f.windows],
  [10, f.sysmon],
  [9, f.cloudtrail],
  [4, f.vault],
  [5, f.zeekFlow],
  [2, f.zeekTls],
  [4, f.ecs],
  [1, f.plainJson],
];

export type LaneOptions = {
  readonly seed: number;
  readonly count: number;
  /** Time of the first record, microseconds; default LANE_FROM_US. Near the receive time, so that stamps are believed. */
  readonly fromUs?: number;
  /** Records a second by their own stamps, at most 64,000; default 5,000. */
  readonly perSecond?: number;
  /** Default ALERTING_SHARE. */
  readonly alertingShare?: number;
};

/** The records, one after another. */
export function* laneLines(o: LaneOptions): Generator<string, void, undefined> {
  const rng = rngOf(o.seed);
  const formats = weighted(LANE);
  const d = drawsOf(rng);
  const stepUs = 1e6 / (o.perSecond ?? 5000);
  const fromUs = o.fromUs ?? LANE_FROM_US;
  const alertingShare = o.alertingShare ?? ALERTING_SHARE;
  for (let n = 0; n < o.count; n++) {
    d.n = n;
    d.at = Math.floor(fromUs + n * stepUs);
    const format =
      rng() < alertingShare ? f.ALERTING[Math.floor(rng() * f.ALERTING.length)]! : draw(rng, formats);
    yield format(d);
  }
}

export type Lane = {
  readonly records: readonly Buffer[];
  /** Of all records together. */
  readonly bytes: number;
};

/** All records at once, UTF-8: about half a kilobyte of memory each. For more than a million use `laneLines`. */
export function makeLane(seed: number, count: number, more: Omit<LaneOptions, 'seed' | 'count'> = {}): Lane {
  const records: Buffer[] = [];
  let bytes = 0;
  for (const line of laneLines({ seed, count, ...more })) {
    const b = Buffer.from(line);
    bytes += b.length;
    records.push(b);
  }
  return { records, bytes };
}

/** RFC 6587 octet counting. The first record of a connection must begin with `<PRI>`: see `firstSyslog`. */
export const octetFrame = (record: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${record.length} `), record]);

/** Index of the first record that begins with `<`: a TCP stream starts with it. */
export const firstSyslog = (lane: Lane): number => lane.records.findIndex((r) => r[0] === 0x3c);

const FIRST = ['anna', 'olav', 'jonas', 'priya', 'tove', 'mikkel', 'sara', 'lukas', 'emil', 'nadia'];
const LAST = ['berg', 'moen', 'keller', 'nair', 'lunde', 'dahl', 'holm', 'brandt', 'strand', 'vogt'];

function drawsOf(rng: Rng): f.Draws {
  const inside = zipf(INSIDE, 0.9);
  const outside = zipf(OUTSIDE, 0.9);
  const user = zipf(USERS, 0.9);
  const host = zipf(HOSTS, 0.8);
  return {
    rng,
    n: 0,
    at: 0,
    // Odd multipliers permute the range, so that frequent addresses are no neighbours.
    inside: () => {
      const a = (inside(rng) * 4_056_893 + 66_051) % 16_777_216;
      return `10.${a >> 16}.${(a >> 8) & 255}.${a & 255}`;
    },
    outside: () => {
      const a = (outside(rng) * 40_503 + 257) % 131_072;
      return `198.${18 + (a >> 16)}.${(a >> 8) & 255}.${a & 255}`;
    },
    user: () => {
      const k = user(rng);
      return `${FIRST[k % 10]}.${LAST[Math.floor(k / 10) % 10]}${k < 100 ? '' : Math.floor(k / 100)}`;
    },
    host: () => `srv${String(host(rng) + 1).padStart(3, '0')}`,
  };
}
