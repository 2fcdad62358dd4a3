/**
 * A clone in miniature for `launch.test.ts`: the real launcher, a program and a console of a few lines, a lock of our own,
 * a fake npm that does as told, and a registry on this machine for the real one. Nothing outside the folder is touched.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const HERE = import.meta.dirname;
const LAUNCHER = ['launch.mjs', 'launch-lock.mjs', 'launch-child.mjs'];

/** The installed program: says what it was given, counts interrupts, ends on SIGTERM with 7. */
const PROGRAM = `
const args = process.argv.slice(2);
console.log('program', JSON.stringify(args));
if (args.includes('--exit')) process.exit(3);
if (args.includes('--die')) process.kill(process.pid, 'SIGKILL');
if (args.includes('--wait')) {
  let n = 0;
  process.on('SIGINT', () => console.log('interrupt', ++n));
  process.on('SIGTERM', () => process.exit(7));
  setInterval(() => {}, 1000);
  console.log('waiting');
}
`;
const BUILDER = `
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
appendFileSync('builds', process.env.NODE_ENV + '\\n');
mkdirSync('web/dist', { recursive: true });
writeFileSync('web/dist/index.html', '');
`;
/** Notes each call; FAKE says what goes wrong. */
const NPM = `
const fs = require('node:fs');
fs.appendFileSync('calls', JSON.stringify({ args: process.argv.slice(2), cache: process.env.npm_config_cache }) + '\\n');
const fake = process.env.FAKE ?? '';
const put = (path, text) => {
  fs.mkdirSync(require('node:path').dirname(path), { recursive: true });
  fs.writeFileSync(path, text);
};
const install = () => {
  const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  delete lock.packages[''];
  if (fake === 'other version') lock.packages['node_modules/vite'].version = '6.6.6';
  if (fake === 'other bytes') lock.packages['node_modules/vite'].integrity = 'sha512-other';
  put('node_modules/vite/bin/vite.js', fs.readFileSync('builder.mjs'));
  put('node_modules/vite/package.json', '{"type":"module"}');
  put('node_modules/.package-lock.json', JSON.stringify(lock));
  if (fake === 'changes lock') fs.appendFileSync('package-lock.json', ' ');
};
if (fake === 'fails') {
  console.error('npm error code E404\\nnpm error 404 no such package\\nnpm error A complete log of this run can be found in: /x.log');
  process.exit(1);
}
if (fake === 'hangs') {
  put('node_modules/half/package.json', '{}');
  put('npm-pid', process.pid + '\\n');
  setInterval(() => {}, 1000);
} else setTimeout(install, 400);
`;

export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };
export type Env = Readonly<Record<string, string>>;

export class Clone {
  readonly top: string;
  readonly root: string;
  readonly #children = new Set<ChildProcess>();

