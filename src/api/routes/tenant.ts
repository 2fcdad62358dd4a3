/** Scope: a tenant that the caller may not see does not exist for them (404, not 403). */
import { notFound } from '../errors.ts';
import type { Ctx } from '../route.ts';
import { int, opt, str } from '../schema.ts';

export const tenantName = str({
  min: 1,
  max: 64,
  pattern: /^[a-z0-9_-]+$/,
  about: 'a tenant: lower-case letters, digits, - and _',
});
/** Microseconds up to the year 2286 (JS safe integers reach 2255). */
export const time = int(0, Number.MAX_SAFE_INTEGER);
export const optTime = opt(time);

/** @throws ApiFailure 404 */
export function seeTenant(ctx: Ctx, tenant: string | undefined): string {
  const asked = tenant ?? ctx.tenantIds[0];
  if (asked === undefined || !ctx.tenantIds.includes(asked)) throw notFound(`tenant ${asked ?? ''}`);
  return asked;
}
/** All visible tenants where none is asked for. @throws ApiFailure 404 */
export const seeTenants = (ctx: Ctx, tenant: string | undefined): readonly string[] =>
  tenant === undefined ? ctx.tenantIds : [seeTenant(ctx, tenant)];
