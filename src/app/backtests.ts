/**
 * A backtest as the API and the command line ask for it: the rule by id, name, title or file, or a text that is not in
 * force yet. Held by `backtests.int.test.ts`.
 */
import type { BacktestResult } from '../api/contract.ts';
import type { BacktestAnswer, BacktestAsked } from '../api/deps.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { RuleSet } from '../detect/rule.ts';
import { findRule } from './find-rule.ts';
import { type BacktestRequest, type History, storeTrouble, TooMany } from './history.ts';
import type { Rules } from './rules.ts';

export type BacktestDeps = {
  readonly rules: Pick<Rules, 'set' | 'with'>;
  readonly history: Pick<History, 'backtest'>;
};

export async function askBacktest(
  d: BacktestDeps,
  r: BacktestAsked,
  by: { readonly signal: AbortSignal },
): Promise<BacktestAnswer> {
  const found = rulesOf(d, r);
  if (!found.ok) return { kind: 'problem', message: found.error };
  const request: BacktestRequest = {
    set: found.value.set,
    rule: found.value.rule,
    tenant: r.tenant,
    from: r.from,
    to: r.to,
    lists: r.lists,
    signal: by.signal,
  };
  try {
    const value: BacktestResult = await d.history.backtest(request);
    return { kind: 'done', value };
  } catch (e) {
    if (e instanceof TooMany) return { kind: 'busy', message: e.message };
    const trouble = storeTrouble(e);
    if (trouble === undefined) throw e;
    return { kind: 'problem', message: trouble };
  }
}

/** Path under which a text that is not in force is read. */
const DRAFT = 'draft.yml';

function rulesOf(
  d: BacktestDeps,
  r: BacktestAsked,
): Result<{ readonly set: RuleSet; readonly rule: string }> {
  if (r.yaml === undefined) {
    const rule = findRule(d.rules.set, r.rule);
    return typeof rule === 'string' ? err(rule) : ok({ set: d.rules.set, rule: rule.id });
  }
  const { set, ids, problems } = d.rules.with({ path: DRAFT, text: r.yaml });
  const first = problems[0];
  if (first !== undefined) return err(`line ${first.line}: ${first.reason}`);
  const mine: RuleSet = { ...set, rules: set.rules.filter((x) => ids.has(x.id) || ids.has(x.partOf ?? '')) };
  if (mine.rules.length === 0) return err('the text holds no rule');
  const named = findRule(mine, r.rule);
  const rule = typeof named === 'string' ? findRule(mine, DRAFT) : named;
  return typeof rule === 'string' ? err(rule) : ok({ set, rule: rule.id });
}
