/**
 * `npm start`, `npm test` and the rest begin here, on built-ins only and on any Node >= 18:
 * fetch Node 24 where the machine's is older -> install packages where the lock changed -> build the console where its
 * sources changed -> run. What is prepared needs no write access. Even `npm start -- --help` prepares a fresh clone first:
 * the command line is a program of the installation. Two launchers at once share one installation; one that is killed
 * leaves no stamp behind. Held by `launch.test.ts`.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Interrupted, npm, prepare, run } from './launch-child.mjs';
import { Failure, say, withLock } from './launch-lock.mjs';

const self = fileURLToPath(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache');
const runtime = JSON.parse(readFileSync(new URL('node-runtime.json', import.meta.url), 'utf8'));
const vigil = join(root, 'src/cli/main.ts');
const text = (...path) => readFileSync(join(root, ...path), 'utf8');

const checks = () => run(process.execPath, [join(root, 'scripts/check.ts')]);
const TASKS = new Map([
  ['start', (args) => run(process.execPath, [vigil, 'start', ...args])],
  ['vigil', (args) => run(process.execPath, [vigil, ...args])],
  [
    'test',
    async (args) => (await checks()) || run(process.execPath, [join(root, 'scripts/test.ts'), ...args]),
  ],
  ['check', checks],
  [
    'dev',
    (args) => run(process.execPath, [...watched('src'), ...watched('content'), vigil, 'start', ...args]),
  ],
  ['build', () => 0],
  ['run', (args) => run(process.execPath, args)],
]);
const watched = (folder) => [`--watch-path=${join(root, folder)}`];

/** Prepares what is missing and runs a task; its exit code. */
export async function launch(argv) {
  try {
    const [name, ...args] = argv;
    const task = TASKS.get(name);
    if (task === undefined)
      throw new Failure(`the launcher knows ${[...TASKS.keys()].join(', ')}, not '${name ?? ''}'`);
    const node = readyNode() ?? (await withLock(cache, async (note) => readyNode() ?? fetchNode(note)));
    if (node !== process.execPath) return await run(node, [self, ...argv]);
    const serves =
      ['start', 'test', 'dev', 'build'].includes(name) || (name === 'vigil' && args[0] === 'start');
    if (!packagesReady() || (serves && !consoleReady())) {
      await withLock(cache, async (note) => {
        if (!packagesReady()) await install(note);
        if (serves && !consoleReady()) await buildConsole(note);
      });
    }
    return await task(args);
  } catch (e) {
    if (e instanceof Interrupted) return e.code;
    if (!(e instanceof Failure)) throw e;
    say(e.message);
    return 1;
  }
}

// ── Node ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const majorOf = (version) => Number(/^v?(\d+)\./.exec(version)?.[1]);
const isPrepared = (stamp, wanted) => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;

function nodePlaces() {
  const pin = runtime.packages[`${process.platform}-${process.arch}`];
  if (pin === undefined) {
    throw new Failure(
      `this machine has Node ${process.versions.node}, and Vigil has none to fetch for ${process.platform}-${process.arch}: install Node ${runtime.major} or newer and start again`,
    );
  }
  const dir = join(cache, `node-${pin.version}`);
  return {
    pin,
    dir,
    binary: join(dir, 'node_modules', pin.name, 'bin/node'),
    stamp: join(dir, 'stamp'),
  };
}

/** Path of a Node that is new enough: this one, or the one fetched before; undefined where one must be fetched. */
function readyNode() {
  if (majorOf(process.versions.node) >= runtime.major) return process.execPath;
  const { pin, binary, stamp } = nodePlaces();
  return isPrepared(stamp, pin.integrity) && existsSync(binary) ? binary : undefined;
}

