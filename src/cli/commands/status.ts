/** `vigil status`: what a person who has just logged in to the machine wants to know, warnings first. */
import { status } from '../../app/api-deps.ts';
import { printable } from '../../base/printable.ts';
import { ledgerReport } from '../../app/reports.ts';
import { EXIT_FAILED, EXIT_OK } from '../output.ts';
import type { Command } from './command.ts';

const DAY_US = 86_400e6;

export const statusCommand: Command = {
  name: 'status',
  usage: 'status',
  about: 'doors, store, ledger, and everything that is not as it should be',
  async run({ app, o }) {
    const s = await status(app);
    const lines = await app.pipeline.ledger.report({
      tenants: app.tenants().map((t) => t.id),
      from: app.now() - DAY_US,
      to: app.now() + 60e6,
    });
    const ledger = ledgerReport(lines, app.pipeline.ledger.trouble, 0);
    for (const w of s.warnings) o.out(`warning: ${printable(w)}`);
    o.out(
      app.api === undefined
        ? 'not running (its data was opened for this command)'
        : `running at ${app.api.url}`,
    );
    o.out(
      `store: ${s.store.ok ? 'ok' : 'NOT TAKING EVENTS'}, ${s.store.rows} events, ${Math.round(s.store.bytesOnDisk / 1e6)} MB, engine ${s.store.version}`,
    );
    o.out(
      `journal: ${Math.round(s.journal.bytes / 1e6)} of ${Math.round(s.journal.bytesMax / 1e6)} MB, ${s.journal.pendingRecords} records on their way to the store`,
    );
    for (const c of s.collectors)
      o.out(
        `door ${c.door}: ${c.state} ${printable(c.address)}${c.note === '' ? '' : ` (${printable(c.note)})`}`,
      );
    if (ledger.storeTrouble !== '')
      o.out(
        `ledger: the store does not answer (${printable(ledger.storeTrouble)}); what is stored is what it last said`,
      );
    o.out(`ledger of the last 24 hours: ${ledger.balanced ? 'balanced' : 'NOT BALANCED'}`);
    for (const t of ledger.totals) {
      const dropped = Object.entries(t.dropped).map(([r, n]) => `${n} ${r}`);
      o.out(
        `  ${t.balanced ? ' ' : '!'} ${t.door} ${printable(t.sender)}: received ${t.received} = stored ${t.stored} + quarantined ${t.quarantined} + pending ${t.pending}` +
          `${dropped.length === 0 ? '' : ` + dropped ${dropped.join(', ')}`}${t.kernelDrops === 0 ? '' : `; kernel drops ${t.kernelDrops}`}`,
      );
    }
    return s.store.ok && ledger.balanced ? EXIT_OK : EXIT_FAILED;
  },
};
