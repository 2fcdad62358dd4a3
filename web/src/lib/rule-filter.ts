/** Which rules the page shows, and in which order. Held by rule-filter.test.ts. */
import type { RuleMode, RuleRow } from '../../../src/api/contract.ts';
import type { Severity } from '../../../src/model/alert.ts';
import { WORST_FIRST } from './severity.ts';

export const RULE_STATES = ['all', 'matched', 'silent', 'dead', 'proposed', 'problems'] as const;
export type RuleState = (typeof RULE_STATES)[number];
export const RULE_SORTS = ['level', 'matched', 'last', 'cost', 'title'] as const;
export type RuleSort = (typeof RULE_SORTS)[number];
export const MODES: readonly RuleMode[] = ['alerting', 'risk', 'shadow', 'off'];
export const modeWord: Readonly<Record<RuleMode, string>> = {
  alerting: 'Alerting',
  risk: 'Risk only',
  shadow: 'Shadow',
  off: 'Off',
};

export type RuleFilter = {
  readonly q: string;
  readonly state: RuleState;
  readonly mode: RuleMode | '';
  readonly level: Severity | '';
  readonly tactic: string;
};

const inState = (r: RuleRow, s: RuleState): boolean => {
  switch (s) {
    case 'all':
      return true;
    case 'matched':
      return r.matched > 0;
    case 'silent':
      return r.matched === 0 && r.dead === '' && r.mode !== 'off';
    case 'dead':
      return r.dead !== '';
    case 'proposed':
      return r.proposal !== '';
    case 'problems':
      return r.problem !== '';
  }
};

export function fits(r: RuleRow, f: RuleFilter): boolean {
  if (!inState(r, f.state)) return false;
  if (f.mode !== '' && r.mode !== f.mode) return false;
  if (f.level !== '' && r.level !== f.level) return false;
  if (f.tactic !== '' && !r.attack.includes(f.tactic)) return false;
  const wanted = f.q.trim().toLowerCase();
  if (wanted === '') return true;
  return [r.title, r.id, r.file, r.logsource, ...r.attack].some((t) => t.toLowerCase().includes(wanted));
}

const byLevel = (a: RuleRow, b: RuleRow): number =>
  WORST_FIRST.indexOf(a.level) - WORST_FIRST.indexOf(b.level) || a.title.localeCompare(b.title);

export function order(sort: RuleSort): (a: RuleRow, b: RuleRow) => number {
  switch (sort) {
    case 'level':
      return byLevel;
    case 'title':
      return (a, b) => a.title.localeCompare(b.title);
    case 'matched':
      return (a, b) => b.matched - a.matched || byLevel(a, b);
    case 'last':
      return (a, b) => b.lastMatched - a.lastMatched || byLevel(a, b);
    case 'cost':
      return (a, b) => b.cost - a.cost || byLevel(a, b);
  }
}

/** `12%`, `0.4%`, `<0.1%`; nothing for nothing. */
export function costText(share: number): string {
  if (share <= 0) return '';
  const percent = share * 100;
  if (percent < 0.1) return '<0.1%';
  return `${percent >= 10 ? Math.round(percent) : percent.toFixed(1)}%`;
}
