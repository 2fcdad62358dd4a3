/**
 * What activities write through: chance, counters, and a limiter that keeps background noise below what any rule
 * calls an attack, at whatever rate the demo runs. Held by `traffic.test.ts`.
 */
import { between, hex, letters, type Rng, rngOf } from './random.ts';

/** One raw record as its device would send it. */
export type DemoItem = {
  /** Microseconds; the record's own stamp, UTC. */
  readonly atUs: number;
  /** `syslog`: an RFC 6587 frame (an audit event holds newlines). `http`: one line of NDJSON. */
  readonly door: 'syslog' | 'http';
  readonly raw: string;
  /** Name of the source that should recognise it. */
  readonly format: Format;
  /** Name of the staged attack that it belongs to, '' for the ordinary day. */
  readonly scenario: string;
};

/** Formats and the door that each comes by. */
const DOORS = {
  sshd: 'syslog',
  pam: 'syslog',
  sudo: 'syslog',
  su: 'syslog',
  cron: 'syslog',
  systemd: 'syslog',
  'shadow-utils': 'syslog',
  netfilter: 'syslog',
  nginx: 'syslog',
  apache: 'syslog',
  auditd: 'syslog',
  syslog: 'syslog',
  cef: 'syslog',
  windows: 'http',
  cloudtrail: 'http',
  vault: 'http',
  zeek: 'http',
  certstream: 'http',
  'pki-generic': 'http',
  'ecs-json': 'http',
  'generic-json': 'http',
} as const;
export type Format = keyof typeof DOORS;
export const FORMATS = Object.keys(DOORS) as Format[];

/** Keys that the limiter remembers. */
const LIMITED_MAX = 20_000;

export class World {
  readonly rng: Rng;
  /** Start of the activity being played, microseconds. */
  at = 0;
  scenario = '';
  #count = 0;
  #out: DemoItem[] = [];
  readonly #last = new Map<string, number>();

  constructor(seed: number) {
    this.rng = rngOf(seed);
  }

  emit(atUs: number, format: Format, raw: string): void {
    this.#out.push({ atUs: Math.floor(atUs), door: DOORS[format], raw, format, scenario: this.scenario });
  }

  /** What was emitted since the last call. */
  take(): DemoItem[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** True at most once per `everyUs` of the demo's time and key. */
  allow(key: string, everyUs: number): boolean {
    const last = this.#last.get(key);
    if (last !== undefined && Math.abs(this.at - last) < everyUs) return false;
    if (this.#last.size >= LIMITED_MAX) {
      const oldest = this.#last.keys().next().value;
      if (oldest !== undefined) this.#last.delete(oldest);
    }
    this.#last.delete(key);
    this.#last.set(key, this.at);
    return true;
  }

  /** 1, 2, 3, ... */
  serial(): number {
    return ++this.#count;
  }
  pid(): number {
    return between(this.rng, 800, 60_000);
  }
  port(): number {
    return between(this.rng, 32_768, 60_999);
  }
  hex(chars: number): string {
    return hex(this.rng, chars);
  }
  /** Zeek's connection id. */
  uid(): string {
    return `C${letters(this.rng, 17)}`;
  }
  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-a${this.hex(3)}-${this.hex(12)}`;
  }
}
