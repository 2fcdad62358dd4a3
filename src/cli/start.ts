/** `vigil start`: serves until a signal, then flushes and stops within STOP_MS_MAX. */
import { type App, type AppOptions, openApp } from '../app/app.ts';
import { type CommandRequest, openCommandSocket } from '../app/command-socket.ts';
import { openDemo } from '../app/demo.ts';
import type { Log } from '../base/log.ts';
import { EXIT_FAILED, EXIT_OK, type Output } from './output.ts';

export type StartInput = {
  readonly demo: { readonly rate: number } | undefined;
  readonly output: Output;
  readonly runCommand: (app: App, r: CommandRequest, o: Output, signal: AbortSignal) => Promise<number>;
};

/** After this the process ends whatever is left: the journal has it. */
const STOP_MS_MAX = 5000;

export async function serveUntilStopped(options: AppOptions, input: StartInput): Promise<number> {
  const { out, err } = input.output;
  let stop: () => void = () => {};
  const stopped = new Promise<void>((r) => {
    stop = r;
  });
  lastResort(options.log);
  // Not `once`: Ctrl-C reaches this process from the terminal and from the launcher, and a second signal must not cut the flush.
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      // From the first one on, also while it is still starting (a store that does not answer).
      if (!stopping) setTimeout(() => process.exit(EXIT_FAILED), STOP_MS_MAX).unref();
      stopping = true;
      stop();
    });
  const app = await openApp(options);
  if (!app.ok) {
    err(`vigil: ${app.error}`);
    return EXIT_FAILED;
  }
  const closeSocket = await openCommandSocket(
    app.value.dataDir,
    (r, reply, signal) =>
      input.runCommand(
        app.value,
        r,
        { out: (l) => reply({ out: l }), err: (l) => reply({ err: l }), isTTY: r.tty },
        signal,
      ),
    options.log,
  );
  for (const w of app.value.warnings) err(`warning: ${w}`);
  const closeDemo =
    input.demo === undefined ? undefined : await openDemo(app.value, { rate: input.demo.rate, say: out });
  for (const line of banner(app.value)) out(line);
  await stopped;
  out('stopping: what was received is being written');
  await closeDemo?.();
  await closeSocket();
  await app.value.close();
  return EXIT_OK;
}

/**
 * What no part caught. An exception may have left anything half done, so the process ends: all that was acknowledged is in
 * the journal, and the next start goes on from there. A promise that nobody waited for is a fault of the part that made it:
 * it is logged, and collecting goes on.
 */
function lastResort(log: Log): void {
  process.on('uncaughtException', (e) => {
    log.error('Vigil stops after a fault of its own; start it again, nothing that was acknowledged is lost', {
      cause: e instanceof Error ? (e.stack ?? e.message) : String(e),
    });
    process.exit(EXIT_FAILED);
  });
  process.on('unhandledRejection', (e) => {
    log.error('a fault in a part of Vigil; the others go on', {
      cause: e instanceof Error ? (e.stack ?? e.message) : String(e),
    });
  });
}

function banner(app: App): string[] {
  const c = app.options.config;
  const lines = [`Vigil is watching. Open ${app.api?.url ?? ''} and log in as admin.`];
  if (c.syslog.enabled) {
    const host = c.syslog.host === '0.0.0.0' || c.syslog.host === '::' ? 'THIS-HOST' : c.syslog.host;
    lines.push(`Point rsyslog here:  *.* @@${host}:${c.syslog.port}`);
  }
  return lines;
}
