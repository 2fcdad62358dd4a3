/** Records of the demo's tenant carry its origin, by whatever door they come. */
import type { Intake } from '../model/record.ts';
import { DEMO_TENANT } from './tenants.ts';

/** Everything of the demo's tenant gets its origin; other records pass unchanged. */
export function demoOrigin(intake: Intake): Intake {
  const known = new WeakMap<object, Parameters<Intake['received']>[0]>();
  const as = (meta: Parameters<Intake['received']>[0]): typeof meta => {
    if (meta.tenant !== DEMO_TENANT || meta.origin === 'demo') return meta;
    let m = known.get(meta);
    if (m === undefined) {
      m = { ...meta, origin: 'demo' };
      known.set(meta, m);
    }
    return m;
  };
  return {
    received: (meta, count, bytes) => intake.received(as(meta), count, bytes),
    dropped: (meta, reason, count) => intake.dropped(as(meta), reason, count),
    offer: (record) => intake.offer({ ...record, meta: as(record.meta) }),
    durable: () => intake.durable(),
    room: () => intake.room(),
    seenBefore: (tenant, key) => intake.seenBefore(tenant, key),
    ...(intake.seen === undefined
      ? {}
      : { seen: (tenant: string, key: string) => intake.seen?.(tenant, key) ?? false }),
  };
}
