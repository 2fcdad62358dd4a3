/**
 * The evasion suite: attacks that must be found however they are dressed. A case is a record as it arrives, and a rule that
 * finds the undressed attack; dressed, the rule must still fire, or the event must say by a flag (`vigil.flags`) that it
 * hides something, and a shipped rule must count it.
 *
 * The families are in `families/`, one file each; `evasion.int.test.ts` judges them live, `stored.int.test.ts` in SQL, and
 * `doors.int.test.ts` sends some through the real doors.
 */
import { join } from 'node:path';
import { rulesFromFiles } from '../../src/detect/load.ts';
import type { BaseRule, RuleSet } from '../../src/detect/rule.ts';
import { readTaxonomy } from '../../src/detect/taxonomy.ts';
import type { RecordMeta } from '../../src/model/record.ts';
import type { Flag } from '../../src/normalize/flags.ts';
import { RULES } from './rules.ts';

export const ROOT = join(import.meta.dirname, '../..');
/** The shipped rule that counts flagged events. */
export const DISGUISED = 'event_disguised';

export type RuleName = keyof typeof RULES;
export type EvasionCase = {
  /** What is done to the attack. */
  readonly name: string;
  readonly rule: RuleName;
  readonly raw: string | Uint8Array;
  readonly meta?: Partial<RecordMeta>;
  /** Absent: the rule fires. Else it may not, and this flag is on the event. */
  readonly named?: Flag;
  /** A word of the attack that a bare search finds in any case. */
  readonly word?: string;
};
export type Family = {
  readonly name: string;
  /** The undressed attacks: each fires and has no flag. */
  readonly plain: readonly EvasionCase[];
  readonly cases: readonly EvasionCase[];
  /** Harmless records that look alike: their rule is silent, and they have no flag. */
  readonly harmless?: readonly EvasionCase[];
};

export const taxonomy = readTaxonomy(join(ROOT, 'content/taxonomy'));

/** The suite's own rules; throws where one does not load. */
export function evasionRules(): RuleSet {
  const { set, problems } = rulesFromFiles(
    [{ path: 'evasion.yml', text: Object.values(RULES).join('---\n') }],
    { taxonomy },
  );
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return set;
}
export const conditionOf = (set: RuleSet, name: RuleName): BaseRule => {
  const rule = set.rules.find((r): r is BaseRule => r.kind === 'rule' && r.name === name);
  if (rule === undefined) throw new Error(`no rule ${name}`);
  return rule;
};

export const bytesOf = (c: EvasionCase): Buffer =>
  typeof c.raw === 'string' ? Buffer.from(c.raw) : Buffer.from(c.raw);
