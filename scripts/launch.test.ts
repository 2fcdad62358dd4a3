/** The launcher in a clone in miniature: what it fetches, installs, refuses, and how it treats its child. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Clone, type Env, integrityOf, pack, serveRegistry, until } from './launch-fixture.ts';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;
/** The real npm: the one that runs this test, or the one in PATH. */
const NPM: Env = /npm-cli\.[cm]?js$/.test(process.env['npm_execpath'] ?? '')
  ? { npm_execpath: process.env['npm_execpath'] ?? '' }
  : {};
const noNpm =
  NPM['npm_execpath'] === undefined && spawnSync('npm', ['--version']).status !== 0
    ? 'there is no npm on this machine'
    : false;
const noTar = spawnSync('tar', ['--version']).status === 0 ? false : 'there is no tar on this machine';

test('a fresh clone: packages, console, program; from then on only the program', async () => {
  using c = new Clone();
  const first = await c.run(
    ['start', '--help'],
    c.fake({ NODE_ENV: 'production', npm_config_loglevel: 'silent' }),
  );
  assert.deepEqual([first.code, first.out], [0, 'program ["start","--help"]\n'], first.err);
  assert.match(first.err, /^vigil: installing packages .*\nvigil: building the console\n$/);
  const call = JSON.parse(c.lines('calls')[0] ?? '') as { args: string[]; cache: string };
  for (const a of ['install', '--include=dev', '--ignore-scripts', '--package-lock', '--loglevel=error'])
    assert(call.args.includes(a), a);
  assert.equal(call.cache, join(c.top, 'npm-cache'));
  assert.deepEqual(c.lines('builds'), ['production']);
  const second = await c.run(['start', 'a b']);
  assert.deepEqual([second.out, second.err], ['program ["start","a b"]\n', '']);
  assert.equal(c.lines('calls').length, 1);
  c.put('web/main.ts', '{"changed":1}');
  const third = await c.run(['vigil', 'start']);
  assert.equal(third.err, 'vigil: building the console\n');
  c.put('web/main.ts', '{"changed":2}');
  const command = await c.run(['vigil', 'status']);
  assert.deepEqual([command.out, command.err], ['program ["status"]\n', ''], 'a command needs no console');
});

test('an unknown task is refused before anything is installed', async () => {
  using c = new Clone();
  const r = await c.run(['strat']);
  assert.equal(r.code, 1);
  assert.match(r.err, /^vigil: the launcher knows start, .*, not 'strat'\n$/);
  assert(!c.has('calls'));
});

test('a clone reached over a link does not stay silent', async () => {
  using c = new Clone();
  symlinkSync(c.root, join(c.top, 'link'));
  const r = await c.start(['vigil', 'x'], c.fake(), { script: join(c.top, 'link/scripts/launch.mjs') }).ended;
  assert.equal(r.out, 'program ["x"]\n');
});

// ── what is installed is what was locked ──────────────────────────────────────────────────────────────────────────

const sh = '#!/bin/sh\n';
const FAKE_NODE = `${sh}if [ "$1" = --version ]; then echo v99.0.0; else echo "fetched node: $2 $3"; exit 5; fi\n`;
const runtimeFor = (integrity: string) => ({
  major: 99,
  packages: {
    [`${process.platform}-${process.arch}`]: { name: 'a-node', version: '99.0.0', integrity },
  },
});

test('launcher: a Node package whose bytes differ from the pinned integrity is refused', {
  skip: noNpm || noTar,
}, async () => {
  const good = pack({ 'bin/node': FAKE_NODE, 'package.json': '{"name":"a-node","version":"99.0.0"}' });
  const evil = pack({
    'bin/node': `${FAKE_NODE}#`,
    'package.json': '{"name":"a-node","version":"99.0.0"}',
  });
  const [honest, hostile] = [
    await serveRegistry('a-node', '99.0.0', good),
    await serveRegistry('a-node', '99.0.0', evil),
  ];
  try {
    using c = new Clone(runtimeFor(integrityOf(good)));
    const bad = await c.run(['vigil', 'x'], { ...NPM, npm_config_registry: hostile.url });
    assert.equal(bad.code, 1, bad.err);
    assert.match(
      bad.err,
      /vigil: Node could not be fetched: the registry sent other bytes than the pinned ones, and they were refused/,
    );
    assert.equal(bad.out, '', 'nothing of it ran');
    assert(!c.has('.cache/node-99.0.0/stamp'));
    const well = await c.run(['vigil', 'x'], { ...NPM, npm_config_registry: honest.url });
    assert.deepEqual([well.code, well.out], [5, 'fetched node: vigil x\n'], well.err);
    const again = await c.run(['vigil', 'x'], { ...NPM, npm_config_registry: 'http://127.0.0.1:1/' });
    assert.deepEqual([again.out, again.err], ['fetched node: vigil x\n', ''], 'fetched once');
  } finally {
    honest.close();
    hostile.close();
  }
});

