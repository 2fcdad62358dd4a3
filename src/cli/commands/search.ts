/** `vigil search 'QUERY'`: the search bar's language in a terminal. */
import { printable } from '../../base/printable.ts';
import { DEFAULT_TENANT } from '../../app/tenants.ts';
import { parseOptions } from '../options.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../output.ts';
import { type Command, LOCAL } from './command.ts';

const OPTIONS = [
  { name: 'since', value: 'TIME', about: 'how far back: 15m, 24h, 7d (default: 24h)' },
  { name: 'limit', value: 'N', about: 'rows at most (default: 50, at most 500)' },
  { name: 'tenant', value: 'NAME', about: 'tenant (default: default)' },
  { name: 'json', about: 'one JSON object per row' },
] as const;
const UNIT_US: Readonly<Record<string, number>> = { s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6, w: 604_800e6 };

export const searchCommand: Command = {
  name: 'search',
  usage: "search 'QUERY' [--since 24h] [--limit N] [--tenant NAME] [--json]",
  about: 'search the stored events',
  async run({ app, args, signal, o }) {
    const p = parseOptions(args, OPTIONS);
    if (!p.ok) {
      o.err(p.error);
      return EXIT_USAGE;
    }
    const since = /^(\d{1,6})([smhdw])$/.exec(p.value.options.get('since') ?? '24h');
    if (since === null) {
      o.err('--since takes a number and a unit, such as 15m, 24h or 7d');
      return EXIT_USAGE;
    }
    const limit = Math.min(500, Math.max(1, Number(p.value.options.get('limit') ?? 50) || 50));
    const now = app.now();
    const query = p.value.rest.join(' ');
    const tenant = p.value.options.get('tenant') ?? DEFAULT_TENANT;
    await app.control.audit({
      at: now,
      ...LOCAL,
      action: 'search',
      object: tenant,
      outcome: 'ok',
      detail: JSON.stringify({ query }),
    });
    const r = await app.searches.search(
      {
        tenant,
        query,
        from: now - Number(since[1]) * (UNIT_US[since[2] ?? 'h'] ?? 3600e6),
        to: now + 600e6,
        limit,
        histogram: true,
      },
      { signal },
    );
    if (r.kind === 'problem') {
      const at = r.position === undefined ? '' : ` (at character ${r.position.start + 1})`;
      o.err(
        `${printable(r.message)}${at}${r.suggestion === undefined ? '' : `; did you mean ${printable(r.suggestion)}?`}`,
      );
      return EXIT_FAILED;
    }
    const json = p.value.options.has('json');
    if (r.kind === 'table') {
      if (!json) o.out(r.columns.map(printable).join('\t'));
      for (const row of r.table)
        o.out(
          json
            ? JSON.stringify(r.columns.map((c, i) => [c, row[i]]))
            : row.map((v) => printable(String(v ?? ''))).join('\t'),
        );
    } else {
      for (const e of r.rows)
        o.out(
          json
            ? JSON.stringify(e)
            : `${new Date(e.ts / 1000).toISOString()}  ${printable(e.host)}  ${printable(e.message)}`,
        );
      if (!json) o.out(`${r.total} events in ${r.tookMs} ms${r.partial ? ', partial' : ''}`);
    }
    return EXIT_OK;
  },
};
