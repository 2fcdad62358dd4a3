/** The control store's part about late work and what history finds (`control-store.ts` has the contract). */
import type { LatePart } from './control-store.ts';
import type { Sql } from './sql.ts';
import { alertsOverlapping, putAlert } from './tables/alerts.ts';
import { finishLate, lateWork } from './tables/late.ts';
import { putOutbox } from './tables/outbox.ts';

export const latePart = (sql: Sql): LatePart => ({
  lateWork: () => lateWork(sql),
  alertsOverlapping: (of) => alertsOverlapping(sql, of),
  commitLate: (c) =>
    sql.tx(() => {
      for (const a of c.alerts) putAlert(sql, a.alert);
      for (const o of c.outbox) putOutbox(sql, o);
      finishLate(sql, c.work);
    }),
});
