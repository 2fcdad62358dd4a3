/** Test support: a pipeline on the real engine and control database in a temporary folder. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog } from '../base/log.ts';
import { rulesFromFiles } from '../detect/load.ts';
import { readTaxonomy } from '../detect/taxonomy.ts';
import type { RecordMeta } from '../model/record.ts';
import type { ControlStore } from '../store/control/control-store.ts';
import { openControl } from '../store/control/open-control.ts';
import { type Engine, startEngine } from '../store/engine/engine.ts';
import { EventStore } from '../store/events.ts';
import { PLAIN_TABLES } from '../store/migrate.ts';
import { type Content, makeContent } from './content.ts';
import { Pipeline } from './pipeline.ts';
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

export async function openRig(
  dataDir = mkdtempSync(join(tmpdir(), 'vigil-pipeline-')),
  more: { content?: Content; log?: Log } = {},
): Promise<Rig> {
  const log = more.log ?? silentLog;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const engine = await startEngine({ dataDir, memoryBytes: 1024 ** 3, log });
  const store = new EventStore(engine, PLAIN_TABLES);
  await store.open();
  const control = openControl(join(dataDir, 'control.sqlite'));
  const pipeline = await Pipeline.open(
    {
      dataDir,
      sourcesDir: join(root, 'content/sources'),
      node: 1,
      workers: 1,
      journalBytesMax: 1e9,
      hostZone: 'UTC',
      hostName: 'here',
      retention: RETENTION_DEFAULT,
      networks: [],
      channels: ['webhook'],
      nowUs: () => Date.now() * 1000,
      log,
    },
    control,
    store,
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