/** Fetches the pinned Node from npm's registry. The bytes are checked by npm against the integrity in a lock of ours. */
async function fetchNode(note) {
  const { pin, dir, binary, stamp } = nodePlaces();
  say(`this machine has Node ${process.versions.node}; fetching Node ${pin.version} (once)`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const own = {
    name: 'vigil-node',
    version: '1.0.0',
    private: true,
    dependencies: { [pin.name]: pin.version },
  };
  const packages = {
    '': own,
    [`node_modules/${pin.name}`]: { version: pin.version, integrity: pin.integrity },
  };
  writeFileSync(join(dir, 'package.json'), JSON.stringify(own));
  writeFileSync(
    join(dir, 'package-lock.json'),
    JSON.stringify({ name: own.name, version: own.version, lockfileVersion: 3, requires: true, packages }),
  );
  await npm(['ci'], { cwd: dir, cache, note, problem: 'Node could not be fetched' });
  const r = await prepare(binary, ['--version'], { cwd: dir, env: process.env, note });
  if (r.code !== 0 || !(majorOf(r.output) >= runtime.major)) {
    throw new Failure(
      `the fetched Node does not run on this machine (${r.output.trim().split('\n')[0]}): install Node ${runtime.major} or newer and start again`,
    );
  }
  writeFileSync(stamp, pin.integrity);
  return binary;
}

// ── packages ──────────────────────────────────────────────────────────────────────────────────────────────────────

const packagesStamp = join(root, 'node_modules/.vigil-stamp');
const packagesWanted = () =>
  hash([
    text('package.json'),
    text('package-lock.json'),
    `${process.platform} ${process.arch} ${process.versions.modules}`,
  ]);
const packagesReady = () => isPrepared(packagesStamp, packagesWanted());

async function install(note) {
  const wanted = packagesWanted();
  const lockBefore = text('package-lock.json');
  checkLock(JSON.parse(text('package.json')), JSON.parse(lockBefore));
  // A killed npm leaves packages with half their files, which the next npm takes for whole ones.
  const unfinished = join(cache, 'installing');
  if (existsSync(unfinished)) rmSync(join(root, 'node_modules'), { recursive: true, force: true });
  say('installing packages (once; some minutes on a slow line)');
  rmSync(packagesStamp, { force: true });
  writeFileSync(unfinished, '');
  try {
    // `npm ci` fails on the engine's packages for other platforms, which not every mirror carries; `install` honours the lock.
    await npm(['install', '--include=dev', '--include=optional', '--no-save'], {
      cwd: root,
      cache,
      note,
      problem: 'the packages could not be installed',
    });
  } catch (e) {
    // npm that ends by itself cleans up.
    if (e instanceof Failure) rmSync(unfinished, { force: true });
    throw e;
  }
  rmSync(unfinished, { force: true });
  if (text('package-lock.json') !== lockBefore) {
    writeFileSync(join(root, 'package-lock.json'), lockBefore);
    throw new Failure(
      'installing changed package-lock.json: what the registry has is not what was locked; the lock is restored, nothing was started',
    );
  }
  checkInstalled(JSON.parse(lockBefore));
  writeFileSync(packagesStamp, wanted);
}

/** Where package.json asks for what is not locked, npm would install it unpinned. */
function checkLock(manifest, lock) {
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    const asked = manifest[kind] ?? {};
    const locked = lock.packages?.['']?.[kind] ?? {};
    for (const name of Object.keys({ ...asked, ...locked })) {
      if (asked[name] !== locked[name]) {
        throw new Failure(
          `package.json has ${name} ${asked[name] ?? 'no more'}, package-lock.json ${locked[name] ?? 'not'}: restore both with git, or run 'npm install --ignore-scripts' and look at the change`,
        );
      }
    }
  }
}

/** What npm says it installed is what was locked, in version and integrity. */
function checkInstalled(lock) {
  const file = 'node_modules/.package-lock.json';
  if (!existsSync(join(root, file)))
    throw new Failure(`npm ended well and left no ${file}: nothing was installed; see npm's configuration`);
  for (const [path, e] of Object.entries(JSON.parse(text(file)).packages ?? {})) {
    const pin = lock.packages?.[path];
    if (pin?.version !== e.version || pin?.integrity !== e.integrity) {
      throw new Failure(
        `npm installed ${path} ${e.version}, which is not what package-lock.json names (${pin?.version ?? 'nothing'}); nothing was started`,
      );
    }
  }
}

// ── console ───────────────────────────────────────────────────────────────────────────────────────────────────────

const consoleStamp = join(root, 'web/dist/.stamp');
function consoleWanted() {
  const files = [
    'package-lock.json',
    'tsconfig.json',
    ...walk('web'),
    ...walk('src/model'),
    ...walk('src/base'),
    'src/api/contract.ts',
  ];
  return hash(files.flatMap((f) => [f, readFileSync(join(root, f))]));
}
const consoleReady = () => isPrepared(consoleStamp, consoleWanted());

async function buildConsole(note) {
  const wanted = consoleWanted();
  say('building the console');
  rmSync(consoleStamp, { force: true });
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const env = { ...process.env, NODE_ENV: 'production' };
  const args = [vite, 'build', 'web', '--logLevel', 'warn'];
  const r = await prepare(process.execPath, args, { cwd: root, env, note, show: true });
  if (r.code !== 0) throw new Failure('the console could not be built; the lines above say why');
  writeFileSync(consoleStamp, wanted);
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

// By its real path: the folder may be reached over a link.
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === self)
  process.exitCode = await launch(process.argv.slice(2));
