/**
 * A running Vigil, wired in one place: data folder, control database, event store, rules, pipeline, doors, notifier, API.
 * `openApp` either gives all of it or one line that says what is wrong and what to do; nothing is left open then.
 */
import { availableParallelism, hostname } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ensureAdmin } from '../api/first-admin.ts';
import type { Status } from '../api/contract.ts';
import { SESSION_IDLE_US } from '../api/identity.ts';
import { type Api, makeApi } from '../api/server.ts';
import type { Log } from '../base/log.ts';
import { err, errorText, ok, type Result } from '../base/result.ts';
import type { Door } from '../collect/door.ts';
import { makeIngest } from '../collect/http-ingest.ts';
import type { Config } from '../config/schema.ts';
import { DEMO_LISTS, DEMO_NETWORKS } from '../demo/company.ts';
import type { Content } from '../pipeline/content.ts';
import { KEY_WINDOW_US } from '../pipeline/intake.ts';
import { Pipeline } from '../pipeline/pipeline.ts';
import { RuleUsage } from '../pipeline/usage.ts';
import { openControl } from '../store/control/open-control.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { EventStore } from '../store/events.ts';
import { PLAIN_TABLES } from '../store/migrate.ts';
import { apiDeps } from './api-deps.ts';
import { demoOrigin } from './demo-origin.ts';
import { openDataFolder } from './data-folder.ts';
import { listenProblem, openDoors } from './doors.ts';
import { type EngineHandle, openEngine } from './engine.ts';
import { History } from './history.ts';
import { Teacher } from './teacher.ts';
import { Live } from './live.ts';
import { isLoopback, ownNames, shownUrl } from './names.ts';
import { networksOf } from './networks.ts';
import { noteConfig } from './note-config.ts';
import { openNotifications } from './notifications.ts';
import { dropPrivileges } from './privileges.ts';
import { RuleBook } from './rule-book.ts';
import { RuleHealths } from './rule-health.ts';
import { StoreProfile } from './rule-profile.ts';
import { Rules } from './rules.ts';
import { Searches } from './searches.ts';
import { DEFAULT_TENANT, tenantsOf } from './tenants.ts';
import { consoleTls, followCertificates } from './tls.ts';

export type AppOptions = {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The installation's own folder (content, web). */
  readonly root: string;
  readonly version: string;
  readonly log: Log;
  /** False for commands that only need the stores. */
  readonly serve: boolean;
  readonly demo: boolean;
  /** Whether `say` reaches a person's terminal. */
  readonly isTTY: boolean;
  /** Sentences for the person who starts Vigil. */
  readonly say: (line: string) => void;
};

/** The API as this machine reaches it; `ca`: the certificate to expect. */
export type LocalApi = { readonly url: string; readonly ca?: string };

export type App = {
  readonly options: AppOptions;
  readonly dataDir: string;
  readonly control: ControlStore;
  readonly engine: EngineHandle;
  readonly store: EventStore;
  readonly pipeline: Pipeline;
  readonly rules: Rules;
  readonly ruleBook: RuleBook;
  readonly searches: Searches;
  readonly history: History;
  readonly teacher: Teacher;
  readonly live: Live;
  readonly doors: readonly Door[];
  readonly api: { readonly url: string; readonly local: LocalApi; readonly server: Api } | undefined;
  readonly startedAt: number;
  readonly warnings: readonly string[];
  readonly stages: NonNullable<Status['stages']>;
  now(): number;
  tenants(): readonly { id: string; title: string }[];
  close(): Promise<void>;
};

const HOUSEKEEP_EVERY_MS = 10 * 60_000;
/** A year and a month of ledger minutes, and of texts of rules that are gone; a month of sent notifications. */
const LEDGER_KEPT_US = 396 * 86_400e6;
const OUTBOX_KEPT_US = 31 * 86_400e6;
/** Matches of risk rules per entity and hour. */
const RISK_KEPT_US = 90 * 86_400e6;

export const nowUs = (): number => Math.floor((performance.timeOrigin + performance.now()) * 1000);

