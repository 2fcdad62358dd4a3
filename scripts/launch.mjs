/**
 * `npm start`, `npm test` and the rest begin here, on built-ins only and on any Node >= 18:
 * fetch Node 24 where the machine's is older -> install packages where the lock changed -> build the console where its
 * sources changed -> run. Two launchers at once share one installation; one that is killed leaves no stamp behind.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache');
const runtime = JSON.parse(readFileSync(new URL('node-runtime.json', import.meta.url), 'utf8'));
const LOCK_WAIT_MS = 10 * 60_000;

const say = (text) => process.stderr.write(`vigil: ${text}\n`);
class Failure extends Error {}

export async function launch(argv) {
  try {
    const node = await withLock(() => ownNode());
    if (node !== process.execPath) return run(node, [fileURLToPath(import.meta.url), ...argv]);
    await withLock(() => {
      install();
      if (argv[0] === 'start' || argv[0] === 'test' || argv[0] === 'build') buildConsole();
    });
    return await task(argv);
  } catch (e) {
    if (!(e instanceof Failure)) throw e;
    say(e.message);
    return 1;
  }
}

async function task([name, ...args]) {
  const vigil = join(root, 'src/cli/main.ts');
  switch (name) {
    case 'start':
      return run(process.execPath, [vigil, 'start', ...args]);
    case 'vigil':
      return run(process.execPath, [vigil, ...args]);
    case 'test':
      return (await runChecks()) || run(process.execPath, [join(root, 'scripts/test.ts'), ...args]);
    case 'check':
      return runChecks();
    case 'dev':
      buildConsole();
      return run(process.execPath, ['--watch-path=src', '--watch-path=content', vigil, 'start', ...args]);
    case 'build':
      return 0;
    case 'run':
      return run(process.execPath, args);
    default:
      throw new Failure(
        `the launcher knows start, test, check, dev, build, vigil and run, not '${name ?? ''}'`,
      );
  }
}

const runChecks = () => run(process.execPath, [join(root, 'scripts/check.ts')]);

// ── Node ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Path of a Node that is new enough: this one, or one fetched from the registry. */
function ownNode() {
  if (Number(process.versions.node.split('.')[0]) >= runtime.major) return process.execPath;
  const pin = runtime.packages[`${process.platform}-${process.arch}`];
  if (pin === undefined) {
    throw new Failure(
      `this machine has Node ${process.versions.node}; install Node ${runtime.major} or newer and start again`,
    );
  }
  const dir = join(cache, `node-${pin.version}`);
  const binary = join(dir, 'node_modules', pin.name, 'bin/node');
  const stamp = join(dir, 'stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === pin.integrity && existsSync(binary)) return binary;
  say(`this machine has Node ${process.versions.node}; fetching Node ${pin.version} (once)`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  // A lock file with the pinned integrity: npm refuses other bytes.
  const own = {
    name: 'vigil-node',
    version: '1.0.0',
    private: true,
    dependencies: { [pin.name]: pin.version },
  };
  writeFileSync(join(dir, 'package.json'), JSON.stringify(own));
  writeFileSync(
    join(dir, 'package-lock.json'),
    JSON.stringify({
      name: own.name,
      version: own.version,
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': own,
        [`node_modules/${pin.name}`]: { version: pin.version, integrity: pin.integrity },
      },
    }),
  );
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], dir, 'Node could not be fetched');
  writeFileSync(stamp, pin.integrity);
  return binary;
}

// ── packages and console ──────────────────────────────────────────────────────────────────────────────────────────

function install() {
  const wanted = hash([
    readFileSync(join(root, 'package.json')),
    readFileSync(join(root, 'package-lock.json')),
    `${process.platform} ${process.arch} ${process.versions.modules}`,
  ]);
  const stamp = join(root, 'node_modules/.vigil-stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing packages (once)');
  const lockBefore = readFileSync(join(root, 'package-lock.json'));
  // `npm ci` fails on the engine's packages for other platforms, which not every mirror carries; `install` honours the lock.
  npm(
    [
      'install',
      '--include=dev',
      '--include=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--no-save',
    ],
    root,
    'the packages could not be installed',
  );
  if (!lockBefore.equals(readFileSync(join(root, 'package-lock.json')))) {
    throw new Failure(
      'installing changed package-lock.json: what the registry has is not what was locked; restore it with git and try again',
    );
  }
  writeFileSync(stamp, wanted);
}

