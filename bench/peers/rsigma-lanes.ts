/**
 * Events per second of rsigma over the corpora's lanes with the whole rule corpus, on one core of this machine, as JSON:
 * bytes -> serde_json -> verdicts, the best of the ways in which it can be run. `bench/detect.ts` prints it beside ours.
 *
 * `node bench/peers/rsigma-lanes.ts [LANE..]` (default: all lanes); needs `install.ts` and the corpora (VIGIL_CORPORA).
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { findPeer, HERE, run } from './peers.ts';

export type PeerLane = {
  readonly lane: string;
  readonly events: number;
  readonly bytes: number;
  readonly matches: number;
  /** serde_json alone. */
  readonly parseEventsPerSecond: number;
  readonly eventsPerSecond: number;
  /** The way that was fastest. */
  readonly way: string;
  readonly ways: readonly (readonly [string, number])[];
};
export type PeerLanes = {
  readonly engine: string;
  readonly version: string;
  readonly rules: number;
  readonly refused: number;
  readonly loadSeconds: number;
  readonly lanes: readonly PeerLane[];
};

const MS_MAX = 300_000;
const RULES = [
  'rules',
  'rules-emerging-threats',
  'rules-threat-hunting',
  'rules-compliance',
  'rules-placeholder',
];

export const corporaDir = (): string => process.env['VIGIL_CORPORA'] ?? join(HERE, '../../../shared/corpora');

/** Undefined where rsigma or the corpora are not here. `names`: only these lanes. */
export async function rsigmaLanes(names: readonly string[] = []): Promise<PeerLanes | undefined> {
  const peer = findPeer('rsigma');
  const lanes = join(corporaDir(), 'lanes');
  if (peer === undefined || !existsSync(lanes)) return undefined;
  const dir = mkdtempSync(join(tmpdir(), 'vigil-lanes-'));
  try {
    const files: string[] = [];
    for (const f of readdirSync(lanes)
      .filter((n) => n.endsWith('.ndjson.gz'))
      .sort()) {
      const name = f.replace('.ndjson.gz', '');
      if (names.length > 0 && !names.includes(name)) continue;
      const plain = join(dir, `${name}.ndjson`);
      writeFileSync(plain, gunzipSync(readFileSync(join(lanes, f))));
      files.push(plain);
    }
    return JSON.parse(await lanesOf(peer.command, files)) as PeerLanes;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The program has one thread; where `taskset` is here it also stays on one core. */
function lanesOf(command: string, files: readonly string[]): Promise<string> {
  const rules = RULES.map((r) => join(corporaDir(), 'sigma', r)).filter((r) => existsSync(r));
  const args = ['lanes', ...rules, '--', ...files];
  return existsSync('/usr/bin/taskset')
    ? run('taskset', ['-c', '0', command, ...args], { msMax: MS_MAX })
    : run(command, args, { msMax: MS_MAX });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = await rsigmaLanes(process.argv.slice(2));
  if (found === undefined)
    console.error('skipped: rsigma (bench/peers/install.ts) or the corpora (VIGIL_CORPORA) are not here');
  else console.log(JSON.stringify(found, null, 2));
}