type Closer = () => Promise<void> | void;

export async function openApp(o: AppOptions): Promise<Result<App>> {
  const closers: Closer[] = [];
  const closeAll = (): Promise<void> => closeInTurn(closers, o.log);
  try {
    const app = await open(o, closers);
    if (!app.ok) await closeAll();
    return app;
  } catch (e) {
    await closeAll();
    return err(errorText(e));
  }
}

/** Last opened, first closed; one that fails must not leave those behind it open. */
async function closeInTurn(closers: Closer[], log: Log): Promise<void> {
  for (const c of closers.splice(0).reverse()) {
    try {
      await c();
    } catch (e) {
      log.error('a part did not close', { cause: errorText(e) });
    }
  }
}

async function open(o: AppOptions, closers: Closer[]): Promise<Result<App>> {
  const { config, log } = o;
  const folder = openDataFolder(config.data);
  if (!folder.ok) return folder;
  closers.push(() => folder.value.release());
  const dataDir = folder.value.path;
  const dropped = dropPrivileges(
    config.user,
    dataDir,
    [config.console.port, config.syslog.port, config.syslog.tlsPort],
    o.root,
  );
  if (!dropped.ok) return dropped;

  const control = openControl(join(dataDir, 'control.sqlite'));
  closers.push(() => control.close());
  const engine = await openEngine(config, dataDir, o.env, log);
  if (!engine.ok) return engine;
  closers.push(() => engine.value.stop());
  const store = new EventStore(engine.value.client, PLAIN_TABLES);
  await store.open();
  await firstLists(o, control);
  if (o.demo) control.setSetting('demo', true);

  const rules = new Rules({
    shippedDir: join(o.root, 'content/rules'),
    ownDir: isAbsolute(config.rules) ? config.rules : join(dataDir, config.rules),
    taxonomyDir: join(o.root, 'content/taxonomy'),
    cacheFile: join(dataDir, 'rule-cache.json'),
    version: o.version,
    control,
    more: o.demo ? DEMO_LISTS : new Map(),
    now: nowUs,
    log,
  });
  closers.push(() => rules.close());
  // Before rules are noted: what was changed while Vigil was stopped is told like any other weakening.
  control.noticeChannels(channelsOf(config));
  const pipeline = await openPipeline(o, { dataDir, control, store, fallback: rules.begin() });
  closers.push(() => pipeline.close());
  pipeline.reload(rules.settle(pipeline.content.rules));
  rules.watch((content) => pipeline.reload(content));

  const warnings: string[] = [];
  await selfCheck({ store, pipeline, warnings, log });
  const live = new Live(
    {
      received: () => pipeline.receivedTotal,
      pending: () => pipeline.pendingRecords,
      openAlerts: async (tenants) => {
        let n = 0;
        for (const t of tenants) for (const v of Object.values(await control.openAlertCounts(t))) n += v;
        return n;
      },
    },
    nowUs,
  );
  closers.push(() => live.close());
  pipeline.onCommit((c) => live.alerts(c.alerts));
  const stages = { records: 0, normalizeUs: 0, matchUs: 0, encodeUs: 0 };
  pipeline.onCommit((c) => {
    stages.records += c.records;
    stages.normalizeUs += c.spentUs.normalize;
    stages.matchUs += c.spentUs.match;
    stages.encodeUs += c.spentUs.encode;
  });
  control.onHumanChange((alert) => live.alerts([{ kind: 'updated', alert }]));
  control.onRaised((r) => live.alerts([r]));
  noteConfig(control, o, nowUs());
  const keeper = setInterval(() => {
    try {
      housekeep(control);
    } catch (e) {
      log.error('old rows are not removed', { cause: errorText(e) });
    }
  }, HOUSEKEEP_EVERY_MS);
  closers.push(() => clearInterval(keeper));
  housekeep(control);
  const history = new History({
    store,
    control,
    rules: () => pipeline.content.rules,
    lists: (at) => rules.lists(at),
    storedBatch: () => pipeline.storedBatch,
    channels: pipeline.channels,
    now: nowUs,
    log,
    opened: (changes) => live.alerts(changes),
  });
  closers.push(() => history.close());
  const teacher = new Teacher({
    store,
    untaught: () => pipeline.untaught,
    teach: (t) => pipeline.teach(t),
    rules: () => pipeline.content.rules,
    lists: () => rules.lists(),
    storeBehind: () => pipeline.storeTrouble !== '',
    tenants: ['default'],
    now: nowUs,
    log,
  });
  closers.push(() => teacher.close());
  const searches = new Searches({ store, control, lists: () => rules.lists(), now: nowUs });

  const app: App = {
    options: o,
    dataDir,
    control,
    engine: engine.value,
    store,
    pipeline,
    rules,
    ruleBook: openRuleBook(o, { control, store, pipeline, rules }),
    searches,
    history,
    teacher,
    live,
    doors: [],
    api: undefined,
    startedAt: nowUs(),
    warnings,
    stages,
    now: nowUs,
    tenants: () => tenantsOf(o.demo, control.setting('demo') === true),
    close: () => closeInTurn(closers, log),
  };
  return o.serve ? serve(app, closers) : ok(app);
}

