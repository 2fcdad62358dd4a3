/**
 * The embedded engine: opens the chDB folder and speaks ClickHouse's HTTP interface over a unix socket, so that the same
 * client and the same SQL reach it and a ClickHouse server. A process of its own: a crash, an out-of-memory query or a
 * starved thread pool stays out of the application.
 *
 * Contract
 * - Every request needs one of two per-start secrets (Basic, or X-ClickHouse-User/-Key; never in the URL). The internal
 *   one runs our own statements; the search one passes `checkSearch`, then runs under a role that may only SELECT from
 *   `vigil.*`, with limits and `readonly=1`.
 * - Settings and parameters never outlive their request: a request that has any gets a session of its own.
 * - A closed connection kills its query in the engine.
 * - It ends when its standard input ends (the parent is gone), within a few seconds.
 * Held by `engine.int.test.ts` and `hostile.int.test.ts`.
 */
import { timingSafeEqual } from 'node:crypto';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ChdbResult, Session as ChdbSession } from 'chdb';
import { errorText } from '../../base/result.ts';
import { HttpError, type Request, type Role, readRequest, searchSettings } from './request.ts';
import { Slots } from './slots.ts';
import {
  type ChildConfig,
  type ChildMessage,
  errorCode,
  httpStatus,
  INSERT_BYTES_MAX,
  INSERTS_MAX,
  INTERNAL_MAX,
  INTERNAL_USER,
  literal,
  SEARCH_USER,
  STATEMENT_BYTES_MAX,
  SEARCHES_MAX,
  setStatement,
  WAITING_MAX,
} from './wire.ts';

/** How long a folder held by another engine is waited for. */
const LOCK_WAIT_MS_MAX = 60_000;
/** After the parent is gone, running inserts get this long to commit before the process ends by force. */
const END_MS_MAX = 3500;

