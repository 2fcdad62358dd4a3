/**
 * The embedded engine, parent side: starts the child process, waits until it answers, restarts it when it dies, and
 * ends it. `connectServer` gives the same client for a ClickHouse server.
 *
 * Contract: the child runs in its own process group (Ctrl-C is ours to handle) with a scrubbed environment and ends when
 * we end, however we end. While it is down every call throws `StoreError('unavailable')`. After a restart inserts that
 * had not returned are in doubt: ask `EventStore.held` and send what is missing. Held by `engine.int.test.ts`.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Log } from '../../base/log.ts';
import { errorText } from '../../base/result.ts';
import type { SqlClient, SqlOptions, SqlResult } from './client.ts';
import { HttpSqlClient, type Target } from './http.ts';
import { type Child, type Places, preparePlaces, spawnChild } from './places.ts';
import { type ChildConfig, type ChildMessage, INTERNAL_USER, SEARCH_USER } from './wire.ts';

export type EngineOptions = {
  /** Absolute path; the engine's folder is `<dataDir>/engine`. */
  readonly dataDir: string;
  /** Ceiling of the engine's memory, bytes; at least ENGINE_MEMORY_BYTES_MIN. */
  readonly memoryBytes: number;
  readonly log: Log;
  /** Called after the engine died and answers again. In-doubt inserts must then be resolved by `held`. */
  readonly onRestart?: () => void;
};

/** From spawn to ready: opening, recovery, and waiting for an engine that outlived its parent. */
const START_MS_MAX = 120_000;
/** From the end of the child's input to its end; then it is killed. */
const STOP_MS_MAX = 4000;
const BACKOFF_MS_MIN = 200;
const BACKOFF_MS_MAX = 5000;
/** A child that lived this long was a good start: the back-off begins anew. */
const HEALTHY_MS = 3000;
export interface Engine extends SqlClient {
  readonly pid: number;
  readonly version: string;
  /** Ends the engine; resolves once the folder is free. */
  stop(): Promise<void>;
}

