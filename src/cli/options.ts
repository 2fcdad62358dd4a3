/** The command line: one table gives parser, help and docs. */
import { nearest } from '../base/nearest.ts';
import { err, ok, type Result } from '../base/result.ts';

export type OptionDef = {
  readonly name: string;
  readonly value?: string;
  readonly about: string;
  readonly setting?: string;
  readonly on?: unknown;
};

/** Options of every command that opens a data folder. */
export const COMMON: readonly OptionDef[] = [
  { name: 'config', value: 'FILE', about: 'configuration file (default: vigil.yaml here, if there is one)' },
  { name: 'data', value: 'DIR', about: 'data folder (default: ./data)', setting: 'data' },
];
export const START: readonly OptionDef[] = [
  ...COMMON,
  {
    name: 'host',
    value: 'ADDRESS',
    about: 'address of the console (default: 127.0.0.1)',
    setting: 'console.host',
  },
  { name: 'port', value: 'PORT', about: 'port of the console (default: 8440)', setting: 'console.port' },
  {
    name: 'syslog-port',
    value: 'PORT',
    about: 'port of syslog over UDP and TCP (default: 5514)',
    setting: 'syslog.port',
  },
  {
    name: 'syslog-tls-port',
    value: 'PORT',
    about: 'port of syslog over TLS (default: 6514; 0: off)',
    setting: 'syslog.tlsPort',
  },
  {
    name: 'no-host-logs',
    about: "do not collect this machine's own logs",
    setting: 'collect.hostLogs',
    on: false,
  },
  { name: 'user', value: 'NAME', about: 'started as root: run as this user', setting: 'user' },
  { name: 'demo', about: 'send the logs of a simulated company, with attacks, into a tenant of its own' },
  { name: 'demo-rate', value: 'N', about: "the demo's events per second (default: 20)" },
];

export type Parsed = {
  readonly options: ReadonlyMap<string, string>;
  readonly set: ReadonlyMap<string, unknown>;
  readonly rest: readonly string[];
};

export function parseOptions(argv: readonly string[], defs: readonly OptionDef[]): Result<Parsed> {
  const options = new Map<string, string>();
  const set = new Map<string, unknown>();
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === '--') {
      rest.push(...argv.slice(i + 1));
      break;
    }
    if (!arg.startsWith('--')) {
      rest.push(arg);
      continue;
    }
    const [name = '', inline] = split(arg.slice(2));
    const def = defs.find((d) => d.name === name);
    if (def === undefined) {
      const near = nearest(name, [...defs.map((d) => d.name), 'help']);
      return err(
        `there is no option --${name}${near === undefined ? '' : `; did you mean --${near}?`} (--help lists all)`,
      );
    }
    if (def.value === undefined) {
      if (inline !== undefined) return err(`--${name} takes no value`);
      options.set(name, 'true');
      if (def.setting !== undefined) set.set(def.setting, def.on);
      continue;
    }
    const value = inline ?? argv[++i];
    if (value === undefined) return err(`--${name} needs a value: --${name} ${def.value}`);
    options.set(name, value);
    if (def.setting !== undefined)
      set.set(def.setting, def.value === 'PORT' && /^\d+$/.test(value) ? Number(value) : value);
  }
  return ok({ options, set, rest });
}

const split = (s: string): [string, string | undefined] => {
  const i = s.indexOf('=');
  return i < 0 ? [s, undefined] : [s.slice(0, i), s.slice(i + 1)];
};

export const optionHelp = (defs: readonly OptionDef[]): string =>
  defs
    .map((d) => `  --${`${d.name}${d.value === undefined ? '' : ` ${d.value}`}`.padEnd(24)} ${d.about}`)
    .join('\n');