function openPipeline(
  o: AppOptions,
  d: { dataDir: string; control: ControlStore; store: EventStore; fallback: Content },
): Promise<Pipeline> {
  const { config } = o;
  return Pipeline.open(
    {
      dataDir: d.dataDir,
      sourcesDir: join(o.root, 'content/sources'),
      node: config.node,
      workers: config.workers === 0 ? Math.max(1, availableParallelism() - 1) : config.workers,
      journalBytesMax: config.journal.megabytesMax * 1024 * 1024,
      hostZone: config.zone === '' ? Intl.DateTimeFormat().resolvedOptions().timeZone : config.zone,
      hostName: hostname().split('.')[0] ?? hostname(),
      retention: config.retention,
      networks: [...networksOf(config), ...(o.demo ? DEMO_NETWORKS : [])],
      channels: channelsOf(config),
      nowUs,
      log: o.log,
    },
    d.control,
    d.store,
    d.fallback,
  );
}

const channelsOf = (config: Config): string[] => [
  ...(config.notify.webhook === undefined ? [] : ['webhook']),
  ...(config.notify.smtp === undefined ? [] : ['smtp']),
];

function openRuleBook(
  o: AppOptions,
  d: { control: ControlStore; store: EventStore; pipeline: Pipeline; rules: Rules },
): RuleBook {
  const usage = new RuleUsage();
  d.pipeline.onCommit((c) => {
    if (c.usage !== undefined) usage.add(c.usage);
  });
  const sourcesDir = join(o.root, 'content/sources');
  const health = new RuleHealths({
    profile: new StoreProfile(d.store, nowUs),
    sourcesDir,
    set: () => d.rules.set,
    lists: () => d.rules.lists(),
    stats: () => d.control.ruleStats(),
    usage,
    problems: () => d.pipeline.ruleProblems,
    memory: () => d.pipeline.detectionStats.memory,
    now: nowUs,
  });
  d.control.onListChange(() => health.forget());
  return new RuleBook({
    rules: d.rules,
    control: d.control,
    health,
    problems: () => [...d.rules.problems, ...d.pipeline.ruleProblems],
    sourcesDir,
    now: nowUs,
  });
}

