/**
 * A real Vigil as a child process, for tests and measurements: started on free ports over a folder of its own, used over
 * its doors and its API, killed and started again on the same data. Nothing of it survives the test process.
 *
 *   await using v = await startVigil();            // waits until it listens
 *   const token = await v.token('ingest');
 *   await v.ingest(token, 'line one\nline two\n');
 *   await v.until(async () => (await v.count('')) === 2, 'both events');
 *
 * Held by every test that uses it (`test/ci`, `test/e2e`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  AlertPage,
  EventDetail,
  IngestResult,
  LedgerReport,
  SearchResult,
  Status,
  TokenCreated,
} from '../../src/api/contract.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'src/cli/main.ts');

export type VigilOptions = {
  /** An existing data folder; default: a new one, removed at the end. */
  readonly dataDir?: string;
  /** Further options of `vigil start`, such as `--demo`. */
  readonly args?: readonly string[];
  /** Text of a `vigil.yaml`. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Collect this machine's own logs too (default: no). */
  readonly hostLogs?: boolean;
  readonly startMsMax?: number;
  /** A program and its arguments that Vigil's own command line is appended to; it must `exec` it. */
  readonly wrap?: readonly string[];
};
export type Answer<T> = { readonly status: number; readonly body: T };
export type KillWhat = 'main' | 'engine' | 'both';
export type SearchOptions = {
  readonly from?: number;
  readonly to?: number;
  readonly limit?: number;
  readonly tenant?: string;
};

const START_MS_MAX = 150_000;
const OUTPUT_LINES_MAX = 2000;
const DAY_US = 86_400e6;
export const sleep = (ms: number): Promise<void> => new Promise((r) => setTimeout(r, ms));
export const nowUs = (): number => Date.now() * 1000;

