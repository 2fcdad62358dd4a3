/** `vigil COMMAND`: parses the command line and runs it; `start` serves, others use the running Vigil or open its data. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type App, type AppOptions, openApp } from '../app/app.ts';
import { askRunning, type CommandRequest } from '../app/command-socket.ts';
import { nearest } from '../base/nearest.ts';
import { makeLog, silentLog } from '../base/log.ts';
import { loadConfig } from '../config/load.ts';
import { configReference } from '../config/reference.ts';
import { COMMANDS } from './commands/table.ts';
import { rulesCommand } from './commands/rules.ts';
import { COMMON, optionHelp, parseOptions, START } from './options.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, type Output } from './output.ts';
import { serveUntilStopped } from './start.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

const terminal: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  isTTY: process.stdout.isTTY === true,
};

// Whoever read along (`| head`) may stop reading: that ends neither a command nor a running Vigil.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (e: NodeJS.ErrnoException) => {
    if (e.code !== 'EPIPE') throw e;
  });

/** A long usage gets a line of its own. */
const usageLine = (c: { usage: string; about: string }): string =>
  c.usage.length <= 60
    ? `  ${c.usage.padEnd(60)} ${c.about}`
    : `  ${c.usage}\n  ${' '.repeat(60)} ${c.about}`;

const HELP = `Vigil ${version}: a SIEM that proves that it missed nothing.

  npm start [-- OPTIONS]            start it
  npm run vigil -- COMMAND ...      everything else

Options of start:
${optionHelp(START)}

Commands:
${[...COMMANDS, rulesCommand].map(usageLine).join('\n')}
  ${'config reference'.padEnd(60)} print the reference of all settings

Commands use the running Vigil of the data folder, or open the folder themselves. Options of all: --config FILE, --data DIR.
`;

async function main(argv: readonly string[]): Promise<number> {
  process.umask(0o077);
  const [first = 'help', ...args] = argv;
  if (first === 'help' || argv.includes('--help') || argv.includes('-h')) {
    terminal.out(HELP);
    return EXIT_OK;
  }
  if (first === '--version' || first === 'version') {
    terminal.out(version);
    return EXIT_OK;
  }
  if (first === 'config' && args[0] === 'reference') {
    process.stdout.write(configReference());
    return EXIT_OK;
  }
  if (first === 'start') return start(args);
  // What a rule repository's CI asks needs no open Vigil, the rest does.
  if (first === 'rules' && rulesCommand.isOffline(args)) return rulesCommand.run({ root, args, o: terminal });
  if (COMMANDS.some((c) => c.name === first)) return command(first, args);
  const near = nearest(first, ['start', 'rules', 'config', 'help', ...COMMANDS.map((c) => c.name)]);
  terminal.err(
    `there is no command '${first}'${near === undefined ? '' : `; did you mean '${near}'?`} (vigil help lists all)`,
  );
  return EXIT_USAGE;
}

async function start(args: readonly string[]): Promise<number> {
  const p = parseOptions(args, START);
  if (!p.ok) return usage(p.error);
  if (p.value.rest.length > 0) return usage(`start takes no '${p.value.rest[0]}' (--help lists the options)`);
  const rate = Number(p.value.options.get('demo-rate') ?? 20);
  if (!(rate > 0 && rate <= 100_000))
    return usage('--demo-rate takes a number of events per second, 1 to 100000');
  const config = loadConfig({ path: p.value.options.get('config'), env: process.env, set: p.value.set });
  if (!config.ok) return usage(config.error);
  const demo = p.value.options.has('demo');
  const options: AppOptions = {
    config: config.value,
    env: process.env,
    root,
    version,
    log: makeLog(),
    serve: true,
    demo,
    isTTY: terminal.isTTY,
    say: terminal.out,
  };
  return serveUntilStopped(options, { demo: demo ? { rate } : undefined, output: terminal, runCommand });
}

/** Runs in the Vigil that is running, on behalf of another process of the same user. */
async function runCommand(app: App, r: CommandRequest, o: Output, signal: AbortSignal): Promise<number> {
  const [name, ...args] = r.argv;
  const c = COMMANDS.find((x) => x.name === name);
  return c === undefined ? EXIT_USAGE : c.run({ app, args, cwd: r.cwd, signal, o });
}

async function command(name: string, args: readonly string[]): Promise<number> {
  const mine = takeCommon(args);
  if (!mine.ok) return usage(mine.error);
  const config = loadConfig({ path: mine.options.get('config'), env: process.env, set: mine.set });
  if (!config.ok) return usage(config.error);
  const request: CommandRequest = { argv: [name, ...mine.rest], cwd: process.cwd(), tty: terminal.isTTY };
  const answered = await askRunning(config.value.data, request, (r) => {
    if (r.out !== undefined) terminal.out(r.out);
    if (r.err !== undefined) terminal.err(r.err);
  });
  if (answered !== undefined) return answered;
  if (!existsSync(config.value.data))
    return usage(
      `there is no data folder ${config.value.data}; start Vigil once, or name it with --data DIR`,
    );
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const app = await openApp({
    config: config.value,
    env: process.env,
    root,
    version,
    log: silentLog,
    serve: false,
    demo: false,
    isTTY: terminal.isTTY,
    say: terminal.out,
  });
  if (!app.ok) return usage(app.error, EXIT_FAILED);
  try {
    return await runCommand(app.value, request, terminal, stop.signal);
  } finally {
    await app.value.close();
  }
}

/** Picks --config and --data out of a command's arguments; the rest is the command's own. */
function takeCommon(
  args: readonly string[],
):
  | { ok: true; options: Map<string, string>; set: Map<string, unknown>; rest: string[] }
  | { ok: false; error: string } {
  const options = new Map<string, string>();
  const set = new Map<string, unknown>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const def = COMMON.find((d) => args[i] === `--${d.name}` || args[i]?.startsWith(`--${d.name}=`));
    if (def === undefined) {
      rest.push(args[i] as string);
      continue;
    }
    const inline = args[i]?.split('=').slice(1).join('=');
    const value = args[i]?.includes('=') === true ? inline : args[++i];
    if (value === undefined) return { ok: false, error: `--${def.name} needs a value` };
    options.set(def.name, value);
    if (def.setting !== undefined) set.set(def.setting, value);
  }
  return { ok: true, options, set, rest };
}

function usage(text: string, code: number = EXIT_USAGE): number {
  terminal.err(`vigil: ${text}`);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
