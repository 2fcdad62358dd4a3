/** Test support: a pipeline on the real engine and control database in a temporary folder. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../base/log.ts';
import { rulesFromFiles } from '../detect/load.ts';
import { readTaxonomy } from '../detect/taxonomy.ts';
import type { RecordMeta } from '../model/record.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { openControl } from '../store/control/open-control.ts';
import { type Engine, startEngine } from '../store/engine/engine.ts';
import { EventStore } from '../store/events.ts';
import { PLAIN_TABLES } from '../store/migrate.ts';
import { type Content, makeContent } from './content.ts';
import { Pipeline, type PipelineOptions } from './pipeline.ts';
import { RETENTION_DEFAULT } from '../model/retention.ts';

const root = new URL('../../', import.meta.url).pathname;

/** Eleven failures from one address within five minutes. */
export const BRUTE_RULES = [
  `title: One failed login
id: 6d7c5f0c-0000-4000-8000-000000000001
name: one_failure
taxonomy: ecs
status: test
level: informational
logsource: { product: linux, service: sshd }
detection:
  selection: { event.action: ssh_login, event.outcome: failure }
  condition: selection
`,
  `title: More than ten failed logins from one address
id: 6d7c5f0c-0000-4000-8000-000000000002
status: test
level: high
correlation:
  type: event_count
  rules: [one_failure]
  group-by: [source.ip]
  timespan: 5m
  condition: { gt: 10 }
`,
];

export function testContent(texts: readonly string[] = BRUTE_RULES): Content {
  const loaded = rulesFromFiles(
    texts.map((text, i) => ({ path: `r${i}.yml`, text })),
    { taxonomy: readTaxonomy(join(root, 'content/taxonomy')) },
  );
  if (loaded.problems.length > 0) throw new Error(JSON.stringify(loaded.problems));
  return makeContent(loaded.set, new Map());
}

export const testMeta = (more: Partial<RecordMeta> = {}): RecordMeta => ({
  tenant: 'default',
  origin: 'live',
  door: 'syslog-tcp',
  sender: '192.0.2.1',
  token: '',
  format: 'syslog',
  source: '',
  zone: 'UTC',
  stream: '',
  ...more,
});

export type Rig = {
  readonly dataDir: string;
  readonly control: ControlStore;
  readonly engine: Engine;
  readonly store: EventStore;
  readonly pipeline: Pipeline;
  close(): Promise<void>;
};

export type RigOptions = Partial<Pick<PipelineOptions, 'workers' | 'stallMs' | 'workerScript' | 'log'>> & {
  readonly content?: Content;
  /** Stands between the pipeline and the stores. */
  readonly wrap?: (
    store: EventStore,
    control: ControlStore,
  ) => { store?: EventStore; control?: ControlStore };
};

export async function openRig(
  dataDir = mkdtempSync(join(tmpdir(), 'vigil-pipeline-')),
  more: RigOptions = {},
): Promise<Rig> {
  const log = more.log ?? silentLog;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const engine = await startEngine({ dataDir, memoryBytes: 1024 ** 3, log });
  const store = new EventStore(engine, PLAIN_TABLES);
  await store.open();
  const control = openControl(join(dataDir, 'control.sqlite'));
  const wrapped = more.wrap?.(store, control);
  const pipeline = await Pipeline.open(
    {
      dataDir,
      sourcesDir: join(root, 'content/sources'),
      node: 1,
      workers: more.workers ?? 1,
      journalBytesMax: 1e9,
      hostZone: 'UTC',
      hostName: 'here',
      retention: RETENTION_DEFAULT,
      networks: [],
      channels: ['webhook'],
      nowUs: () => Date.now() * 1000,
      log,
      ...(more.stallMs === undefined ? {} : { stallMs: more.stallMs }),
      ...(more.workerScript === undefined ? {} : { workerScript: more.workerScript }),
    },
    wrapped?.control ?? control,
    wrapped?.store ?? store,
    more.content ?? testContent(),
  );
  return {
    dataDir,
    control,
    engine,
    store,
    pipeline,
    async close() {
      await pipeline.close();
      control.close();
      await engine.stop();
    },
  };
}

/** A copy of a store in which some methods are others. */
export const withMethods = <T extends object>(of: T, methods: Partial<T>): T =>
  new Proxy(of, {
    get(target, name) {
      const other = methods[name as keyof T];
      if (other !== undefined) return other;
      const own = target[name as keyof T];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });

export const failure = (ip: string, pid: number): string =>
  `<38>${new Date().toISOString()} web01 sshd[${pid}]: Failed password for root from ${ip} port ${40000 + (pid % 20000)} ssh2`;

export function send(r: Rig, lines: readonly string[], meta = testMeta()): void {
  for (const line of lines) {
    const raw = Buffer.from(line);
    r.pipeline.intake.received(meta, 1, raw.length);
    if (r.pipeline.intake.offer({ meta, raw, pos: '' }) !== 'taken') throw new Error('the journal is full');
  }
}

export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 200; i++) {
    const v = await ask();
    if (v !== undefined) return v;
    await new Promise((r) => setTimeout(r, 50));
  }
  throw new Error(`timed out: ${what}`);
}

export const alertsOf = async (r: Rig) =>
  (await r.control.alertPage({ tenant: 'default', sort: 'newest', limit: 50 })).alerts;

/** All lines of the ledger; throws where one does not balance. */
export async function ledgerOf(r: Rig) {
  const lines = await r.pipeline.ledger.report({ tenants: ['default'], from: 0, to: 4e15 });
  for (const l of lines)
    if (!l.balanced) throw new Error(`the ledger does not balance: ${JSON.stringify(l)}`);
  return lines;
}
