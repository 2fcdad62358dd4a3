/** Named lists that rules and searches refer to. */
import { parseIp } from '../../model/ip.ts';
import type { ListInfo } from '../contract.ts';
import type { ListRecord } from '../deps.ts';
import { badInput } from '../errors.ts';
import { type Route, route } from '../route.ts';
import { list, obj, oneOf, str } from '../schema.ts';

/** Members per list, and UTF-16 units per member. */
export const LIST_VALUES_MAX = 50_000;
const VALUE_CHARS_MAX = 1024;
const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** Names in the audit's before/after; the counts are exact. */
const AUDIT_VALUES_MAX = 20;
const LIST_KINDS = ['text', 'domain', 'cidr', 'issuer'] as const;

const infoOf = (l: ListRecord): ListInfo => ({
  name: l.name,
  kind: l.kind,
  values: l.values,
  updatedAt: l.validFrom,
  updatedBy: l.updatedBy,
});

/** undefined where the member is good. */
function wrong(kind: ListInfo['kind'], value: string): string | undefined {
  if (value.trim() === '') return 'must not be empty';
  if (kind === 'domain') {
    return /^(\*\.)?[\p{L}\p{M}\p{N}_-]{1,63}(\.[\p{L}\p{M}\p{N}_-]{1,63})*\.?$/u.test(value)
      ? undefined
      : 'not a domain name';
  }
  if (kind !== 'cidr') return undefined;
  const [address = '', bits, ...more] = value.split('/');
  const ip = parseIp(address);
  const max = ip?.includes(':') === true ? 128 : 32;
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= max);
  return ip !== undefined && fits && more.length === 0 ? undefined : 'not an address or network (10.0.0.0/8)';
}

/** What changed, short enough to be read. */
function difference(before: readonly string[], after: readonly string[]): unknown {
  const was = new Set(before);
  const is = new Set(after);
  const added = after.filter((v) => !was.has(v));
  const removed = before.filter((v) => !is.has(v));
  return {
    added: added.slice(0, AUDIT_VALUES_MAX),
    addedCount: added.length,
    removed: removed.slice(0, AUDIT_VALUES_MAX),
    removedCount: removed.length,
  };
}

export const listRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/lists',
    permission: 'read',
    audit: 'none',
    summary: 'Named lists in force.',
    answer: 'ListInfo[]',
    run: async (ctx) => ctx.deps.control.lists().map(infoOf),
  }),
  route({
    method: 'PUT',
    path: '/api/v1/lists/:name',
    permission: 'admin',
    audit: 'list.set',
    summary: 'Replace a list; the version before is kept with the time it was valid.',
    answer: 'ListInfo',
    bodyMax: BODY_BYTES_MAX,
    params: obj({
      name: str({
        min: 1,
        max: 64,
        pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
        about: 'letters, digits, _ . -',
      }),
    }),
    body: obj({
      kind: oneOf(LIST_KINDS),
      values: list(str({ min: 1, max: VALUE_CHARS_MAX }), LIST_VALUES_MAX),
    }),
    run: async (ctx, { params, body }) => {
      body.values.forEach((v, i) => {
        const problem = wrong(body.kind, v);
        if (problem !== undefined) throw badInput(`body.values[${i}]: ${problem}`);
      });
      const values = [...new Set(body.values)];
      const before = ctx.deps.control.lists().find((l) => l.name === params.name);
      const entry = ctx.audit(params.name, 'ok', {
        kind: body.kind,
        ...(difference(before?.values ?? [], values) as object),
      });
      const made = await ctx.deps.control.setList(
        {
          name: params.name,
          kind: body.kind,
          values,
          updatedBy: ctx.who.kind === 'user' ? ctx.who.name : ctx.whoText,
          validFrom: ctx.now,
        },
        entry,
      );
      return infoOf(made);
    },
  }),
];
