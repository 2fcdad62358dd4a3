/**
 * ATT&CK coverage: which techniques and tactics the rules watch for, and how many of those rules can fire here. The layer is
 * the Navigator's format 4.5 (https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md).
 * Pure; held by `rule-modes.test.ts`.
 */
import type { CoverageTechnique, RuleCoverage, RuleRow } from '../api/contract.ts';

const RULES_NAMED_MAX = 50;

export function coverageOf(rules: readonly RuleRow[]): RuleCoverage {
  const techniques = new Map<string, MutableTechnique>();
  const tactics = new Map<string, MutableTechnique>();
  for (const r of rules) {
    if (r.status === 'not loaded') continue;
    for (const tag of new Set(r.attack)) {
      if (/^[SG]\d/.test(tag)) continue;
      book(/^T\d{4}/.test(tag) ? techniques : tactics, tag, r);
    }
  }
  const sorted = (m: Map<string, MutableTechnique>): CoverageTechnique[] =>
    [...m.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return { techniques: sorted(techniques), tactics: sorted(tactics), layer: layerOf(sorted(techniques)) };
}

type MutableTechnique = { -readonly [K in keyof CoverageTechnique]: CoverageTechnique[K] } & {
  rules: string[];
};

function book(into: Map<string, MutableTechnique>, id: string, r: RuleRow): void {
  const t = into.get(id) ?? { id, alerting: 0, risk: 0, shadow: 0, dead: 0, rules: [] };
  into.set(id, t);
  if (r.dead !== '' || r.mode === 'off') t.dead++;
  else t[r.mode]++;
  if (t.rules.length < RULES_NAMED_MAX) t.rules.push(r.title);
}

function layerOf(techniques: readonly CoverageTechnique[]): unknown {
  const max = Math.max(1, ...techniques.map((t) => t.alerting));
  return {
    name: 'Vigil: rules by technique',
    versions: { layer: '4.5' },
    domain: 'enterprise-attack',
    description: 'Score: rules that alert and can fire. Rules that cannot fire here do not count.',
    sorting: 3,
    hideDisabled: false,
    gradient: { colors: ['#3b4252ff', '#5e81acff', '#a3be8cff'], minValue: 0, maxValue: max },
    techniques: techniques.map((t) => ({
      techniqueID: t.id,
      score: t.alerting,
      enabled: true,
      comment: `${t.alerting} alerting, ${t.risk} risk, ${t.shadow} shadow, ${t.dead} cannot fire or are off: ${t.rules.slice(0, 10).join('; ')}`,
    })),
  };
}
