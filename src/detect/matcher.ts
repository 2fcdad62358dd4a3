/**
 * Which rules an event meets: the engine in force. Stateless but for what it measured of the events; runs in a worker, many
 * at once. The plain engine that it must agree with is `engine/oracle.ts`.
 */
import type { Lists } from '../condition/tree.ts';
import type { CompiledRules as Compiled } from './engine/compiled.ts';
import { compileIndexed } from './engine/engine.ts';
import type { RuleSet } from './rule.ts';

export type CompiledRules = Compiled;

/** Placeholders (`|expand`) and lists that a rule names must exist in `lists`, or the rule is refused by name. */
export const compileRules = (set: RuleSet, lists: Lists): CompiledRules => compileIndexed(set, lists);
