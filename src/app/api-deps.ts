/** What the API asks of the rest, answered by the running Vigil. */
import type { SenderInfo, Status, Top } from '../api/contract.ts';
import type { ApiDeps } from '../api/deps.ts';
import type { makeIngest } from '../collect/http-ingest.ts';
import type { App } from './app.ts';
import { askBacktest } from './backtests.ts';
import { assist } from './assist.ts';
import { ledgerReport, senderInfos, senderKey } from './reports.ts';
import { fieldInfos } from './searches.ts';

/** Problems of rule files told one by one. */
const RULE_WARNINGS_MAX = 20;
const SENDERS_WINDOW_US = 24 * 3600e6;

export function apiDeps(app: App, ingest: ReturnType<typeof makeIngest>): ApiDeps {
  return {
    version: app.options.version,
    control: app.control,
    log: app.options.log,
    now: app.now,
    tenants: () => app.tenants(),
    demo: () => app.options.demo,
    overview: (range) => app.searches.overview(range),
    search: (r, by) => app.searches.search(r, by),
    fields: () => fieldInfos(),
    assist: (query, cursor) => assist(query, cursor, { now: app.now(), lists: app.rules.lists() }),
    event: (tenant, id) => app.searches.event(tenant, id),
    ledger: async (range) => {
      const lines = await app.pipeline.ledger.report(range);
      return ledgerReport(lines, app.pipeline.ledger.trouble);
    },
    senders: (tenants) => senders(app, tenants),
    rules: app.ruleBook,
    backtest: (asked, by) => askBacktest({ rules: app.rules, history: app.history }, asked, by),
    status: () => status(app),
    live: (tenants, send) => app.live.listen(tenants, send),
    ingest,
  };
}

async function senders(app: App, tenants: readonly string[]): Promise<SenderInfo[]> {
  const to = app.now() + 60e6;
  const from = to - SENDERS_WINDOW_US;
  const lines = await app.pipeline.ledger.report({ tenants, from, to });
  const kinds = new Map<string, Top[]>();
  const unparsed = new Map<string, number>();
  for (const tenant of tenants) {
    // Which kinds of logs they send only the store knows; that they send, the ledger does.
    const known = await app.searches.senderKinds(tenant, from, to).catch(() => []);
    for (const r of known) {
      const key = senderKey({ tenant, ...r });
      const list = kinds.get(key) ?? [];
      list.push({ value: r.source, count: r.count });
      kinds.set(key, list);
      unparsed.set(key, (unparsed.get(key) ?? 0) + r.unparsed);
    }
  }
  return senderInfos(lines, kinds, unparsed);
}

export async function status(app: App): Promise<Status> {
  const { config } = app.options;
  let store: Status['store'] = { ok: false, version: '', rows: 0, bytesOnDisk: 0, detachedParts: 0 };
  try {
    const s = await app.store.stats();
    store = {
      ok: app.pipeline.storeTrouble === '',
      version: s.version,
      rows: s.rows,
      bytesOnDisk: s.bytesOnDisk,
      detachedParts: (await app.store.detachedParts()).length,
      parts: s.parts,
    };
  } catch {
    // Unreachable: `ok: false` says so.
  }
  const warnings = [...app.warnings];
  if (app.pipeline.storeTrouble !== '')
    warnings.push(`the event store takes no events (${app.pipeline.storeTrouble}); they wait in the journal`);
  if (app.pipeline.commitTrouble !== '')
    warnings.push(
      `the control database takes no commits (${app.pipeline.commitTrouble}); alerts wait until it does`,
    );
  const late = app.history.late;
  if (late.trouble !== '')
    warnings.push(`${late.events} late events wait to be judged again (${late.trouble})`);
  const d = app.pipeline.detectionStats;
  for (const g of d.groups) {
    if (g.evictedNear > 0)
      warnings.push(
        `rule ${g.rule} had to forget ${g.evictedNear} groups that were half way to an alert: too many different keys`,
      );
  }
  for (const m of d.memory)
    if (m.evictedNear > 0)
      warnings.push(
        `rule ${m.rule} had to forget ${m.evictedNear} keys with eight events or more: too many different keys`,
      );
  for (const p of app.rules.problems.slice(0, RULE_WARNINGS_MAX))
    warnings.push(`rule ${p.file}, line ${p.line}: ${p.reason}`);
  const more = app.rules.problems.length - RULE_WARNINGS_MAX;
  if (more > 0) warnings.push(`${more} more rule files have problems: vigil rules check names them`);
  return {
    version: app.options.version,
    startedAt: app.startedAt,
    warnings,
    collectors: app.doors.map((d) => ({ door: d.name, address: d.address, ...d.state() })),
    store,
    journal: {
      bytes: app.pipeline.journalBytes,
      bytesMax: config.journal.megabytesMax * 1024 * 1024,
      pendingRecords: app.pipeline.pendingRecords,
    },
    eventsPerSecond: app.live.eventsPerSecond,
    stages: app.stages,
  };
}
