/**
 * `vigil start` as its operator meets it: how it starts, refuses and stops, what it writes where, and with which rights it
 * runs. Linux only, since it reads /proc. The parts that need root say so and skip.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts, ROOT, runCli, sleep, startVigil, Vigil } from '../support/vigil.ts';
import { rfc3164, sshLine } from './syslog-lines.ts';

/** A later start to listening: 3 s on a machine of its own, twice that where other tests run beside it. */
const START_MS_MAX = 6000;
const STOP_MS_MAX = 5000;
const isRoot = process.getuid?.() === 0;

let v: Vigil;
let scratch = '';
before(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'vigil-start-'));
  v = await startVigil({ startMsMax: 60_000 });
});
after(async () => {
  await v?.[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

/** Expects a start to be refused: one line on stderr, nothing running. */
async function refused(args: readonly string[], code: number, sentence: RegExp): Promise<void> {
  const [port, syslog] = await freePorts();
  const more = ['--syslog-tls-port', '0', '--no-host-logs'];
  const has = (name: string): boolean => args.includes(name);
  const r = await runCli([
    'start',
    ...(has('--data') ? [] : ['--data', join(scratch, 'refused')]),
    ...(has('--port') ? [] : ['--port', `${port}`]),
    ...(has('--syslog-port') ? [] : ['--syslog-port', `${syslog}`]),
    ...more,
    ...args,
  ]);
  assert.equal(r.code, code, `${r.out}${r.err}`);
  const lines = r.err.split('\n').filter((l) => l !== '');
  assert.equal(lines.length, 1, `one line, not: ${r.err}`);
  assert.match(lines[0] ?? '', sentence);
  assert.match(lines[0] ?? '', /^vigil: /);
}

// ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────

test('a second Vigil on the same data folder is refused with the process that holds it', async () => {
  await refused(
    ['--data', v.dataDir],
    1,
    new RegExp(`another Vigil \\(process ${v.pid}\\) uses the data folder`),
  );
  assert.ok(v.alive);
  assert.equal((await v.status()).store.ok, true, 'the first one is unharmed');
});

test('a port in use is named with its setting', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await new Promise((r) => busy.once('listening', r));
  const { port } = busy.address() as { port: number };
  try {
    await refused(
      ['--port', `${port}`],
      1,
      new RegExp(`127\\.0\\.0\\.1:${port}: the port is in use; .*console\\.port`),
    );
    await refused(
      ['--syslog-port', `${port}`],
      1,
      new RegExp(`:${port}: the port is in use; .*syslog\\.port`),
    );
  } finally {
    busy.close();
  }
});

test('a data folder that cannot be used, or that others can write to, is refused with the remedy', async () => {
  const open = join(scratch, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  await refused(['--data', open], 1, /other users can write to the data folder .*; run: chmod 700/);
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  await refused(
    ['--data', join(file, 'data')],
    1,
    /the data folder .* cannot be used: .*; name another one with --data/,
  );
});

test('a data folder that its user may not read is refused', {
  skip: isRoot ? 'root may read everything' : false,
}, async () => {
  const dir = join(scratch, 'closed');
  mkdirSync(dir, { mode: 0o000 });
  await refused(['--data', dir], 1, /cannot be used/);
  chmodSync(dir, 0o700);
});

test('wrong settings: which one, and what would be right', async () => {
  const config = (text: string): string => {
    const file = join(scratch, 'vigil.yaml');
    writeFileSync(file, text);
    return file;
  };
  await refused(
    ['--config', config('consle:\n  port: 1\n')],
    2,
    /there is no setting 'consle'; did you mean 'console'\?/,
  );
  await refused(
    ['--config', config('console: {prot: 1}\n')],
    2,
    /'console\.prot'; did you mean 'console\.port'\?/,
  );
  await refused(['--config', config('a: [1\n')], 2, /not valid YAML/);
  await refused(['--config', join(scratch, 'none.yaml')], 2, /none\.yaml cannot be read/);
  await refused(['--prot', '1'], 2, /there is no option --prot; did you mean --port\?/);
  await refused(['--port', '70000'], 2, /'console\.port' is wrong/);
  if (isRoot)
    await refused(['--user', 'no-such'], 1, /there is no user 'no-such' on this machine; run: adduser/);
});

test('--help lists the options; an unknown command is answered with the nearest', async () => {
  const help = await runCli(['start', '--help']);
  assert.equal(help.code, 0);
  assert.equal(help.err, '');
  for (const option of [
    '--data',
    '--port',
    '--syslog-port',
    '--syslog-tls-port',
    '--no-host-logs',
    '--user',
    '--demo',
    '--config',
  ])
    assert.match(help.out, new RegExp(`^ +${option}\\b`, 'm'));
  const odd = await runCli(['strat']);
  assert.equal(odd.code, 2);
  assert.match(odd.err, /there is no command 'strat'; did you mean 'start'\?/);
});

// ── stopping and starting again ───────────────────────────────────────────────────────────────────────────────────

test('SIGTERM and SIGINT: stopped within 5 s, with everything that was received; the next start is quick', async () => {
  let expected = await v.count('');
  const starts: number[] = [];
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const lines = Array.from({ length: 2000 }, (_, i) => rfc3164('web01', 'app', `${signal} ${i}`));
    await v.syslogTcp(lines);
    const { code, ms } = await v.stop(signal);
    assert.equal(code, 0, `${signal} is a wish, not a failure`);
    assert.ok(ms < STOP_MS_MAX, `stopped after ${Math.round(ms)} ms`);
    assert.deepEqual(
      readdirSync(v.dataDir).filter((f) => /lock|sock$/.test(f)),
      [],
      'nothing is left locked',
    );
    const start = await v.start();
    console.log(
      `# ${signal}: stopped in ${Math.round(ms)} ms; listening again after ${Math.round(start)} ms`,
    );
    starts.push(start);
    const ledger = await v.settled();
    expected += await received(ledger.totals, signal);
    assert.equal(await v.count(''), expected);
  }
  // The better of two: other tests of the suite run beside this one.
  assert.ok(Math.min(...starts) < START_MS_MAX, `listening after ${starts.map(Math.round)} ms`);
});

/** TCP syslog has no acknowledgement: what was still on its way in is lost, what Vigil counted as received is not. */
async function received(
  totals: readonly { received: number; stored: number }[],
  signal: string,
): Promise<number> {
  const n = await v.count(signal);
  assert.equal(
    totals.reduce((a, t) => a + t.received, 0),
    totals.reduce((a, t) => a + t.stored, 0),
  );
  assert.ok(n > 0 && n <= 2000, `${n} of 2000`);
  return n;
}

// ── secrets and rights ────────────────────────────────────────────────────────────────────────────────────────────

test('the data folder is for its user alone: folders 0700, files 0600, whatever the umask was', async () => {
  const wide: string[] = [];
  const walk = (dir: string): void => {
    for (const e of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, e.name);
      let mode: number;
      try {
        mode = statSync(path).mode & 0o777;
      } catch {
        continue; // Merged away by the engine meanwhile.
      }
      if ((mode & 0o077) !== 0) wide.push(`${mode.toString(8)} ${path}`);
      if (e.isDirectory()) walk(path);
    }
  };
  assert.equal(statSync(v.dataDir).mode & 0o777, 0o700);
  walk(v.dataDir);
  assert.deepEqual(wide, []);
  assert.equal(statSync(join(v.dataDir, 'password-admin.txt')).mode & 0o777, 0o600);
});

test('canary: password and tokens stand in no output, command line, environment of children, event or other file', async () => {
  const canaries = [v.password, await v.token('ingest'), await v.token('read')];
  await v.ingest(canaries[1] ?? '', 'a line\n');
  await fetch(`${v.url}/api/v1/alerts?tenant=default`, {
    headers: { authorization: `Bearer ${canaries[2]}` },
  });
  await fetch(`${v.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: v.password, password: `${v.password}x` }),
  });
  await v.settled();
  const places = new Map<string, string>([['output', v.output.join('\n')]]);
  for (const pid of processesOf(v.pid)) {
    places.set(`cmdline of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
    places.set(`environ of ${pid}`, readFileSync(`/proc/${pid}/environ`, 'latin1'));
  }
  places.set('status', JSON.stringify(await v.status()));
  places.set('tokens', JSON.stringify(await v.get('/tokens')));
  const audit = JSON.stringify(await v.get('/audit?limit=500'));
  // Who types his password as the user name has written it down himself; the rest of the trail must not hold any.
  for (const [i, c] of canaries.entries()) {
    for (const [place, text] of places) assert.ok(!text.includes(c), `canary ${i} in ${place}`);
    if (i > 0) assert.ok(!audit.includes(c), `canary ${i} in the audit trail`);
  }
  const found = filesWith(v.dataDir, canaries.slice(1));
  assert.deepEqual(found, [], 'tokens in no file of the data folder');
  const withPassword = filesWith(v.dataDir, [v.password]).filter((f) => !/control\.sqlite/.test(f));
  assert.deepEqual(withPassword, [join(v.dataDir, 'password-admin.txt')]);
  // Last, since the audit trail keeps what one searched for.
  for (const [i, c] of canaries.entries())
    assert.equal(await v.count(JSON.stringify(c)), 0, `canary ${i} among the events`);
});

/** Whether anyone may go to `path`: every folder above it lets others through. */
function enterable(path: string): boolean {
  for (let at = dirname(path); at !== '/'; at = dirname(at))
    if ((statSync(at).mode & 0o001) === 0) return false;
  return true;
}

test('as root with --user: no process keeps its rights', {
  skip: isRoot ? false : 'needs root',
}, async () => {
  const dataDir = join(scratch, 'dropped');
  chmodSync(scratch, 0o711);
  if (!enterable(process.execPath) || !enterable(join(ROOT, 'package.json'))) {
    // This tree lies where only root may go: then it is refused with the place and what to do.
    await assert.rejects(
      startVigil({ dataDir, args: ['--user', 'nobody'], startMsMax: 60_000 }),
      /user 'nobody' may not enter .+ such as \/opt\/vigil/,
    );
    return;
  }
  const other = await startVigil({ dataDir, args: ['--user', 'nobody'], startMsMax: 60_000 });
  try {
    const uid = Number(/^nobody:[^:]*:(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[1]);
    assert.ok(uid > 0);
    const all = processesOf(other.pid);
    assert.ok(all.length >= 2, 'main process and engine');
    for (const pid of all) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const what = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      assert.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'), what);
      assert.match(status, /^CapEff:\t0+$/m, what);
      assert.match(status, /^CapPrm:\t0+$/m, what);
      assert.doesNotMatch(status, /^Groups:(.* )?0( |$)/m, `${what} is still in root's group`);
    }
    const others = readdirSync(dataDir).filter((f) => statSync(join(dataDir, f)).uid !== uid);
    assert.deepEqual(others, [], 'the data belongs to the user');
    await other.syslogTcp([sshLine({ host: 'web01', ip: '10.0.0.9', user: 'root' })]);
    await other.until(async () => (await other.count('')) === 1, 'an event, stored without rights');
  } finally {
    await other.stop();
    await other.dispose();
  }
});

test('its own log, followed as a file, does not feed itself; who imitates it is kept', async () => {
  const log = join(scratch, 'own.log');
  const [port, syslog] = await freePorts();
  writeFileSync(join(scratch, 'self.yaml'), `collect:\n  files:\n    - path: ${log}\n`, { mode: 0o600 });
  const data = join(scratch, 'self');
  // The shell's own redirection, so that stderr is a file as under a service manager.
  writeFileSync(log, '');
  const args = ['--config', join(scratch, 'self.yaml'), '--data', data, '--port', `${port}`];
  const child = spawn(
    '/bin/sh',
    [
      '-c',
      'exec "$0" "$@" 2>>"$LOG"',
      process.execPath,
      join(ROOT, 'src/cli/main.ts'),
      'start',
      ...args,
      '--syslog-port',
      `${syslog}`,
      '--syslog-tls-port',
      '0',
      '--no-host-logs',
    ],
    { env: { ...process.env, LOG: log }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((r) => child.once('exit', r));
  try {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (c: string) => {
      out += c;
    });
    for (let i = 0; i < 300 && !out.includes('watching'); i++) await sleep(100);
    assert.match(out, /watching/);
    const client = new Vigil({ dataDir: data });
    client.port = port;
    client.syslogPort = syslog;
    await client.syslogTcp(
      Array.from({ length: 1000 }, (_, i) => `\u0001\u001b[31m no format ${i} {"vigil":"self"`),
    );
    await client.until(
      async () => (await client.count('"no format"')) >= 1000,
      'the lines that nobody can parse',
    );
    await client.settled();
    // What a Vigil writes, whoever makes it write a lot; and a line of somebody who wants to be overlooked.
    const own = `{"level":40,"time":"${new Date().toISOString()}","vigil":"self","msg":"refused"}\n`;
    const impostor = sshLine({ host: 'web01', ip: '203.0.113.99', user: '{"vigil":"self"}' });
    appendFileSync(log, `${own.repeat(1000)}${impostor}\n`);
    await client.until(async () => (await client.count('203.0.113.99')) === 1, 'the line of the impostor');
    const first = await client.count('');
    await sleep(1500);
    const second = await client.count('');
    assert.equal(second, first, 'it came to rest');
    assert.ok(second <= 1001 + 20, `${second - 1001} events about itself`);
    for (const line of readFileSync(log, 'utf8')
      .split('\n')
      .filter((l) => l !== '')) {
      assert.doesNotMatch(
        line,
        /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/,
        'no control character of others in the log',
      );
      if (line.startsWith('{"level')) assert.equal((JSON.parse(line) as { vigil?: string }).vigil, 'self');
    }
  } finally {
    child.kill('SIGTERM');
    await Promise.race([ended, sleep(6000)]);
    child.kill('SIGKILL');
  }
});

/** A process and all its children, from /proc. */
function processesOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // Ended meanwhile.
    }
  }
  const found = [root];
  for (let i = 0; i < found.length; i++)
    for (const [pid, parent] of parents) if (parent === found[i]) found.push(pid);
  return found;
}

/** Files under a folder that hold one of these texts. */
function filesWith(dir: string, texts: readonly string[]): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .filter((path) => {
      try {
        const bytes = readFileSync(path);
        return texts.some((t) => bytes.includes(t));
      } catch {
        return false; // Merged away by the engine meanwhile.
      }
    });
}