function buildConsole() {
  const files = [
    'package-lock.json',
    'tsconfig.json',
    ...walk('web'),
    ...walk('src/model'),
    ...walk('src/base'),
    'src/api/contract.ts',
  ];
  const wanted = hash(files.flatMap((f) => [f, readFileSync(join(root, f))]));
  const stamp = join(root, 'web/dist/.stamp');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('building the console');
  const r = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', 'web', '--logLevel', 'warn'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  if (r.status !== 0) throw new Failure('the console could not be built; the lines above say why');
  writeFileSync(stamp, wanted);
}

function walk(dir) {
  const out = [];
  for (const e of readdirSync(join(root, dir), { withFileTypes: true })) {
    const path = join(dir, e.name);
    if (e.isDirectory()) {
      if (e.name !== 'dist' && e.name !== 'node_modules' && e.name !== '.vite') out.push(...walk(path));
    } else if (!/\.test\.tsx?$/.test(e.name)) out.push(path);
  }
  return out.sort();
}

function hash(parts) {
  const h = createHash('sha256');
  for (const p of parts) h.update(p).update('\0');
  return h.digest('hex');
}

function npm(args, cwd, problem) {
  const viaNpm = process.env.npm_execpath;
  const [command, first] =
    viaNpm !== undefined && /\.[cm]?js$/.test(viaNpm) ? [process.execPath, [viaNpm]] : ['npm', []];
  const r = spawnSync(command, [...first, ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (r.error !== undefined) throw new Failure(`${problem}: ${r.error.message}`);
  if (r.status !== 0) {
    const lines = `${r.stdout}\n${r.stderr}`
      .split('\n')
      .filter((l) => /npm (ERR|error)/.test(l) && !/log of this run/.test(l));
    throw new Failure(`${problem}: ${lines.slice(0, 4).join(' | ') || `npm ended with ${r.status}`}`);
  }
}

// ── one at a time, and the child ──────────────────────────────────────────────────────────────────────────────────

/** One launcher at a time prepares this folder; a lock whose holder is gone is taken over. */
async function withLock(work) {
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, 'launch.lock');
  const until = Date.now() + LOCK_WAIT_MS;
  for (let told = false; ; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (e) {
      if (e.code === 'EACCES' || e.code === 'EROFS')
        throw new Failure(
          `this folder cannot be written to (${relative(process.cwd(), lock)}); clone Vigil where you may write`,
        );
      if (e.code !== 'EEXIST') throw e;
      if (!holderLives(lock)) {
        rmSync(lock, { force: true });
        continue;
      }
      if (Date.now() > until)
        throw new Failure(
          `another launcher has been preparing this folder for ten minutes; if there is none, delete ${relative(process.cwd(), lock)}`,
        );
      if (!told) say('waiting for another launcher that prepares this folder');
      told = true;
      await new Promise((r) => setTimeout(r, 200));
    }
  }
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function holderLives(lock) {
  let pid;
  try {
    pid = Number(readFileSync(lock, 'utf8'));
    // Just created and not yet written, or being removed: look again.
    if (!(pid > 0)) return Date.now() - statSync(lock).mtimeMs < 5000;
  } catch {
    return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (e) {
    return e.code === 'EPERM';
  }
}

/** Runs a child in the foreground; signals go to it, its exit code comes back. */
function run(command, args) {
  return new Promise((done) => {
    const path = `${dirname(command)}:${process.env.PATH ?? ''}`;
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path } });
    const forward = (signal) => child.kill(signal);
    for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, forward);
    child.on('error', (e) => {
      say(`cannot run ${command}: ${e.message}`);
      done(1);
    });
    child.on('exit', (code, signal) => {
      for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeListener(s, forward);
      done(code ?? (signal === null ? 1 : 128));
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = await launch(process.argv.slice(2));
