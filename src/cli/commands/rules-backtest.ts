/** `vigil rules backtest RULE --since 30d`: what a rule would have found in the stored events. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { askBacktest } from '../../app/backtests.ts';
import { DEFAULT_TENANT } from '../../app/tenants.ts';
import type { BacktestResult } from '../../api/contract.ts';
import { printable } from '../../base/printable.ts';
import { parseOptions } from '../options.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, type Output } from '../output.ts';
import { type CommandInput, LOCAL } from './command.ts';

export const BACKTEST_USAGE = 'rules backtest RULE [--since 30d] [--lists now|then] [--tenant NAME] [--json]';
const OPTIONS = [
  { name: 'since', value: 'TIME', about: 'how far back: 24h, 7d, 30d (default: 30d)' },
  { name: 'lists', value: 'now|then', about: 'judge by lists as they are, or as they were (default: now)' },
  { name: 'tenant', value: 'NAME', about: 'tenant (default: default)' },
  { name: 'json', about: 'the whole answer as one JSON object' },
] as const;
const UNIT_US: Readonly<Record<string, number>> = { m: 60e6, h: 3600e6, d: 86_400e6, w: 604_800e6 };
/** A rule file that is not in force yet, bytes. */
const FILE_BYTES_MAX = 512 * 1024;

/** RULE is an id, a name, a title or a file: one of the rules in force, or any file of rules. */
export async function backtestCommand({ app, args, cwd, signal, o }: CommandInput): Promise<number> {
  const p = parseOptions(args, OPTIONS);
  if (!p.ok) return usage(o, p.error);
  const { options, rest } = p.value;
  const [wanted] = rest;
  if (wanted === undefined || rest.length > 1) return usage(o, `vigil ${BACKTEST_USAGE}`);
  const since = /^(\d{1,6})([mhdw])$/.exec(options.get('since') ?? '30d');
  if (since === null) return usage(o, '--since takes a number and a unit, such as 24h, 7d or 30d');
  const lists = options.get('lists') ?? 'now';
  if (lists !== 'now' && lists !== 'then') return usage(o, '--lists takes now or then');
  const file = draft(cwd, wanted);
  if (typeof file === 'string') return usage(o, file);
  const to = app.now();
  const tenant = options.get('tenant') ?? DEFAULT_TENANT;
  await app.control.audit({
    at: to,
    ...LOCAL,
    action: 'rule.backtest',
    object: wanted,
    outcome: 'asked',
    detail: JSON.stringify({ tenant, since: since[0] }),
  });
  const answer = await askBacktest(
    { rules: app.rules, history: app.history },
    {
      tenant,
      rule: file === undefined ? wanted : basename(wanted),
      ...(file === undefined ? {} : { yaml: file.text }),
      from: to - Number(since[1]) * (UNIT_US[since[2] ?? 'd'] ?? 86_400e6),
      to,
      lists,
    },
    { signal },
  );
  if (answer.kind !== 'done') {
    o.err(printable(answer.message));
    return EXIT_FAILED;
  }
  if (options.has('json')) o.out(JSON.stringify(answer.value));
  else for (const line of backtestText(answer.value)) o.out(line);
  return EXIT_OK;
}

/** The text of a rule file outside of the rules in force; undefined where there is no such file, a sentence where it is too large. */
function draft(cwd: string, wanted: string): { readonly text: string } | string | undefined {
  const path = resolve(cwd, wanted);
  if (!/\.ya?ml$/.test(wanted) || !existsSync(path)) return undefined;
  if (statSync(path).size > FILE_BYTES_MAX) return `${wanted} is larger than ${FILE_BYTES_MAX} bytes`;
  return { text: readFileSync(path, 'utf8') };
}

const BARS = 30;
const time = (us: number): string => new Date(us / 1000).toISOString().slice(0, 19).replace('T', ' ');
const size = (bytes: number): string =>
  bytes < 1e6
    ? `${Math.round(bytes / 1e3)} kB`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(2)} GB`;

/** The answer for a person, line by line. */
export function backtestText(b: BacktestResult): string[] {
  const out = [
    `${printable(b.rule.title)} (${b.rule.level}, version ${b.rule.version})`,
    `${time(b.from)} to ${time(b.to)}, lists ${b.lists}, enrichment as it was`,
    '',
    `${b.matches} ${b.rule.kind === 'rule' ? 'events met it' : 'events that it counts'}${b.rule.kind === 'rule' ? '' : `, met ${b.met} times`}, ${b.alerts} alerts`,
    b.forecast.days === 0
      ? 'forecast: none'
      : `forecast: ${b.forecast.perWeek} alerts a week (${b.forecast.low} to ${b.forecast.high}), from ${b.forecast.days} days of data`,
    `read ${size(b.cost.bytesRead)} in ${b.cost.rowsRead} rows, judged ${b.cost.candidates} candidates, ${(b.cost.tookMs / 1000).toFixed(1)} s`,
  ];
  const most = Math.max(1, ...b.perDay.map((d) => d.matches));
  const days = b.perDay.filter((d) => d.matches > 0 || d.alerts > 0);
  if (days.length > 0) out.push('', 'day         matches  alerts');
  for (const d of days)
    out.push(
      `${d.day}  ${String(d.matches).padStart(7)}  ${String(d.alerts).padStart(6)}  ${'#'.repeat(Math.ceil((d.matches / most) * BARS))}`,
    );
  if (b.examples.alerts.length > 0) out.push('', 'alerts:');
  for (const a of b.examples.alerts)
    out.push(`  ${time(a.firstSeen)}  ${a.severity}  ${printable(a.sentence)} (${a.count})`);
  if (b.examples.events.length > 0) out.push('', 'events:');
  for (const e of b.examples.events)
    out.push(
      `  ${time(e.ts)}  ${e.id}  ${e.fields
        .slice(0, 6)
        .map(([k, v]) => `${printable(k)}=${printable(v.slice(0, 80))}`)
        .join(' ')}`,
    );
  for (const p of b.problems) out.push(`${printable(p.file)}, line ${p.line}: ${printable(p.reason)}`);
  for (const n of b.notes) out.push(`note: ${printable(n)}`);
  return out;
}

function usage(o: Output, text: string): number {
  o.err(printable(text));
  return EXIT_USAGE;
}