test('launcher: a package whose bytes differ from the lock is refused', {
  skip: noNpm || noTar,
}, async () => {
  const files = { 'package.json': '{"name":"dep","version":"1.0.0"}', 'x.js': 'good' };
  const registry = await serveRegistry('dep', '1.0.0', pack({ ...files, 'x.js': 'evil' }));
  try {
    using c = new Clone();
    c.lock('dep', '1.0.0', integrityOf(pack(files)));
    const before = c.text('package-lock.json');
    const r = await c.run(['vigil', 'x'], { ...NPM, npm_config_registry: registry.url });
    assert.equal(r.code, 1);
    assert.match(
      r.err,
      /the packages could not be installed: the registry sent other bytes than the pinned ones/,
    );
    assert.deepEqual([r.out, c.has('node_modules/.vigil-stamp')], ['', false]);
    assert.equal(c.text('package-lock.json'), before);
  } finally {
    registry.close();
  }
});

test('launcher: an install that changes package-lock.json, or installs what is not locked, is refused', async () => {
  for (const [fake, sentence] of [
    ['changes lock', /installing changed package-lock\.json: .*; the lock is restored, nothing was started/],
    [
      'other version',
      /npm installed node_modules\/vite 6\.6\.6, which is not what package-lock\.json names \(1\.0\.0\)/,
    ],
    ['other bytes', /npm installed node_modules\/vite 1\.0\.0, which is not what package-lock\.json names/],
  ] as const) {
    using c = new Clone();
    const before = c.text('package-lock.json');
    const r = await c.run(['vigil', 'x'], c.fake({ FAKE: fake }));
    assert.deepEqual([r.code, r.out], [1, ''], fake);
    assert.match(r.err, sentence);
    assert.equal(c.text('package-lock.json'), before, fake);
    assert(!c.has('node_modules/.vigil-stamp'), fake);
    assert.equal((await c.run(['vigil', 'x'])).code, 0, `${fake}: the next one installs again`);
  }
});

test('launcher: package.json that asks for what is not locked is refused before npm runs', async () => {
  using c = new Clone();
  c.put('package.json', '{"name":"x","type":"module","dependencies":{"vite":"1.0.1"}}');
  const r = await c.run(['vigil', 'x']);
  assert.equal(r.code, 1);
  assert.match(r.err, /package\.json has vite 1\.0\.1, package-lock\.json 1\.0\.0: restore both with git/);
  assert(!c.has('calls'));
});

// ── what goes wrong ───────────────────────────────────────────────────────────────────────────────────────────────

test('no network: one sentence that names the registry', { skip: noNpm }, async () => {
  using c = new Clone();
  const r = await c.run(['vigil', 'x'], { ...NPM, npm_config_registry: 'http://127.0.0.1:1/' });
  assert.equal(r.code, 1);
  assert.match(
    r.err,
    /vigil: the packages could not be installed: http:\/\/127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\); check the network/,
  );
});

test('npm fails: its own first lines in one', async () => {
  using c = new Clone();
  const r = await c.run(['vigil', 'x'], c.fake({ FAKE: 'fails' }));
  assert.equal(r.code, 1);
  assert.match(r.err, /could not be installed: code E404 \| 404 no such package\n$/);
});

test('an older Node and no other for this platform: one sentence', async () => {
  using c = new Clone({ major: 99, packages: {} });
  const r = await c.run(['start']);
  assert.equal(r.code, 1);
  assert.match(
    r.err,
    /^vigil: this machine has Node [\d.]+, and Vigil has none to fetch for \w+-\w+: install Node 99 or newer and start again\n$/,
  );
});

test("npm's cache cannot be written to: one of the clone's own", async () => {
  using c = new Clone();
  const file = join(c.top, 'file');
  writeFileSync(file, '');
  const r = await c.run(['vigil', 'x'], c.fake({ npm_config_cache: join(file, 'cache') }));
  assert.equal(r.code, 0, r.err);
  assert.equal(
    (JSON.parse(c.lines('calls')[0] ?? '') as { cache: string }).cache,
    join(c.root, '.cache/npm'),
  );
});

/** Whether another user can run this very Node (not where it lies in a closed home). */
const reachable =
  !isRoot || spawnSync(process.execPath, ['--version'], { uid: NOBODY, cwd: '/' }).status === 0;