/** Starts the engine and waits until it answers; throws with the child's own words where it cannot start. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const engine = new EmbeddedEngine(options);
  await engine.start();
  return engine;
}

class EmbeddedEngine implements Engine {
  readonly #options: EngineOptions;
  readonly #http = new HttpSqlClient(false);
  readonly #places: Places;
  #child: Child | undefined;
  #exited: Promise<void> = Promise.resolve();
  #stopping = false;
  #backoffMs = BACKOFF_MS_MIN;
  version = '';

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#places = preparePlaces(options);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { config, target } = this.#newConfig();
    const child = spawnChild();
    this.#child = child;
    const startedAt = performance.now();
    this.#exited = new Promise((done) => {
      child.once('exit', (code, signal) => {
        done();
        this.#onExit(child, code, signal, performance.now() - startedAt);
      });
    });
    forwardErrors(child, this.#options.log);
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(config)}\n`);
    try {
      this.version = await untilReady(child, this.#options.log);
    } catch (e) {
      killGroup(child);
      throw e;
    }
    await this.#http.retarget(target);
  }

  #newConfig(): { config: ChildConfig; target: Target } {
    const { folder, runtime, bodyDir, configFile } = this.#places;
    const key = (): string => randomBytes(24).toString('base64url');
    const internal = { user: INTERNAL_USER, password: key() };
    const search = { user: SEARCH_USER, password: key() };
    const socket = join(runtime, `engine-${randomBytes(4).toString('hex')}.sock`);
    const config = {
      path: folder,
      configFile,
      socket,
      bodyDir,
      bodyDirSpare: runtime,
      internalKey: internal.password,
      searchKey: search.password,
      memoryBytes: this.#options.memoryBytes,
    };
    return { config, target: { url: 'http://localhost:8123', socketPath: socket, internal, search } };
  }

  #onExit(child: Child, code: number | null, signal: string | null, livedMs: number): void {
    if (this.#child !== child || this.#stopping || this.version === '') return;
    this.#options.log.error('the engine ended and is restarted', {
      code,
      signal,
      livedMs: Math.round(livedMs),
    });
    if (livedMs > HEALTHY_MS) this.#backoffMs = BACKOFF_MS_MIN;
    void this.#restart();
  }

  async #restart(): Promise<void> {
    await this.#http.retarget(undefined);
    while (!this.#stopping) {
      await new Promise((r) => setTimeout(r, this.#backoffMs));
      this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS_MAX);
      if (this.#stopping) return;
      try {
        this.version = '';
        await this.start();
        this.#options.log.info('the engine answers again', { pid: this.pid });
        this.#options.onRestart?.();
        return;
      } catch (e) {
        this.#options.log.error('the engine did not start', { why: errorText(e) });
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child !== undefined) {
      child.stdin.end();
      const timer = setTimeout(() => killGroup(child), STOP_MS_MAX);
      await this.#exited;
      clearTimeout(timer);
    }
    await this.#http.close();
    rmSync(this.#places.runtime, { recursive: true, force: true });
    if (this.#places.bodyDir !== this.#places.runtime)
      rmSync(this.#places.bodyDir, { recursive: true, force: true });
  }

  close(): Promise<void> {
    return this.stop();
  }
  command(sql: string, options?: SqlOptions): Promise<void> {
    return this.#http.command(sql, options);
  }
  select(sql: string, options?: SqlOptions): Promise<SqlResult> {
    return this.#http.select(sql, options);
  }
  search(sql: string, options?: SqlOptions): Promise<SqlResult> {
    return this.#http.search(sql, options);
  }
  insert(table: string, blocks: readonly Uint8Array[], token: string): Promise<void> {
    return this.#http.insert(table, blocks, token);
  }
}

function killGroup(child: Child): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function untilReady(child: Child, log: Log): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the engine was not ready after ${START_MS_MAX / 1000} s`)),
      START_MS_MAX,
    );
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(why));
    };
    child.once('error', (e) => fail(`the engine could not be started: ${errorText(e)}`));
    child.once('exit', (code, signal) =>
      fail(`the engine ended while it started (${signal ?? `code ${code}`})`),
    );
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = readMessage(line);
      if (message?.kind === 'waiting') log.warn('the engine waits', { why: message.why });
      if (message?.kind === 'failed') fail(`the engine could not open its folder: ${message.why}`);
      if (message?.kind === 'ready') {
        clearTimeout(timer);
        resolve(message.version);
      }
    });
  });
}

function readMessage(line: string): ChildMessage | undefined {
  if (!line.startsWith('{"kind":')) return undefined;
  try {
    return JSON.parse(line) as ChildMessage;
  } catch {
    return undefined;
  }
}

/** What the child writes to its standard error, at most this many lines a minute. */
const ERROR_LINES_MAX = 20;

function forwardErrors(child: Child, log: Log): void {
  let lines = 0;
  const timer = setInterval(() => {
    lines = 0;
  }, 60_000);
  timer.unref();
  child.once('exit', () => clearInterval(timer));
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '' && ++lines <= ERROR_LINES_MAX) log.warn('engine', { line: line.slice(0, 1000) });
  });
}

export type ServerOptions = {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The restricted account for searches (`readonly = 2`, SELECT on `vigil.*` only). */
  readonly queryUser: string;
  readonly queryPassword: string;
};

/** A client for a ClickHouse server. Searches are checked here, since the server does not do it for us. */
export async function connectServer(options: ServerOptions): Promise<SqlClient> {
  const http = new HttpSqlClient(true);
  await http.retarget({
    url: options.url,
    socketPath: '',
    internal: { user: options.user, password: options.password },
    search: { user: options.queryUser, password: options.queryPassword },
  });
  await http.select('SELECT 1');
  return http;
}
