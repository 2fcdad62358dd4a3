/**
 * The plain engine: every rule evaluated in full for every event, no index. Slow and obviously right, kept for ever as what
 * the fast engine is compared with (`engine.prop.test.ts`, `npm run fuzz:equivalence`).
 */
import { compileCondition, type Predicate } from '../../condition/evaluate.ts';
import type { Lists } from '../../condition/tree.ts';
import type { RuleSet } from '../rule.ts';
import { type CompiledRules, compileEach, Failures } from './compiled.ts';

export function compilePlain(set: RuleSet, lists: Lists): CompiledRules {
  const failures = new Failures();
  const rules: { readonly id: string; readonly where: Predicate; readonly condition: Predicate }[] = [];
  const problems = compileEach(set, lists, (rule) => {
    const env = { lists };
    rules.push({
      id: rule.id,
      where: compileCondition(rule.where, env),
      condition: compileCondition(rule.condition, env),
    });
  });
  return {
    match: (e) => {
      if (!e.fields.has('vigil.source')) e.fields.setOurs('vigil.source', e.source);
      const met: string[] = [];
      for (const r of rules) {
        try {
          if (r.where(e) && r.condition(e)) met.push(r.id);
        } catch (error) {
          failures.add(r.id, error);
        }
      }
      return met;
    },
    problems,
    failures: failures.byRule,
    hash: set.hash,
  };
}
