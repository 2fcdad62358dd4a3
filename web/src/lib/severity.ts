/** Severity and status as words and order. */
import type { AlertStatus, Severity } from '../../../src/model/alert.ts';

/** Worst first, as people read a queue. `SEVERITIES` in the model is the same set, mildest first. */
export const WORST_FIRST: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'informational'];
export const STATUSES: readonly AlertStatus[] = ['new', 'acknowledged', 'closed'];

export const severityWord: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  informational: 'Info',
};
export const statusWord: Readonly<Record<AlertStatus, string>> = {
  new: 'New',
  acknowledged: 'Acknowledged',
  closed: 'Closed',
};
/** Custom property that holds the colour, per theme. */
export const severityColor: Readonly<Record<Severity, string>> = {
  critical: '--sev-critical',
  high: '--sev-high',
  medium: '--sev-medium',
  low: '--sev-low',
  informational: '--sev-informational',
};
/** Fills of bars: larger areas than text, so they may be lighter. */
export const severityFill: Readonly<Record<Severity, string>> = {
  critical: '--chart-critical',
  high: '--chart-high',
  medium: '--chart-medium',
  low: '--chart-low',
  informational: '--chart-informational',
};
export const CLOSE_REASONS: readonly string[] = [
  'Real attack, handled',
  'Real, but allowed (test, maintenance)',
  'False alarm: rule needs work',
  'Duplicate of another alert',
];
