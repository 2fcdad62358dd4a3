/** The alert queue and what analysts do with alerts. An alert of a tenant one may not see does not exist. */
import { ALERT_STATUSES, type Alert, SEVERITIES } from '../../model/alert.ts';
import type { AlertDetail, AlertPage } from '../contract.ts';
import type { AlertQuery } from '../deps.ts';
import { badInput, fail, notFound } from '../errors.ts';
import { type Ctx, type Route, route } from '../route.ts';
import { int, obj, oneOf, opt, str } from '../schema.ts';
import { seeTenant, tenantName } from './tenant.ts';

const PAGE_MAX = 500;
const RELATED_MAX = 20;
const NOTE_CHARS_MAX = 10_000;
const alertId = obj({ id: str({ min: 1, max: 128, pattern: /^[0-9A-Za-z_.:-]+$/, about: 'an alert id' }) });

const pageQuery = obj({
  tenant: opt(tenantName),
  status: opt(oneOf(ALERT_STATUSES)),
  severity: opt(oneOf(SEVERITIES)),
  q: opt(str({ max: 256 })),
  sort: opt(oneOf(['newest', 'severity'])),
  before: opt(
    str({
      max: 160,
      pattern: /^\d{1,16}(:[0-9A-Za-z_.:-]{1,128})?$/,
      about: '`openedAt` of the last alert shown, or `openedAt:id`',
    }),
  ),
  limit: opt(int(1, PAGE_MAX)),
});

function beforeOf(text: string): { openedAt: number; id?: string } {
  const colon = text.indexOf(':');
  return colon < 0
    ? { openedAt: Number(text) }
    : { openedAt: Number(text.slice(0, colon)), id: text.slice(colon + 1) };
}

async function detail(ctx: Ctx, id: string): Promise<AlertDetail> {
  const alert = await ctx.deps.control.alert(id, ctx.tenantIds);
  if (alert === undefined) throw notFound(`alert ${id}`);
  const related = await ctx.deps.control.relatedAlerts(alert, RELATED_MAX);
  return { alert, rule: ctx.deps.rules.info(alert.rule) ?? null, related };
}

const by = (ctx: Ctx, id: string) => ({
  id,
  tenants: [...ctx.tenantIds],
  at: ctx.now,
  by: ctx.who.kind === 'user' ? ctx.who.name : ctx.whoText,
});

/** Tokens made by tokens that are followed, each a look-up. */
const MADE_BY_MAX = 1000;

/** Whoever `who` acts for, `who` among them: a token acts for whoever made it. Undefined where the chain is too long. */
async function principalsOf(ctx: Ctx, who: string): Promise<ReadonlySet<string> | undefined> {
  const out = new Set<string>();
  for (let next = who; !out.has(next); ) {
    if (out.size >= MADE_BY_MAX) return undefined;
    out.add(next);
    const token = next.startsWith('token:') ? await ctx.deps.control.token(next.slice(6)) : undefined;
    if (token !== undefined) next = token.createdBy;
  }
  return out;
}

/** Security contract 16: who weakened detection cannot make the alert about it go away, nor can who acts for the same. */
async function refuseOwnAlert(ctx: Ctx, alert: Alert): Promise<void> {
  if (alert.actor === undefined) return;
  const mine = await principalsOf(ctx, ctx.whoText);
  const theirs = await principalsOf(ctx, alert.actor);
  // What cannot be told apart is taken for the same.
  if (mine === undefined || theirs === undefined || !mine.isDisjointFrom(theirs))
    throw fail('forbidden', 'this alert is about what you did: somebody else has to judge it');
}

/** A change with what was there before in its audit entry. */
async function change(
  ctx: Ctx,
  id: string,
  run: (before: Alert) => Promise<Alert | undefined>,
): Promise<Alert> {
  const before = await ctx.deps.control.alert(id, ctx.tenantIds);
  const after = before === undefined ? undefined : await run(before);
  if (after === undefined) throw notFound(`alert ${id}`);
  return after;
}

export const alertRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/alerts',
    permission: 'read',
    audit: 'none',
    summary:
      'The alert queue. `events` and `eventRefs` are left empty here; `sort=severity` puts the gravest first.',
    answer: 'AlertPage',
    query: pageQuery,
    run: async (ctx, { query }): Promise<AlertPage> => {
      const filter: AlertQuery = {
        tenant: seeTenant(ctx, query.tenant),
        ...(query.status === undefined ? {} : { status: query.status }),
        ...(query.severity === undefined ? {} : { severity: query.severity }),
        ...(query.q === undefined ? {} : { q: query.q }),
        sort: query.sort ?? 'newest',
        ...(query.before === undefined ? {} : { before: beforeOf(query.before) }),
        limit: query.limit ?? 100,
      };
      if (filter.sort === 'severity' && filter.before !== undefined) {
        throw badInput('query.before: pages go with sort=newest alone');
      }
      return ctx.deps.control.alertPage(filter);
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/alerts/:id',
    permission: 'read',
    audit: 'none',
    summary: 'One alert with its rule and the alerts that share an entity with it.',
    answer: 'AlertDetail',
    params: alertId,
    run: (ctx, { params }) => detail(ctx, params.id),
  }),
  route({
    method: 'POST',
    path: '/api/v1/alerts/:id/status',
    permission: 'analyst',
    audit: 'alert.status',
    summary:
      'Set new, acknowledged or closed, with a reason. After closing, the next match opens a linked alert.',
    answer: 'Alert',
    params: alertId,
    body: obj({ status: oneOf(ALERT_STATUSES), reason: opt(str({ max: NOTE_CHARS_MAX })) }),
    run: (ctx, { params, body }) =>
      change(ctx, params.id, async (before) => {
        await refuseOwnAlert(ctx, before);
        const set = { status: body.status, reason: body.reason ?? '' };
        const entry = ctx.audit(params.id, 'ok', {
          before: before.status,
          after: set.status,
          reason: set.reason,
        });
        return ctx.deps.control.setAlertStatus(by(ctx, params.id), set, entry);
      }),
  }),
  route({
    method: 'POST',
    path: '/api/v1/alerts/:id/assignee',
    permission: 'analyst',
    audit: 'alert.assignee',
    summary: "Give the alert to a user, or to nobody ('').",
    answer: 'Alert',
    params: alertId,
    body: obj({ assignee: str({ max: 64 }) }),
    run: async (ctx, { params, body }) => {
      if (body.assignee !== '' && (await ctx.deps.control.user(body.assignee)) === undefined) {
        throw badInput('body.assignee: no such user');
      }
      return change(ctx, params.id, (before) => {
        const entry = ctx.audit(params.id, 'ok', { before: before.assignee, after: body.assignee });
        return ctx.deps.control.setAlertAssignee(by(ctx, params.id), body.assignee, entry);
      });
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/alerts/:id/note',
    permission: 'analyst',
    audit: 'alert.note',
    summary: 'Add a note to the alert.',
    answer: 'Alert',
    params: alertId,
    body: obj({ text: str({ min: 1, max: NOTE_CHARS_MAX }) }),
    run: (ctx, { params, body }) =>
      change(ctx, params.id, () =>
        ctx.deps.control.addAlertNote(
          by(ctx, params.id),
          body.text,
          ctx.audit(params.id, 'ok', { text: body.text }),
        ),
      ),
  }),
];
