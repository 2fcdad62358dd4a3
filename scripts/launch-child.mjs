/**
 * The launcher's children. In the foreground: signals go to the child, its exit code comes back, and the launcher never
 * ends before it. While preparing: the same, the output kept for a sentence. Built-ins only, Node >= 18. Held by `launch.test.ts`.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { constants as os, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Failure, say } from './launch-lock.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Of what npm says, the end is kept. */
const OUTPUT_CHARS_MAX = 64 * 1024;
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b/;

/** The launcher was told to end while it prepared; `code` is its exit code. */
export class Interrupted extends Error {
  constructor(signal) {
    super(signal);
    this.code = 128 + os.signals[signal];
  }
}

/** Exit code as a shell gives it: the child's own, or 128 + the signal that ended it. */
const codeOf = (code, signal) => code ?? 128 + (os.signals[signal] ?? 0);

function watch(child) {
  let asked;
  const forward = (signal) => {
    asked = signal;
    child.kill(signal);
  };
  for (const s of SIGNALS) process.on(s, forward);
  return () => {
    for (const s of SIGNALS) process.removeListener(s, forward);
    return asked;
  };
}

/** Runs a program in the foreground; resolves with its exit code. Its Node comes first in PATH. */
export function run(command, args) {
  return new Promise((done) => {
    const path = `${dirname(command)}:${process.env.PATH ?? ''}`;
    const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, PATH: path } });
    const unwatch = watch(child);
    child.on('error', (e) => {
      unwatch();
      say(`cannot run ${command}: ${e.message}`);
      done(1);
    });
    child.on('exit', (code, signal) => {
      unwatch();
      done(codeOf(code, signal));
    });
  });
}

/** Runs a program that prepares something: exit code and the end of what it said. Throws Interrupted after a signal to us. */
export function prepare(command, args, { cwd, env, note, show = false }) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', show ? 2 : 'pipe', show ? 2 : 'pipe'] });
    const unwatch = watch(child);
    if (child.pid !== undefined) note?.(child.pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-OUTPUT_CHARS_MAX);
      });
    }
    child.on('error', (e) => {
      unwatch();
      done({ code: 1, output: e.message });
    });
    child.on('close', (code, signal) => {
      const asked = unwatch();
      if (asked !== undefined) failed(new Interrupted(asked));
      else done({ code: codeOf(code, signal), output });
    });
  });
}

/** npm with arguments, over the npm that started us where one did. Throws Failure: `problem`, cause, remedy. */
export async function npm(args, { cwd, cache, note, problem }) {
  const own = process.env.npm_execpath ?? '';
  // Under yarn and pnpm the variable names those.
  const [command, first] = /npm-cli\.[cm]?js$/.test(own) ? [process.execPath, [own]] : ['npm', []];
  // Settings of a person's own npm that would change what is installed, or hide why it was not.
  const firm = [
    '--ignore-scripts',
    '--package-lock',
    '--no-global',
    '--no-dry-run',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const env = { ...process.env, npm_config_cache: usableCache(join(cache, 'npm')) };
  const r = await prepare(command, [...first, ...args, ...firm], { cwd, env, note });
  if (r.code !== 0) throw new Failure(`${problem}: ${npmProblem(r)}`);
}

/** npm's cache; one of our own where the home folder cannot be written to. */
function usableCache(fallback) {
  const usual = process.env.npm_config_cache ?? join(homedir(), '.npm');
  try {
    mkdirSync(usual, { recursive: true });
    accessSync(usual, constants.W_OK | constants.X_OK);
    return usual;
  } catch {
    return fallback;
  }
}

function npmProblem({ code, output }) {
  const lines = output
    .split('\n')
    .filter((l) => /^npm (ERR!|error)/.test(l) && !/complete log of this run|\.log$/.test(l))
    .map((l) => l.replace(/^npm (ERR!|error) */, ''))
    .filter((l) => l !== '');
  const said = lines.slice(0, 4).join(' | ');
  const cause = UNREACHABLE.exec(said)?.[1];
  if (cause !== undefined) {
    const where = /https?:\/\/[^\s/]+/.exec(said)?.[0] ?? "npm's registry";
    return `${where} cannot be reached (${cause}); check the network, or registry and proxy in npm's configuration, and start again`;
  }
  if (/EINTEGRITY/.test(said))
    return `the registry sent other bytes than the pinned ones, and they were refused: ${said}`;
  if (/spawn npm ENOENT/.test(output)) return 'there is no npm on this machine; install Node with npm';
  return said || output.trim().split('\n').slice(-2).join(' | ') || `npm ended with ${code}`;
}