/** What a test process leaves behind when it dies early is ended here. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const c of running) c.kill('SIGKILL');
});

export async function startVigil(options: VigilOptions = {}): Promise<Vigil> {
  const v = new Vigil(options);
  try {
    await v.start();
  } catch (e) {
    await v.dispose();
    throw e;
  }
  return v;
}

export class Vigil {
  readonly #o: VigilOptions;
  readonly dataDir: string;
  /** What it printed, newest last, bounded. */
  readonly output: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<number> = Promise.resolve(0);
  #cookie = '';
  #admin = '';
  port = 0;
  syslogPort = 0;
  syslogTlsPort = 0;

  constructor(options: VigilOptions) {
    this.#o = options;
    this.dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'vigil-test-'));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get pid(): number {
    return this.#child?.pid ?? 0;
  }
  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }
  /** Resolves with the exit code (128 after a signal) once the process has ended. */
  get exited(): Promise<number> {
    return this.#exited;
  }

  /** Starts it, again on the same data and ports after an end; resolves once it listens. Milliseconds taken. */
  async start(): Promise<number> {
    const from = performance.now();
    if (this.port === 0) [this.port, this.syslogPort, this.syslogTlsPort] = await freePorts();
    const configFile = join(this.dataDir, 'test-vigil.yaml');
    if (this.#o.config !== undefined) writeFileSync(configFile, this.#o.config, { mode: 0o600 });
    const args = [
      ...(this.#o.config === undefined ? [] : ['--config', configFile]),
      ...['--port', `${this.port}`, '--syslog-port', `${this.syslogPort}`],
      ...['--syslog-tls-port', `${this.syslogTlsPort}`],
      ...(this.#o.hostLogs === true ? [] : ['--no-host-logs']),
      ...(this.#o.args ?? []),
    ];
    const [program = '', ...rest] = [
      ...(this.#o.wrap ?? []),
      ...[process.execPath, MAIN, 'start', '--data', this.dataDir],
      ...args,
    ];
    const child = spawn(program, rest, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#o.env },
    });
    this.#child = child;
    running.add(child);
    this.#exited = new Promise((done) => {
      child.once('exit', (code) => {
        running.delete(child);
        done(code ?? 128);
      });
    });
    const watching = this.#keepOutput(child);
    const timer = AbortSignal.timeout(this.#o.startMsMax ?? START_MS_MAX);
    const late = new Promise<'late'>((r) => timer.addEventListener('abort', () => r('late')));
    const first = await Promise.race([watching, this.#exited, late]);
    if (first !== 'watching')
      throw new Error(`Vigil did not start (${first}):\n${this.output.slice(-40).join('\n')}`);
    return performance.now() - from;
  }

  #keepOutput(child: ChildProcess): Promise<'watching'> {
    return new Promise((watching) => {
      for (const stream of [child.stdout, child.stderr]) {
        let rest = '';
        stream?.setEncoding('utf8').on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            this.output.push(line);
            if (line.startsWith('Vigil is watching')) watching('watching');
          }
          if (this.output.length > OUTPUT_LINES_MAX)
            this.output.splice(0, this.output.length - OUTPUT_LINES_MAX);
        });
      }
    });
  }

  // ── end ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** SIGTERM and wait. Exit code and milliseconds. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<{ code: number; ms: number }> {
    const from = performance.now();
    this.#child?.kill(signal);
    const code = await this.#exited;
    return { code, ms: performance.now() - from };
  }

  /** SIGKILL. After `main` or `both` the process is gone; `engine` alone comes back by itself. */
  async kill(what: KillWhat): Promise<void> {
    const engine = what === 'main' ? 0 : this.enginePid();
    if (what !== 'engine') this.#child?.kill('SIGKILL');
    if (engine > 0) killPid(engine);
    if (what !== 'engine') await this.#exited;
  }

  async dispose(): Promise<void> {
    if (this.alive) {
      this.#child?.kill('SIGKILL');
      await this.#exited;
    }
    // The engine notices that its parent is gone and lets go of the folder.
    if (this.#o.dataDir === undefined)
      rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 40, retryDelay: 250 });
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.alive) await Promise.race([this.stop(), sleep(8000)]);
    await this.dispose();
  }

  /** Process id of the embedded engine, 0 while there is none. */
  enginePid(): number {
    return childrenOf(this.pid).find((p) => commandLine(p).includes('engine/child')) ?? 0;
  }
  /** Proportional set size of Vigil's processes together, bytes. */
  pss(): number {
    return [this.pid, ...childrenOf(this.pid)].reduce((n, p) => n + pssOf(p), 0);
  }
  /** CPU seconds (user and system) used by Vigil's processes so far. */
  cpuSeconds(): number {
    return [this.pid, ...childrenOf(this.pid)].reduce((n, p) => n + cpuOf(p), 0);
  }

  // ── API ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The first administrator's password. */
  get password(): string {
    this.#admin ||= readFileSync(join(this.dataDir, 'password-admin.txt'), 'utf8').trim();
    return this.#admin;
  }
  async login(user = 'admin', password = this.password): Promise<void> {
    const r = await fetch(`${this.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user, password }),
    });
    if (r.status !== 200) throw new Error(`login: ${r.status} ${await r.text()}`);
    this.#cookie = r.headers
      .getSetCookie()
      .map((c) => c.split(';')[0])
      .join('; ');
  }

  /** A call as the administrator. `T` is what the contract says of the route; nothing is checked here. */
  async api<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    if (this.#cookie === '') await this.login();
    const send = (): Promise<Response> =>
      fetch(`${this.url}/api/v1${path}`, {
        method,
        headers: {
          cookie: this.#cookie,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    let r = await send();
    if (r.status === 401) {
      await this.login();
      r = await send();
    }
    const text = await r.text();
    return { status: r.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }
  async get<T>(path: string): Promise<T> {
    const r = await this.api<T>('GET', path);
    if (r.status !== 200) throw new Error(`GET ${path}: ${r.status} ${JSON.stringify(r.body)}`);
    return r.body;
  }

  async token(scope: 'ingest' | 'read' | 'admin'): Promise<string> {
    const r = await this.api<TokenCreated>('POST', '/tokens', { name: `test-${scope}`, scope });
    if (r.body.token === undefined) throw new Error(`token: ${r.status} ${JSON.stringify(r.body)}`);
    return r.body.token;
  }
  async ingest(
    token: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<IngestResult>> {
    const r = await fetch(`${this.url}/api/v1/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'text/plain', ...headers },
      body,
    });
    return { status: r.status, body: (await r.json()) as IngestResult };
  }

  /** By claimed time, by default of the last day and the next ten minutes. */
  async search(query: string, o: SearchOptions = {}): Promise<SearchResult> {
    const r = await this.api<SearchResult>('POST', '/search', {
      tenant: o.tenant ?? 'default',
      query,
      from: o.from ?? nowUs() - DAY_US,
      to: o.to ?? nowUs() + 600e6,
      limit: o.limit ?? 100,
      histogram: true,
    });
    if (r.status !== 200) throw new Error(`search ${query}: ${r.status} ${JSON.stringify(r.body)}`);
    return r.body;
  }
  /** How many stored events match: `| stats count()`, asked of the store. */
  async count(query: string, o: SearchOptions = {}): Promise<number> {
    const r = await this.search(`${query} | stats count()`.trim(), o);
    return Number(r.table[0]?.[0] ?? 0);
  }
  event(id: string, tenant = 'default'): Promise<EventDetail> {
    return this.get(`/events/${encodeURIComponent(id)}?tenant=${tenant}`);
  }
  alerts(query = '', tenant = 'default'): Promise<AlertPage> {
    return this.get(`/alerts?tenant=${tenant}&limit=500${query}`);
  }
  ledger(tenant = 'default'): Promise<LedgerReport> {
    return this.get(`/ledger?tenant=${tenant}&from=${nowUs() - DAY_US}&to=${nowUs() + 120e6}`);
  }
  status(): Promise<Status> {
    return this.get('/status');
  }
  /** A command of the CLI against this data folder. */
  cli(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    return runCli([...args, '--data', this.dataDir]);
  }

  // ── syslog, waiting ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends lines over one TCP connection, newline framed; resolves once the connection has ended. */
  async syslogTcp(lines: readonly string[]): Promise<void> {
    const socket = await this.connectSyslog();
    socket.end(lines.map((l) => `${l}\n`).join(''));
    await new Promise((r) => socket.once('close', r));
  }
  connectSyslog(): Promise<Socket> {
    return new Promise((done, failed) => {
      const s = connect(this.syslogPort, '127.0.0.1', () => done(s));
      s.once('error', failed);
      s.resume();
    });
  }
  async syslogUdp(lines: readonly string[]): Promise<void> {
    const socket = createSocket('udp4');
    for (const line of lines)
      await new Promise<void>((done, failed) => {
        socket.send(line, this.syslogPort, '127.0.0.1', (e) => (e === null ? done() : failed(e)));
      });
    socket.close();
  }

  /** Asks again until it is so; fails with `what` and the latest output after `ms`. */
  async until(check: () => Promise<boolean>, what: string, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    let last = '';
    for (;;) {
      try {
        if (await check()) return;
        last = 'not so';
      } catch (e) {
        last = e instanceof Error ? e.message : String(e);
      }
      if (Date.now() > end)
        throw new Error(`waited ${ms} ms for ${what}: ${last}\n${this.output.slice(-15).join('\n')}`);
      await sleep(150);
    }
  }
  /** Waits until nothing is on its way any more: all that was received is stored and judged. */
  async settled(ms = 60_000): Promise<LedgerReport> {
    let report: LedgerReport | undefined;
    await this.until(
      async () => {
        report = await this.ledger();
        return report.totals.every((t) => t.pending === 0 && t.evaluationPending === 0);
      },
      'everything to be stored',
      ms,
    );
    return report as LedgerReport;
  }
}

