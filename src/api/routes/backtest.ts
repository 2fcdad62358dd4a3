/** A rule asked of the past: matches, alerts and a forecast over stored events. Nothing is written, nobody is told. */
import { badInput, fail } from '../errors.ts';
import { type Route, route } from '../route.ts';
import { obj, oneOf, opt, str } from '../schema.ts';
import { seeTenant, tenantName, time } from './tenant.ts';

/** UTF-16 units of a rule's text. */
const YAML_CHARS_MAX = 512 * 1024;
/** Longest range, microseconds. */
const RANGE_US_MAX = 400 * 86_400e6;

export const backtestRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/rules/backtest',
    permission: 'analyst',
    audit: 'rule.backtest',
    summary:
      'What a rule would have found in stored events: matches, alerts per day, examples, cost, forecast.',
    answer: 'BacktestResult',
    bodyMax: YAML_CHARS_MAX + 64 * 1024,
    body: obj({
      tenant: opt(tenantName),
      rule: str({ min: 1, max: 500, about: 'id, name, title or file of a rule' }),
      yaml: opt(
        str({ min: 1, max: YAML_CHARS_MAX, about: 'a rule that is not in force yet; `rule` names it' }),
      ),
      from: time,
      to: time,
      lists: opt(oneOf(['now', 'then'])),
    }),
    run: async (ctx, { body }) => {
      const tenant = seeTenant(ctx, body.tenant);
      if (body.from >= body.to) throw badInput('from: must be before to');
      if (body.to - body.from > RANGE_US_MAX) throw badInput('from: at most 400 days before to');
      // Before it runs: what was asked is on record even if the answer never comes.
      const { yaml, rule, from, to } = body;
      await ctx.deps.control.audit(
        ctx.audit(rule, 'asked', { tenant, from, to, ...(yaml === undefined ? {} : { text: yaml.length }) }),
      );
      const result = await ctx.deps.backtest(
        { tenant, rule, from, to, lists: body.lists ?? 'now', ...(yaml === undefined ? {} : { yaml }) },
        { signal: ctx.signal },
      );
      if (result.kind === 'done') return result.value;
      throw result.kind === 'busy'
        ? fail('too_many', result.message, { retryAfter: 10 })
        : fail('bad_input', result.message);
    },
  }),
];
