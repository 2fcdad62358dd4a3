/**
 * One table for what anybody calls a severity: Sigma's levels, `CRITICAL` to `LOW` of condition rules, words and numbers of
 * vendors -> ours. Rules, third-party alerts and imports all ask here, so that "high" means the same everywhere.
 *
 * Contract: `severityOfWord` and `severityOfNumber` give undefined for what nobody defined; the caller says what then.
 * Held by `severity.test.ts`.
 */
import { SEVERITIES, type Severity } from './alert.ts';

/** Our severity -> the words that mean it, lower case. */
const WORDS: Readonly<Record<Severity, readonly string[]>> = {
  informational: [
    'informational',
    'info',
    'information',
    'notice',
    'debug',
    'verbose',
    'none',
    'benign',
    'p5',
  ],
  low: ['low', 'minor', 'very low', 'p4'],
  medium: ['medium', 'moderate', 'med', 'warning', 'warn', 'average', 'elevated', 'p3'],
  high: ['high', 'major', 'error', 'important', 'p2'],
  critical: [
    'critical',
    'crit',
    'fatal',
    'severe',
    'very high',
    'very-high',
    'emergency',
    'emerg',
    'alert',
    'p1',
  ],
};

const BY_WORD: ReadonlyMap<string, Severity> = new Map(
  SEVERITIES.flatMap((s) => WORDS[s].map((w) => [w, s] as const)),
);

/** Any case, blanks around it and `_` for a blank; undefined for a word that is not in the table. */
export const severityOfWord = (word: string): Severity | undefined =>
  BY_WORD.get(word.trim().toLowerCase().replaceAll('_', ' '));

/** What a rule file may say, for its error message. */
export const SEVERITY_HELP = 'critical, high, medium, low or informational (in any case)';

/**
 * Numeric scales: the least value that means low, medium, high and critical. `falling` scales count down (1 is worst) and
 * give the greatest value of each.
 */
type Scale = {
  readonly falling: boolean;
  readonly low: number;
  readonly medium: number;
  readonly high: number;
  readonly critical: number;
};
const rising = (low: number, medium: number, high: number, critical: number): Scale => ({
  falling: false,
  low,
  medium,
  high,
  critical,
});
const falling = (low: number, medium: number, high: number, critical: number): Scale => ({
  falling: true,
  low,
  medium,
  high,
  critical,
});

export const SEVERITY_SCALES = {
  /** AWS GuardDuty findings: Low 1.0-3.9, Medium 4.0-6.9, High 7.0-8.9, Critical 9.0-10.0. */
  guardduty: rising(1, 4, 7, 9),
  /** ArcSight CEF and CVSS-like 0-10: Low 0-3, Medium 4-6, High 7-8, Very-High 9-10. */
  ten: rising(0, 4, 7, 9),
  /** AWS Security Hub's normalised label and risk scores 0-100: 1-39, 40-69, 70-89, 90-100. */
  hundred: rising(1, 40, 70, 90),
  /** Wazuh rule levels 0-15: 4 low, 7 medium, 12 high, 15 severe attack. */
  wazuh: rising(4, 7, 12, 15),
  /** Suricata and Snort: 1 high, 2 medium, 3 low, above it information; neither has a critical. */
  suricata: falling(3, 2, 1, 0),
  /** RFC 5424 section 6.2.1: 0 emergency to 7 debug. */
  syslog: falling(5, 4, 3, 2),
} as const satisfies Readonly<Record<string, Scale>>;
export type SeverityScale = keyof typeof SEVERITY_SCALES;

/** A number on a named scale; undefined where it is no finite number. */
export function severityOfNumber(n: number, scale: SeverityScale): Severity | undefined {
  if (!Number.isFinite(n)) return undefined;
  const s: Scale = SEVERITY_SCALES[scale];
  const reaches = (bound: number): boolean => (s.falling ? n <= bound : n >= bound);
  for (const severity of ['critical', 'high', 'medium', 'low'] as const)
    if (reaches(s[severity])) return severity;
  return 'informational';
}
