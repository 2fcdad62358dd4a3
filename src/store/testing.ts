/** For tests: an event store on an engine of its own in a temporary folder, and an event to put into it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, silentLog } from '../base/log.ts';
import { EventFields, type FieldValue, type NormalizedEvent } from '../model/event.ts';
import { type Engine, startEngine } from './engine/engine.ts';
import { preparePlaces, spawnChild } from './engine/places.ts';
import type { ChildConfig } from './engine/wire.ts';
import { type EventStore, openEventStore } from './events.ts';
import { leafHash, type RowProvenance } from './native.ts';

export type TestStore = {
  readonly engine: Engine;
  readonly store: EventStore;
  readonly dataDir: string;
  /** Ends the engine and removes the folder. */
  readonly end: () => Promise<void>;
};

export async function openTestStore(
  options: { readonly log?: Log; readonly onRestart?: () => void } = {},
): Promise<TestStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vigil-store-'));
  const engine = await startEngine({
    dataDir,
    memoryBytes: 1024 ** 3,
    log: options.log ?? silentLog,
    ...(options.onRestart === undefined ? {} : { onRestart: options.onRestart }),
  });
  const end = async (): Promise<void> => {
    await engine.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    return { engine, store: await openEventStore(engine), dataDir, end };
  } catch (e) {
    await end();
    throw e;
  }
}

/** A bare bridge with known secrets (`vigil`/`i` and `search`/`s`), for tests that speak to it themselves. */
export async function startBridge(): Promise<{ readonly socket: string; readonly end: () => Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'vigil-bridge-'));
  const memoryBytes = 1024 ** 3;
  const places = preparePlaces({ dataDir, memoryBytes });
  const child = spawnChild();
  const exited = once(child, 'exit');
  const config: ChildConfig = {
    path: places.folder,
    configFile: places.configFile,
    socket: join(places.runtime, 'x.sock'),
    bodyDir: places.bodyDir,
    bodyDirSpare: places.runtime,
    internalKey: 'i',
    searchKey: 's',
    memoryBytes,
  };
  child.stdin.write(`${JSON.stringify(config)}\n`);
  await once(child.stdout, 'data');
  const end = async (): Promise<void> => {
    child.stdin.end();
    await exited;
    for (const dir of [dataDir, places.bodyDir]) rmSync(dir, { recursive: true, force: true });
  };
  return { socket: config.socket, end };
}

/** Times of the test rows: recent enough that no TTL takes them. */
export const TEST_INGESTED = Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth(), 1) * 1000;

export function testProvenance(over: Partial<RowProvenance> = {}): RowProvenance {
  return {
    tenant: 'default',
    origin: 'live',
    retentionClass: 'standard',
    retentionDays: 365,
    node: 1,
    batch: 1,
    ord: 0,
    ingested: TEST_INGESTED,
    door: 'syslog-udp',
    sender: '192.0.2.7',
    token: '',
    leaf: leafHash({ node: 1, batch: 1, ord: 0 }, TEST_INGESTED, 'syslog-udp', new Uint8Array(0)),
    ...over,
  };
}

export function testEvent(
  fields: Readonly<Record<string, FieldValue>> | readonly (readonly [string, FieldValue])[],
  over: Partial<NormalizedEvent> & { readonly text?: string } = {},
): NormalizedEvent {
  const set = new EventFields();
  for (const [k, v] of Array.isArray(fields) ? fields : Object.entries(fields)) set.set(k, v as FieldValue);
  const { text = 'a line', ...rest } = over;
  return {
    fields: set,
    rawText: text,
    raw: Buffer.from(text),
    ts: TEST_INGESTED,
    status: 'parsed',
    source: 'test',
    parser: 'test@1',
    entities: [],
    ...rest,
  };
}
