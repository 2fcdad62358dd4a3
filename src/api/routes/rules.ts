/** Rules: what is in force and whether it can fire, modes, versions, exceptions, coverage. */

import type { RuleActor, RuleOutcome } from '../deps.ts';
import { badInput, fail, notFound } from '../errors.ts';
import { type Ctx, type Route, route } from '../route.ts';
import { int, list, obj, oneOf, opt, str } from '../schema.ts';

const REASON_CHARS_MAX = 2000;
const PROPOSALS_MAX = 20_000;
const WHERE_MAX = 10;
const VALUES_MAX = 1000;
const VALUE_CHARS_MAX = 1024;
const BODY_BYTES_MAX = 2 * 1024 * 1024;
const RULE_MODES = ['off', 'shadow', 'risk', 'alerting'] as const;
const MATCHES = ['equals', 'startswith', 'endswith', 'contains', 'cidr'] as const;

const ruleId = str({ min: 1, max: 200, about: 'a rule id' });
const rulePath = obj({ id: ruleId });
const reason = str({ min: 1, max: REASON_CHARS_MAX });

const actor = (ctx: Ctx): RuleActor => ({
  who: ctx.whoText,
  from: ctx.from,
  at: ctx.now,
  audit: (object, outcome, detail) => ctx.audit(object, outcome, detail),
});

/** @throws ApiFailure 404, 400 */
function settled<T>(out: RuleOutcome<T>, what: string): T {
  if (out.kind === 'unknown') throw notFound(what);
  if (out.kind === 'refused') throw fail('bad_input', out.reason);
  return out.value;
}

async function detail(ctx: Ctx, id: string) {
  const found = await ctx.deps.rules.detail(id);
  if (found === undefined) throw notFound(`rule ${id}`);
  return found;
}

const READ: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/rules',
    permission: 'read',
    audit: 'none',
    summary: 'All rules with mode, matches, cost, and, where one cannot fire or a file is broken, why.',
    answer: 'RuleList',
    run: async (ctx) => ctx.deps.rules.list(),
  }),
  route({
    method: 'GET',
    path: '/api/v1/rule-summary',
    permission: 'read',
    audit: 'none',
    summary: 'How many rules there are by mode, and how many cannot fire.',
    answer: 'RuleSummary',
    run: async (ctx) => (await ctx.deps.rules.list()).summary,
  }),
  route({
    method: 'GET',
    path: '/api/v1/rule-coverage',
    permission: 'read',
    audit: 'none',
    summary: 'ATT&CK techniques and the rules that watch for them; `layer` is for the ATT&CK Navigator.',
    answer: 'RuleCoverage',
    run: async (ctx) => ctx.deps.rules.coverage(),
  }),
  route({
    method: 'GET',
    path: '/api/v1/rules/:id',
    permission: 'read',
    audit: 'none',
    summary: 'One rule: text, what it needs and whether that is supplied, versions, exceptions.',
    answer: 'RuleDetail',
    params: rulePath,
    run: (ctx, { params }) => detail(ctx, params.id),
  }),
  route({
    method: 'GET',
    path: '/api/v1/rules/:id/versions/:n',
    permission: 'read',
    audit: 'none',
    summary: 'A text of the rule that was in force.',
    answer: 'RuleVersionText',
    params: obj({ id: ruleId, n: str({ min: 1, max: 9, pattern: /^\d+$/, about: 'a version number' }) }),
    run: async (ctx, { params }) => {
      const found = ctx.deps.rules.version(params.id, Number(params.n));
      if (found === undefined) throw notFound(`version ${params.n} of rule ${params.id}`);
      return found;
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/rules/:id/tests',
    permission: 'read',
    audit: 'none',
    summary: 'Runs the tests that lie beside the rule.',
    answer: 'RuleTest[]',
    params: rulePath,
    run: async (ctx, { params }) => {
      const found = await ctx.deps.rules.tests(params.id);
      if (found === undefined) throw notFound(`rule ${params.id}`);
      return found;
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/exceptions',
    permission: 'read',
    audit: 'none',
    summary: 'Exceptions in force, then those that have ended.',
    answer: 'RuleException[]',
    run: async (ctx) => ctx.deps.rules.exceptions(),
  }),
];

const WRITE: readonly Route[] = [
  route({
    method: 'PUT',
    path: '/api/v1/rules/:id/mode',
    permission: 'admin',
    audit: 'rule.mode',
    summary: 'Set a rule off, shadow, risk or alerting; in force at the next batch.',
    answer: 'RuleDetail',
    params: rulePath,
    body: obj({ mode: oneOf(RULE_MODES), reason: opt(str({ max: REASON_CHARS_MAX })) }),
    run: async (ctx, { params, body }) => {
      const set = { mode: body.mode, reason: body.reason ?? '' };
      settled(await ctx.deps.rules.setMode(params.id, set, actor(ctx)), `rule ${params.id}`);
      return detail(ctx, params.id);
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/rules/proposals',
    permission: 'admin',
    audit: 'rule.accept',
    summary: 'Accept what is proposed for imported rules in shadow: those named, or all.',
    answer: '{accepted}',
    bodyMax: BODY_BYTES_MAX,
    body: obj({ rules: opt(list(ruleId, PROPOSALS_MAX)) }),
    run: async (ctx, { body }) => ({
      accepted: settled(await ctx.deps.rules.accept(body.rules, actor(ctx)), 'rule'),
    }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/rules/:id/rollback',
    permission: 'admin',
    audit: 'rule.rollback',
    summary: "Put an earlier text of the rule back in force, until the rule's file changes again.",
    answer: 'RuleDetail',
    params: rulePath,
    body: obj({ version: int(1, 1_000_000_000), reason: opt(str({ max: REASON_CHARS_MAX })) }),
    run: async (ctx, { params, body }) => {
      const to = { version: body.version, reason: body.reason ?? '' };
      settled(
        await ctx.deps.rules.rollback(params.id, to, actor(ctx)),
        `version ${body.version} of rule ${params.id}`,
      );
      return detail(ctx, params.id);
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/rules/:id/exceptions',
    permission: 'analyst',
    audit: 'rule.exception',
    summary: 'Except events from a rule, with owner, reason and an end; kept as a Sigma filter.',
    answer: 'RuleException',
    bodyMax: BODY_BYTES_MAX,
    params: rulePath,
    body: obj({
      title: str({ min: 1, max: 200 }),
      where: list(
        obj({
          field: str({ min: 1, max: 200 }),
          match: oneOf(MATCHES),
          values: list(str({ min: 1, max: VALUE_CHARS_MAX }), VALUES_MAX),
        }),
        WHERE_MAX,
      ),
      owner: str({ min: 1, max: 128 }),
      reason,
      expiresAt: int(1, Number.MAX_SAFE_INTEGER),
    }),
    run: async (ctx, { params, body }) => {
      if (body.where.length === 0 || body.where.some((w) => w.values.length === 0))
        throw badInput('body.where: says which events are excepted: at least one field with a value');
      return settled(await ctx.deps.rules.except(params.id, body, actor(ctx)), `rule ${params.id}`);
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/exceptions/:id',
    permission: 'analyst',
    audit: 'rule.exception.end',
    summary: 'End an exception now.',
    answer: '204',
    params: obj({ id: str({ min: 1, max: 64, pattern: /^[0-9a-f-]+$/, about: 'an exception id' }) }),
    run: async (ctx, { params }) => {
      settled(await ctx.deps.rules.endException(params.id, actor(ctx)), `exception ${params.id} in force`);
    },
  }),
];

export const ruleRoutes: readonly Route[] = [...READ, ...WRITE];
