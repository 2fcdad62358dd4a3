/**
 * Audit logs of further products, each recognised by keys of its own and mapped by the table in `products.ts`. What happened
 * is in `event.code` in the product's words, which product in `event.provider`; the document is kept under its prefix.
 */
import { defineSource } from '../../../src/normalize/source.ts';
import { auditEvent, dig, first, paths } from '../../lib/audit.ts';
import { isObject } from '../../lib/json.ts';
import { PRODUCTS } from './products.ts';

export default defineSource({
  name: 'saas-audit',
  version: 1,
  title: 'Audit logs of SaaS products',
  recognise: { jsonKeys: PRODUCTS.flatMap((p) => p.keys) },
  parse: (input, out) => {
    const raw = input.json;
    if (raw === undefined) return 'no';
    for (const p of PRODUCTS) {
      if (!p.keys.some((keys) => keys.every((k) => k in raw)) || (p.is !== undefined && !p.is(raw))) continue;
      const inner = p.inside === undefined ? raw : dig(raw, p.inside);
      const code = isObject(inner) ? first(inner, p.code) : undefined;
      if (code === undefined || !isObject(inner)) continue;
      out.set('event.id', first(inner, paths('id', 'uuid', 'gid', 'uid', 'EVENT_ID')));
      auditEvent(inner, out, p, code);
      return 'parsed';
    }
    return 'no';
  },
});