export function runCli(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (c: string) => {
      out += c;
    });
    child.stderr.setEncoding('utf8').on('data', (c: string) => {
      err += c;
    });
    child.once('error', failed);
    child.once('close', (code) => done({ code: code ?? 128, out, err }));
  });
}

// ── ports and processes ───────────────────────────────────────────────────────────────────────────────────────────

/** Below the range from which the kernel gives ports to clients. */
const PORT_MIN = 20_000;
const PORT_MAX = 32_000;

/** Three ports free for TCP and UDP, chosen at random so that tests beside each other do not meet. */
export async function freePorts(): Promise<[number, number, number]> {
  const found: number[] = [];
  for (let tries = 0; found.length < 3 && tries < 300; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
    if (!found.includes(port) && (await isFree(port))) found.push(port);
  }
  const [a, b, c] = found;
  if (a === undefined || b === undefined || c === undefined) throw new Error('no free ports');
  return [a, b, c];
}

async function isFree(port: number): Promise<boolean> {
  const tcp = await new Promise<boolean>((done) => {
    const s = createServer();
    s.once('error', () => done(false));
    s.listen(port, '127.0.0.1', () => s.close(() => done(true)));
  });
  if (!tcp) return false;
  return new Promise<boolean>((done) => {
    const s = createSocket('udp4');
    s.once('error', () => done(false));
    s.bind(port, '127.0.0.1', () => s.close(() => done(true)));
  });
}

function killPid(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
const readProc = (path: string): string => {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
};
function childrenOf(pid: number): number[] {
  if (pid === 0) return [];
  return readdirSync('/proc')
    .filter((n) => /^\d+$/.test(n) && statOf(Number(n))[1] === String(pid))
    .map(Number);
}
/** Fields of /proc/PID/stat from the state on (proc(5), field 3): [0] state, [1] parent, [11] utime, [12] stime. */
const statOf = (pid: number): string[] => {
  const stat = readProc(`${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};
const commandLine = (pid: number): string => readProc(`${pid}/cmdline`).replaceAll('\0', ' ');
const pssOf = (pid: number): number =>
  1024 * Number(/^Pss:\s+(\d+)/m.exec(readProc(`${pid}/smaps_rollup`))?.[1] ?? 0);
/** Clock ticks of a second as /proc counts them (USER_HZ, 100 on every Linux that we know). */
const TICKS = 100;
const cpuOf = (pid: number): number => {
  const s = statOf(pid);
  return (Number(s[11] ?? 0) + Number(s[12] ?? 0)) / TICKS;
};
