/** Syslog envelopes: RFC 3164, RFC 5424, and rsyslog's forward format. All begin with `<PRI>`, as octet counting needs. Held by `../lines.int.test.ts`. */
import { bsdStamp, isoMicro, isoOffset } from './stamps.ts';

export const FACILITY = { kern: 0, user: 1, daemon: 3, auth: 4, cron: 9, authpriv: 10, local7: 23 } as const;
export type Facility = keyof typeof FACILITY;
/** `err` 3, `warning` 4, `notice` 5, `info` 6. */
export type Severity = 3 | 4 | 5 | 6;
export type Style = 'bsd' | '5424' | 'forward';

export type Envelope = {
  readonly at: number;
  readonly host: string;
  readonly program: string;
  /** 0: none. */
  readonly pid: number;
  readonly facility: Facility;
  readonly severity?: Severity;
  readonly style?: Style;
};

/** The message in its envelope, without a line end. */
export function syslog(e: Envelope, message: string): string {
  const pri = FACILITY[e.facility] * 8 + (e.severity ?? 6);
  const tag = e.pid > 0 ? `${e.program}[${e.pid}]` : e.program;
  switch (e.style ?? 'bsd') {
    case '5424':
      return `<${pri}>1 ${isoMicro(e.at)} ${e.host} ${e.program} ${e.pid > 0 ? e.pid : '-'} - - ${message}`;
    case 'forward':
      return `<${pri}>${isoOffset(e.at)} ${e.host} ${tag}: ${message}`;
    case 'bsd':
      return `<${pri}>${bsdStamp(e.at)} ${e.host} ${tag}: ${message}`;
  }
}
