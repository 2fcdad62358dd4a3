/**
 * Commands of the same user on the same machine to a running Vigil: a unix socket, 0600, in the 0700 data folder. One
 * JSON line in (`{argv, cwd, tty}`), JSON lines out (`{out}`, `{err}`, last `{exit}`).
 */
import { chmodSync, existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';

export type CommandRequest = {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly tty: boolean;
};
export type CommandReply = { readonly out?: string; readonly err?: string; readonly exit?: number };
export type CommandRunner = (
  r: CommandRequest,
  reply: (line: CommandReply) => void,
  signal: AbortSignal,
) => Promise<number>;

const REQUEST_CHARS_MAX = 256 * 1024;
/** Commands at once. */
const SOCKETS_MAX = 32;
/** A client says what it wants within this time, milliseconds. */
const REQUEST_MS = 5000;
/** Output that a client has not read yet, bytes; one that reads nothing is cut off. */
const UNREAD_MAX = 64 * 1024 * 1024;
const NAME = 'command.sock';

export async function openCommandSocket(
  dataDir: string,
  run: CommandRunner,
  log: Log,
  requestMs: number = REQUEST_MS,
): Promise<() => Promise<void>> {
  const path = join(dataDir, NAME);
  if (existsSync(path)) unlinkSync(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (sockets.size >= SOCKETS_MAX) return void socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    void serveOne(socket, run, { log, requestMs });
  });
  const before = process.umask(0o177);
  try {
    await new Promise<void>((ok, failed) => {
      server.once('error', failed);
      server.listen(path, ok);
    });
    chmodSync(path, 0o600);
  } finally {
    process.umask(before);
  }
  return async () => {
    for (const s of sockets) s.destroy();
    await new Promise<void>((r) => server.close(() => r()));
  };
}

async function serveOne(
  socket: Socket,
  run: CommandRunner,
  o: { log: Log; requestMs: number },
): Promise<void> {
  const stop = new AbortController();
  socket.on('close', () => stop.abort());
  const line = await firstLine(socket, o.requestMs);
  if (line === undefined) return;
  const reply = (r: CommandReply): void => {
    if (socket.destroyed) return;
    socket.write(`${JSON.stringify(r)}\n`);
    if (socket.writableLength > UNREAD_MAX) socket.destroy();
  };
  let exit = 1;
  try {
    exit = await run(JSON.parse(line) as CommandRequest, reply, stop.signal);
  } catch (e) {
    o.log.error('a command failed', { cause: errorText(e) });
    reply({ err: errorText(e) });
  }
  reply({ exit });
  socket.end();
}

/** Undefined where none came in time. */
function firstLine(socket: Socket, ms: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const late = setTimeout(() => socket.destroy(), ms);
    const done = (line: string | undefined): void => {
      clearTimeout(late);
      resolve(line);
    };
    socket.once('close', () => done(undefined));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) done(text.slice(0, end));
      else if (text.length > REQUEST_CHARS_MAX) socket.destroy();
    });
  });
}

/** Has a running Vigil do it; undefined where none answers. */
export function askRunning(
  dataDir: string,
  request: CommandRequest,
  show: (r: CommandReply) => void,
): Promise<number | undefined> {
  const path = join(dataDir, NAME);
  if (!existsSync(path)) return Promise.resolve(undefined);
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('error', () => done(undefined));
    socket.once('connect', () => {
      socket.write(`${JSON.stringify(request)}\n`);
      let exit = 1;
      createInterface({ input: socket }).on('line', (line) => {
        const r = JSON.parse(line) as CommandReply;
        if (r.exit !== undefined) exit = r.exit;
        show(r);
      });
      socket.once('close', () => done(exit));
    });
  });
}