test('a folder that may not be written to: prepared it runs, unprepared it says so', {
  skip: reachable ? false : `others may not run ${dirname(process.execPath)}/node`,
}, async () => {
  using c = new Clone();
  const fake = c.fake();
  const as = isRoot ? { uid: NOBODY } : {};
  c.env({});
  chmodSync(c.top, 0o755);
  chmodSync(c.root, 0o555);
  const r = await c.run(['start'], fake, as);
  assert.equal(r.code, 1, r.err);
  assert.match(
    r.err,
    /^vigil: Vigil is not prepared yet, and .*\.cache cannot be written to \(EACCES\): start it once as the owner/,
  );
  chmodSync(c.root, 0o755);
  assert.equal((await c.run(['start'])).code, 0);
  chmodSync(c.root, 0o555);
  const well = await c.run(['start'], fake, as);
  assert.deepEqual([well.code, well.out, well.err], [0, 'program ["start"]\n', '']);
  chmodSync(c.root, 0o755);
});

// ── one at a time ─────────────────────────────────────────────────────────────────────────────────────────────────

test('launchers at once share one installation', async () => {
  using c = new Clone();
  const all = await Promise.all([1, 2, 3].map((n) => c.run(['start', String(n)])));
  assert.deepEqual(
    all.map((r) => [r.code, r.out]),
    [1, 2, 3].map((n) => [0, `program ["start","${n}"]\n`]),
    all.map((r) => r.err).join(''),
  );
  assert.equal(c.lines('calls').length, 1);
  assert.equal(c.lines('builds').length, 1);
  assert(!c.has('.cache/launch.lock'));
});

test('a launcher killed while it installs leaves no stamp; the next waits for its npm, and installs afresh', async () => {
  using c = new Clone();
  const first = c.start(['start'], c.fake({ FAKE: 'hangs' }));
  const npmPid = await c.npmPid();
  first.child.kill('SIGKILL');
  try {
    // Its output is open as long as its npm lives.
    await until('the launcher is gone', () => first.child.signalCode === 'SIGKILL');
    assert(!c.has('node_modules/.vigil-stamp'));
    const second = c.start(['start'], c.fake());
    await second.saw('waiting for another launcher');
    process.kill(npmPid, 'SIGKILL');
    const r = await second.ended;
    assert.deepEqual([r.code, r.out], [0, 'program ["start"]\n'], r.err);
    assert(!c.has('node_modules/half'), 'nothing of the half installation is left');
  } finally {
    try {
      process.kill(npmPid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }
});

test('SIGTERM while it installs ends npm too, with 143', async () => {
  using c = new Clone();
  const r = c.start(['start'], c.fake({ FAKE: 'hangs' }));
  const npmPid = await c.npmPid();
  r.child.kill('SIGTERM');
  assert.equal((await r.ended).code, 143);
  assert.throws(() => process.kill(npmPid, 0), { code: 'ESRCH' });
  assert(!c.has('node_modules/.vigil-stamp') && !c.has('.cache/launch.lock'));
  assert.equal((await c.run(['start'])).code, 0);
});

test('a lock of a dead process, or of one whose pid was given out again, is taken over; an empty one after a while', async () => {
  const dead = spawnSync('true').pid;
  for (const [lock, old] of [
    [`${dead} 12345\n`, false],
    [`${process.pid} 1\n`, process.platform !== 'linux'],
    ['', true],
  ] as const) {
    using c = new Clone();
    c.put('.cache/launch.lock', lock);
    if (old) utimesSync(join(c.root, '.cache/launch.lock'), 1e9, 1e9);
    const all = await Promise.all([c.run(['vigil', 'a']), c.run(['vigil', 'b'])]);
    assert.deepEqual(
      all.map((r) => r.code),
      [0, 0],
    );
    assert.equal(c.lines('calls').length, 1, `one installation after ${JSON.stringify(lock)}`);
  }
});

// ── the child ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('the exit code is that of the program, 128 + the signal where one ended it', async () => {
  using c = new Clone();
  assert.equal((await c.run(['vigil', '--exit'])).code, 3);
  assert.equal((await c.run(['vigil', '--die'])).code, 137);
});

test('signals reach the program, and the launcher ends when it does and not before', async () => {
  using c = new Clone();
  const r = c.start(['vigil', '--wait'], c.fake());
  await r.saw('waiting');
  for (const n of [1, 2, 3]) {
    r.child.kill('SIGINT');
    await r.saw(`interrupt ${n}`);
  }
  assert.equal(r.child.exitCode, null, 'three interrupts do not end it early');
  r.child.kill('SIGTERM');
  assert.equal((await r.ended).code, 7);
});

test('the pins of the tree: exact versions, sha512', () => {
  const doc = JSON.parse(readFileSync(join(import.meta.dirname, 'node-runtime.json'), 'utf8')) as {
    major: number;
    packages: Record<string, { name: string; version: string; integrity: string }>;
  };
  assert(Object.keys(doc.packages).length > 0);
  for (const [platform, p] of Object.entries(doc.packages)) {
    assert.match(p.version, new RegExp(`^${doc.major}\\.\\d+\\.\\d+$`), platform);
    assert.match(p.integrity, /^sha512-[A-Za-z0-9+/]{86}==$/, platform);
  }
});
