/** Which rule a person means by an id, a name, a title or a file. Pure; held by `find-rule.test.ts`. */
import type { Rule, RuleSet } from '../detect/rule.ts';

const isNamed = (r: Rule, wanted: string): boolean => r.name !== '' && r.name === wanted;
const isIn = (r: Rule, wanted: string): boolean => r.file === wanted || r.file.endsWith(`/${wanted}`);
const isTitled = (r: Rule, wanted: string): boolean => r.title.toLowerCase() === wanted.toLowerCase();

/** All that it may mean: the one with the id, else all with that name, file or title. A change needs exactly one. */
export function rulesCalled(set: RuleSet, wanted: string): readonly Rule[] {
  const shown = set.rules.filter((r) => r.partOf === undefined);
  const exact = shown.find((r) => r.id === wanted);
  if (exact !== undefined) return [exact];
  return shown.filter((r) => isNamed(r, wanted) || isIn(r, wanted) || isTitled(r, wanted));
}

/** The likeliest of them, for a question; or why there is none. Of several in one file, the one that alerts. */
export function findRule(set: RuleSet, wanted: string): Rule | string {
  const called = rulesCalled(set, wanted);
  const exact = called.find((r) => r.id === wanted) ?? called.find((r) => isNamed(r, wanted));
  if (exact !== undefined) return exact;
  const inFile = called.filter((r) => isIn(r, wanted));
  const found = inFile.length > 0 ? inFile : called;
  if (found.length === 0) return `there is no rule with the id, name, title or file '${wanted}'`;
  // What stands last in a file is built on what stands before it.
  return found.findLast((r) => r.kind !== 'rule') ?? (found.at(-1) as Rule);
}