  constructor(runtime: object = { major: 18, packages: {} }) {
    this.top = mkdtempSync(join(tmpdir(), 'vigil launch '));
    this.root = join(this.top, "a clone's folder");
    for (const name of LAUNCHER)
      cpSync(join(HERE, name), join(this.root, 'scripts', name), { recursive: true });
    this.put('scripts/node-runtime.json', JSON.stringify(runtime));
    this.put('src/cli/main.ts', PROGRAM);
    for (const f of [
      'tsconfig.json',
      'web/main.ts',
      'src/model/x.ts',
      'src/base/x.ts',
      'src/api/contract.ts',
    ])
      this.put(f, '{}');
    this.put('builder.mjs', BUILDER);
    this.put('npm-cli.cjs', NPM);
    this.lock('vite', '1.0.0', `sha512-${'A'.repeat(86)}==`);
  }
  put(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }
  text(path: string): string {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), 'utf8') : '';
  }
  lines(path: string): string[] {
    return this.text(path).split('\n').filter(Boolean);
  }
  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }
  /** package.json and the lock, with one dependency. */
  lock(name: string, version: string, integrity: string): void {
    const own = { name: 'x', version: '1.0.0', dependencies: { [name]: version } };
    this.put('package.json', JSON.stringify({ ...own, type: 'module' }));
    this.put(
      'package-lock.json',
      JSON.stringify({
        name: 'x',
        version: '1.0.0',
        lockfileVersion: 3,
        requires: true,
        packages: { '': own, [`node_modules/${name}`]: { version, integrity } },
      }),
    );
  }

  /** The environment: none of the npm that runs this test, everything npm writes inside the clone. */
  env(more: Env): Record<string, string | undefined> {
    const env: Record<string, string | undefined> = {};
    for (const [k, v] of Object.entries(process.env)) if (!/^(npm_|NODE_ENV$|NODE_TEST)/i.test(k)) env[k] = v;
    this.put('npmrc', '');
    this.put('npmrc-global', '');
    return {
      ...env,
      HOME: this.top,
      npm_config_userconfig: join(this.root, 'npmrc'),
      npm_config_globalconfig: join(this.root, 'npmrc-global'),
      npm_config_cache: join(this.top, 'npm-cache'),
      npm_config_fetch_retries: '0',
      npm_config_update_notifier: 'false',
      ...more,
    };
  }
  fake(more: Env = {}): Env {
    return { npm_execpath: join(this.root, 'npm-cli.cjs'), ...more };
  }

  /** Starts the launcher; `ended` resolves with what it said. */
  start(
    args: readonly string[],
    env: Env,
    o: { uid?: number; script?: string } = {},
  ): { child: ChildProcess; ended: Promise<Ended>; saw: (text: string) => Promise<void> } {
    const script = o.script ?? join(this.root, 'scripts/launch.mjs');
    const child = spawn(process.execPath, [script, ...args], {
      cwd: this.root,
      env: this.env(env),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(o.uid === undefined ? {} : { uid: o.uid, gid: o.uid }),
    });
    this.#children.add(child);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (c: string) => {
      out += c;
    });
    child.stderr.setEncoding('utf8').on('data', (c: string) => {
      err += c;
    });
    const ended = new Promise<Ended>((done) => {
      child.once('close', (code) => {
        this.#children.delete(child);
        done({ code, out, err });
      });
    });
    return { child, ended, saw: (text) => until(`'${text}'`, () => (out + err).includes(text)) };
  }
  async run(args: readonly string[], env: Env = this.fake(), o: { uid?: number } = {}): Promise<Ended> {
    return this.start(args, env, o).ended;
  }
  /** Pid of the fake npm that hangs, once it does. Never 0, which would be the whole process group. */
  async npmPid(): Promise<number> {
    await until('npm at work', () => /^\d+\n$/.test(this.text('npm-pid')));
    return Number(this.text('npm-pid'));
  }
  [Symbol.dispose](): void {
    for (const c of this.#children) c.kill('SIGKILL');
    rmSync(this.top, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function until(what: string, check: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    if (check()) return;
    await new Promise((r) => setTimeout(r, 20));
  }
  throw new Error(`waited in vain for ${what}`);
}

// ── a registry ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A package of some files as npm's registry gives it, made with the machine's tar. */
export function pack(files: Readonly<Record<string, string>>): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'vigil-pack-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, 'package', path)), { recursive: true });
      writeFileSync(join(dir, 'package', path), text, { mode: 0o755 });
    }
    const r = spawnSync('tar', ['-czf', '-', 'package'], { cwd: dir, maxBuffer: 1024 * 1024 });
    if (r.status !== 0) throw new Error(`tar: ${String(r.error ?? r.stderr)}`);
    return r.stdout;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export const integrityOf = (bytes: Buffer): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`;

/** Serves one package, and states of its bytes what is true of them: an attacker owns the registry. */
export async function serveRegistry(
  name: string,
  version: string,
  bytes: Buffer,
): Promise<{ url: string; close: () => void }> {
  const server = createServer((req, res) => {
    if (req.url?.endsWith('.tgz') === true) return res.end(bytes);
    if (req.url !== `/${name}`) return res.writeHead(404).end('{}');
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const dist = { tarball: `${at}/${name}/-/${name}-${version}.tgz`, integrity: integrityOf(bytes) };
    const doc = { name, 'dist-tags': { latest: version }, versions: { [version]: { name, version, dist } } };
    res.setHeader('content-type', 'application/json');
    return res.end(JSON.stringify(doc));
  });
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
