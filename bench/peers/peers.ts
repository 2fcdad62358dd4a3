/**
 * Two other engines that are asked the same questions as ours: rsigma (Rust) and pySigma with its SQLite back end. They
 * are fetched from their registries into a folder outside the tree (`install.ts`), so nothing of them ships.
 *
 * Contract: a peer that is not installed is `undefined`, never an error; what a peer answers is checked for its shape.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const HERE = import.meta.dirname;
/** Where the peers are: VIGIL_PEERS, or a folder of the system's for temporary files. */
export const peersDir = (): string => process.env['VIGIL_PEERS'] ?? join(tmpdir(), 'vigil-peers');

export const PEERS = ['rsigma', 'pysigma'] as const;
export type PeerName = (typeof PEERS)[number];
export type Peer = { readonly name: PeerName; readonly command: string; readonly args: readonly string[] };

/** One question: rules and the events they are asked of. Event fields have Sigma's names and lie flat. */
export type PeerCase = {
  readonly id: string;
  /** YAML, one or more documents. */
  readonly rules?: string;
  readonly files?: readonly string[];
  readonly events: readonly Readonly<Record<string, unknown>>[];
  /** Seconds since 1970 per event, for correlations. */
  readonly times?: readonly number[];
};
/** Ids of the rules that each event meets; what the peer would not load, in its words. */
export type PeerAnswer = {
  readonly id: string;
  readonly hits: readonly (readonly string[])[];
  readonly errors: readonly string[];
};

const RSIGMA = 'rsigma/bin/vigil-peer-rsigma';
const PYTHON = 'venv/bin/python';

/** The peer where it is installed. */
export function findPeer(name: PeerName, dir = peersDir()): Peer | undefined {
  const command = join(dir, name === 'rsigma' ? RSIGMA : PYTHON);
  if (!existsSync(command)) return undefined;
  return name === 'rsigma'
    ? { name, command, args: ['verdicts'] }
    : { name, command, args: [join(HERE, 'pysigma_verdicts.py')] };
}

/** Answers in the order of the cases. Throws where the peer fails, is late or answers with something else. */
export async function askPeer(peer: Peer, cases: readonly PeerCase[], msMax: number): Promise<PeerAnswer[]> {
  const text = await run(peer.command, peer.args, {
    input: cases.map((c) => JSON.stringify(c)).join('\n'),
    msMax,
  });
  const answers = text
    .split('\n')
    .filter((l) => l !== '')
    .map((l) => JSON.parse(l) as PeerAnswer);
  cases.forEach((c, i) => {
    const a = answers[i];
    if (a?.id !== c.id || !Array.isArray(a.hits) || !Array.isArray(a.errors))
      throw new Error(`${peer.name} answered case ${c.id} with ${JSON.stringify(a)?.slice(0, 300)}`);
    // A peer that could load nothing says so in `errors` and has no hits.
    if (a.hits.length !== c.events.length && a.errors.length === 0)
      throw new Error(`${peer.name}: ${a.hits.length} answers for the ${c.events.length} events of ${c.id}`);
  });
  return answers;
}

export type RunOptions = {
  readonly input?: string;
  readonly msMax: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

/** Runs a program to its end; its standard output. Throws with the end of what it printed where it fails or is late. */
export function run(command: string, args: readonly string[], o: RunOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(o.cwd === undefined ? {} : { cwd: o.cwd }),
      env: { ...process.env, ...o.env },
    });
    // Not spawn's own `timeout`: where the program cannot be started its timer goes on and holds the process.
    const timer = setTimeout(() => child.kill('SIGKILL'), o.msMax);
    const out: Buffer[] = [];
    let tail = '';
    child.stdout.on('data', (b: Buffer) => out.push(b));
    child.stderr.on('data', (b: Buffer) => {
      tail = (tail + b.toString('utf8')).slice(-2000);
    });
    child.on('error', (e) => {
      clearTimeout(timer);
      reject(e);
    });
    child.stdin.on('error', () => {
      // The program ended before it read everything; its exit code says why.
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(out).toString('utf8'));
      else reject(new Error(`${command} ${args.join(' ')}: ${signal ?? `exit code ${code}`}\n${tail}`));
    });
    child.stdin.end(o.input ?? '');
  });
}