/** Doors, notifier, console: what a served Vigil has beyond its stores. */
async function serve(app: App, closers: Closer[]): Promise<Result<App>> {
  const { options: o, control, pipeline } = app;
  const doors = await openDoors({
    config: o.config,
    dataDir: app.dataDir,
    intake: pipeline.intake,
    position: (s) => pipeline.position(s),
    kernelDrops: (door, n) => pipeline.kernelDrops(door, n),
    tenant: DEFAULT_TENANT,
    log: o.log,
    say: o.say,
  });
  if (!doors.ok) return doors;
  const open: Door[] = [...doors.value];
  closers.push(async () => {
    for (const d of open) await d.close();
  });
  const c = o.config.console;
  const tls = await consoleTls(o.config, app.dataDir, o.say);
  if (!tls.ok) return tls;
  const ingest = makeIngest(
    { zone: o.config.zone },
    o.demo ? demoOrigin(pipeline.intake) : pipeline.intake,
    o.log,
  );
  const full: { -readonly [K in keyof App]: App[K] } = Object.assign(app, { doors: open });
  const server = await makeApi(apiDeps(full, ingest), {
    webRoot: join(o.root, 'web/dist'),
    hosts: [...c.hosts, ...ownNames(c.host)],
    ...(tls.value === undefined ? {} : { tls: tls.value }),
  });
  closers.push(() => server.close());
  closers.push(
    followCertificates(o.config, app.dataDir, { apply: (pair) => server.reloadTls(pair), log: o.log }),
  );
  if (tls.value === undefined && !isLoopback(c.host)) {
    full.warnings = [
      ...full.warnings,
      `the console speaks plain HTTP on ${c.host} (console.insecure): passwords can be read on the way`,
    ];
  }
  await ensureAdmin(control, { isTTY: o.isTTY, folder: app.dataDir, print: o.say, now: nowUs() });
  try {
    const at = await server.listen({ host: c.host, port: c.port });
    full.api = {
      url: shownUrl(at.url),
      local: {
        url: `${tls.value === undefined ? 'http' : 'https'}://127.0.0.1:${at.port}`,
        ...(tls.value === undefined ? {} : { ca: tls.value.cert }),
      },
      server,
    };
  } catch (e) {
    return err(
      listenProblem(e, { what: 'the console', host: c.host, port: c.port, setting: 'console.port' }),
    );
  }
  const notifications = openNotifications(full);
  if (!notifications.ok) return notifications;
  closers.push(notifications.value);
  app.history.start();
  app.teacher.start();
  return ok(full);
}

/** Lists of the configuration are taken over once; from then on the console keeps them. */
async function firstLists(o: AppOptions, control: ControlStore): Promise<void> {
  const there = new Set(control.lists().map((l) => l.name));
  const shipped = {
    monitored_domains: { kind: 'domain' as const, values: [] },
    approved_cas: { kind: 'text' as const, values: [] },
  };
  for (const [name, list] of Object.entries({ ...shipped, ...o.config.lists })) {
    if (there.has(name)) continue;
    const at = nowUs();
    await control.setList(
      { name, kind: list.kind, values: list.values, updatedBy: 'vigil', validFrom: at },
      {
        at,
        who: 'vigil',
        from: 'local',
        action: 'list.set',
        object: name,
        outcome: 'ok',
        detail: JSON.stringify({ from: 'configuration', values: list.values.length }),
      },
    );
  }
}

/**
 * Control-plane rows that have had their time: sessions, keys beyond their window, old ledger minutes,
 * sent notifications, texts of rules that are long gone.
 */
function housekeep(control: ControlStore): void {
  const now = nowUs();
  control.housekeep({
    now,
    sessionIdleUs: SESSION_IDLE_US,
    dedup: now - KEY_WINDOW_US,
    ledger: now - LEDGER_KEPT_US,
    outbox: now - OUTBOX_KEPT_US,
    risk: now - RISK_KEPT_US,
    versions: now - LEDGER_KEPT_US,
  });
}

/** What an operator must know at once: damage on disk. */
async function selfCheck(d: {
  store: EventStore;
  pipeline: Pipeline;
  warnings: string[];
  log: Log;
}): Promise<void> {
  const detached = await d.store.detachedParts();
  for (const p of detached)
    d.warnings.push(
      `the event store set a damaged part aside: ${p.name} (${p.reason}); its events are missing from searches`,
    );
  for (const x of d.pipeline.journalDamage)
    d.warnings.push(`the receive journal is damaged at ${x.file}:${x.offset}: ${x.what}`);
  for (const w of d.warnings) d.log.error(w);
}