const say = (message: ChildMessage): void => {
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

class Bridge {
  readonly #config: ChildConfig;
  readonly #open: () => ChdbSession;
  readonly #killer: ChdbSession;
  /** Sessions without settings or parameters of any request, for reuse. */
  readonly #idle: ChdbSession[] = [];
  readonly #slots: Readonly<Record<Role | 'insert', Slots>> = {
    internal: new Slots(INTERNAL_MAX, WAITING_MAX),
    search: new Slots(SEARCHES_MAX, WAITING_MAX),
    insert: new Slots(INSERTS_MAX, WAITING_MAX),
  };
  #bodies = 0;

  constructor(config: ChildConfig, opened: ChdbSession, openSession: () => ChdbSession) {
    this.#config = config;
    this.#open = openSession;
    this.#killer = opened;
  }

  async handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://engine');
    const role = this.#authenticate(req);
    if (url.pathname === '/ping') return void res.end('Ok.\n');
    if (url.pathname !== '/') throw new HttpError(404, 0, 'There is no such path');
    if (req.method !== 'POST' && req.method !== 'GET') throw new HttpError(405, 0, 'Only GET and POST');
    let gone = false;
    const gate = new AbortController();
    res.on('close', () => {
      gone = !res.writableFinished;
      if (gone) gate.abort();
    });
    const request = await readRequest(url, req, role);
    const slots = request.insertInto === '' ? this.#slots[role] : this.#slots.insert;
    const entered = await slots.enter(gate.signal);
    if (entered === 'full') throw new HttpError(503, 202, 'Too many statements at once, try again later');
    if (entered === 'aborted') return;
    try {
      const result = await this.#run(request, req, gate.signal);
      if (!gone) reply(res, request, result);
    } finally {
      slots.leave();
    }
  }

  /** Which of the two secrets came with the request. Both are compared, in constant time. */
  #authenticate(req: IncomingMessage): Role {
    let user = String(req.headers['x-clickhouse-user'] ?? '');
    let key = String(req.headers['x-clickhouse-key'] ?? '');
    const basic = /^Basic ([A-Za-z0-9+/=]{1,512})$/.exec(req.headers.authorization ?? '');
    if (basic !== null) {
      const pair = Buffer.from(basic[1] as string, 'base64').toString('latin1');
      const colon = pair.indexOf(':');
      user = pair.slice(0, Math.max(colon, 0));
      key = pair.slice(colon + 1);
    }
    const internal = same(key, this.#config.internalKey) && user === INTERNAL_USER;
    const search = same(key, this.#config.searchKey) && user === SEARCH_USER;
    if (internal) return 'internal';
    if (search) return 'search';
    throw new HttpError(403, 516, 'Authentication failed');
  }

  async #run(request: Request, req: IncomingMessage, gone: AbortSignal): Promise<ChdbResult> {
    let sql = request.sql;
    let body: string | undefined;
    if (request.insertInto !== '') {
      body = await this.#saveBody(req);
      sql = `INSERT INTO ${request.insertInto} FROM INFILE ${literal(body)} FORMAT Native`;
    }
    const own = request.role === 'search' || request.settings.size > 0 || request.params.size > 0;
    const session = own ? this.#open() : (this.#idle.pop() ?? this.#open());
    let clean = false;
    try {
      await this.#prepare(session, request);
      if (gone.aborted) throw new HttpError(499, 394, 'The client went away');
      const result = await this.#killable(
        request.id,
        gone,
        session.queryAsync(sql, { format: request.format }),
      );
      clean = !own;
      return result;
    } finally {
      // After an error a session can hold leftovers of its query; it is not used again.
      if (clean && this.#idle.length < INTERNAL_MAX) this.#idle.push(session);
      else session.close();
      if (body !== undefined) await unlink(body).catch(() => {});
    }
  }

  /** Identity for KILL, then parameters and settings, then (searches) the walls. Nothing can be set after `readonly`. */
  async #prepare(session: ChdbSession, request: Request): Promise<void> {
    const run = async (sql: string | undefined): Promise<void> => {
      if (sql === undefined) throw new HttpError(400, 36, 'A setting or parameter has no valid name');
      await session.queryAsync(sql);
    };
    const values = new Map<string, string>([['log_comment', request.id]]);
    for (const [k, v] of request.role === 'search'
      ? searchSettings(request, this.#config)
      : request.settings) {
      values.set(k, v);
    }
    for (const [k, v] of request.params) values.set(`param_${k}`, v);
    await run(setStatement(values));
    if (request.role !== 'search') return;
    await run('USE vigil');
    await run('SET ROLE vigil_reader');
    await run('SET readonly=1');
  }

  /** Waits for the query; kills it again and again once the client has gone (the first KILL may come too early). */
  async #killable(id: string, gone: AbortSignal, query: Promise<ChdbResult>): Promise<ChdbResult> {
    let timer: NodeJS.Timeout | undefined;
    const kill = (): void => {
      const sql = `KILL QUERY WHERE Settings['log_comment'] = ${literal(id)} ASYNC`;
      this.#killer.queryAsync(sql).catch(() => {});
      timer = setTimeout(kill, 250);
    };
    gone.addEventListener('abort', kill, { once: true });
    try {
      return await query;
    } finally {
      gone.removeEventListener('abort', kill);
      clearTimeout(timer);
    }
  }

  async #saveBody(req: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of req) {
      size += (chunk as Buffer).length;
      if (size > INSERT_BYTES_MAX)
        throw new HttpError(413, 0, `Insert of more than ${INSERT_BYTES_MAX} bytes`);
      chunks.push(chunk as Buffer);
    }
    if (!req.complete) throw new HttpError(400, 33, 'The body ended early');
    const name = `body-${process.pid}-${++this.#bodies}.native`;
    for (const dir of [this.#config.bodyDir, this.#config.bodyDirSpare]) {
      const path = join(dir, name);
      try {
        const file = await open(path, 'wx', 0o600);
        try {
          // A full tmpfs shows as a short write.
          const { bytesWritten } = await file.writev(chunks);
          if (bytesWritten !== size) throw new Error(`wrote ${bytesWritten} of ${size} bytes to ${dir}`);
        } finally {
          await file.close();
        }
        return path;
      } catch (e) {
        rmSync(path, { force: true });
        if (dir === this.#config.bodyDirSpare) throw e;
      }
    }
    throw new Error('bug: unreachable');
  }

  /** Kills what reads, and waits a little for what writes. */
  async end(): Promise<void> {
    await this.#killer
      .queryAsync("KILL QUERY WHERE query_kind = 'Select' AND query_id != queryID() ASYNC")
      .catch(() => {});
    while (this.#slots.insert.running > 0) await new Promise((r) => setTimeout(r, 20));
    for (const s of this.#idle) s.close();
    this.#killer.close();
  }
}

function same(given: string, wanted: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(wanted);
  return a.length === b.length && timingSafeEqual(a, b);
}

function reply(res: ServerResponse, request: Request, result: ChdbResult): void {
  const bytes = result.bytes();
  res.writeHead(200, {
    'content-type': request.format.startsWith('JSON')
      ? 'application/json; charset=UTF-8'
      : 'application/octet-stream',
    'content-length': bytes.length,
    'x-clickhouse-format': request.format,
    'x-clickhouse-query-id': request.id,
    'x-clickhouse-summary': JSON.stringify({
      read_rows: String(result.rowsRead),
      read_bytes: String(result.bytesRead),
      elapsed_ns: String(Math.round(result.elapsed * 1e9)),
    }),
  });
  res.end(bytes);
}

function replyError(res: ServerResponse, e: unknown): void {
  if (res.headersSent || res.destroyed) return void res.destroy();
  const text = errorText(e);
  const code = e instanceof HttpError ? e.code : errorCode(text);
  const status = e instanceof HttpError ? e.status : httpStatus(code);
  const body = Buffer.from(text.startsWith('Code: ') ? text : `Code: ${code}. DB::Exception: ${text}`);
  // An insert that was refused early may still be sending: the connection is of no more use.
  res.writeHead(status, {
    'content-type': 'text/plain; charset=UTF-8',
    'content-length': body.length,
    'x-clickhouse-exception-code': String(code),
    connection: 'close',
  });
  res.end(body);
}

/** The living process that has locked the folder, 0 if none: chDB itself only says that it could not connect. */
function lockHolder(path: string): number {
  try {
    const pid = Number(/^PID: (\d+)/.exec(readFileSync(join(path, 'status'), 'utf8'))?.[1] ?? 0);
    if (pid === 0 || pid === process.pid) return 0;
    process.kill(pid, 0);
    return pid;
  } catch {
    // No such file or process: whatever failed, it was not the lock.
    return 0;
  }
}

/** Opens the folder; while another engine holds it (one that outlived its parent), waits. */
async function openFolder(path: string, openSession: () => ChdbSession): Promise<ChdbSession> {
  const until = Date.now() + LOCK_WAIT_MS_MAX;
  for (let told = false; ; ) {
    try {
      const session = openSession();
      await session.queryAsync('SELECT 1');
      return session;
    } catch (e) {
      const holder = lockHolder(path);
      if (holder === 0) throw e;
      if (Date.now() > until)
        throw new Error(`process ${holder} holds ${path}; end it, or use another data folder`);
      if (!told)
        say({ kind: 'waiting', why: `process ${holder}, an engine of a former run, still holds the folder` });
      told = true;
      await new Promise((r) => setTimeout(r, 100));
    }
  }
}

function listen(bridge: Bridge, socket: string): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: STATEMENT_BYTES_MAX, keepAliveTimeout: 30_000 },
    (req, res) => {
      bridge.handle(req, res).catch((e: unknown) => replyError(res, e));
    },
  );
  server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, () => {
      chmodSync(socket, 0o600);
      resolve(server);
    });
  });
}

async function main(): Promise<void> {
  process.umask(0o077);
  const lines = createInterface({ input: process.stdin });
  const first = await new Promise<string>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
  if (first === '') process.exit(0);
  const config = JSON.parse(first) as ChildConfig;
  const { Session } = await import('chdb');
  const openSession = (): ChdbSession =>
    new Session(config.path, { connectionArgs: [`--config-file=${config.configFile}`] });
  // The parent is gone: nothing may be left behind, whatever state we are in.
  let bridge: Bridge | undefined;
  let server: Server | undefined;
  lines.once('close', () => {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), END_MS_MAX);
    server?.close();
    rmSync(config.socket, { force: true });
    (bridge?.end() ?? Promise.resolve()).catch(() => {}).finally(() => process.exit(0));
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  const opened = await openFolder(config.path, openSession);
  const version = (await opened.queryAsync('SELECT version()', { format: 'TSV' })).text().trim();
  bridge = new Bridge(config, opened, openSession);
  server = await listen(bridge, config.socket);
  say({ kind: 'ready', version });
}

main().catch((e: unknown) => {
  say({ kind: 'failed', why: errorText(e) });
  process.exit(1);
});
