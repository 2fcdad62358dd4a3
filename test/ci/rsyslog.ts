/** A real rsyslogd in the foreground with a configuration of its own: inputs by plain TCP, forwarding to Vigil. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, sleep } from '../support/vigil.ts';

export type Way = 'tcp-counted' | 'tcp-lines' | 'udp' | 'tls';
export type Rsyslog = {
  readonly dir: string;
  /** Sends lines to rsyslog's own input; it forwards them the given way. */
  send(way: Way, lines: readonly string[]): Promise<void>;
  /** What rsyslogd said on its standard error. */
  readonly errors: () => string;
  stop(): Promise<void>;
};
export type RsyslogOptions = {
  readonly port: number;
  readonly tlsPort: number;
  /** The certificate that Vigil's TLS port shows. */
  readonly ca: string;
  /** The counted way writes to this file as well, as a Debian host does to auth.log. */
  readonly file?: string;
};

const PROGRAM = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd'].find((p) => existsSync(p));
export const hasRsyslog = PROGRAM !== undefined;
export const hasGtls = ['x86_64', 'aarch64'].some((a) =>
  existsSync(`/usr/lib/${a}-linux-gnu/rsyslog/lmnsd_gtls.so`),
);
export const hasLogger = spawnSync('logger', ['--version']).status === 0;

const START_MS_MAX = 15_000;

export async function startRsyslog(o: RsyslogOptions): Promise<Rsyslog> {
  if (PROGRAM === undefined) throw new Error('rsyslogd is not installed');
  const dir = mkdtempSync(join(tmpdir(), 'vigil-rsyslog-'));
  mkdirSync(join(dir, 'work'));
  const [a, b, c] = await freePorts();
  const [d] = await freePorts();
  const ports: Record<Way, number> = { 'tcp-counted': a, 'tcp-lines': b, udp: c, tls: d };
  writeFileSync(join(dir, 'rsyslog.conf'), configText(o, dir, ports));
  const child = spawn(PROGRAM, ['-n', '-f', join(dir, 'rsyslog.conf'), '-i', join(dir, 'pid')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (t: string) => {
    errors = (errors + t).slice(-20_000);
  });
  const until = Date.now() + START_MS_MAX;
  for (const way of Object.keys(ports) as Way[]) {
    if (way === 'tls' && !hasGtls) continue;
    while (!(await answers(ports[way]))) {
      if (Date.now() > until || child.exitCode !== null)
        throw new Error(`rsyslogd does not listen: ${errors}`);
      await sleep(100);
    }
  }
  return {
    dir,
    errors: () => errors,
    send: (way, lines) => send(ports[way], lines),
    stop: () => stop(child, dir),
  };
}

function configText(o: RsyslogOptions, dir: string, ports: Record<Way, number>): string {
  const forward = (name: Way, rest: string): string => `
input(type="imptcp" address="127.0.0.1" port="${ports[name]}" ruleset="${name}")
ruleset(name="${name}" queue.type="LinkedList" queue.size="50000") {
  action(type="omfwd" target="127.0.0.1" action.resumeRetryCount="-1" ${rest})
${name === 'tcp-counted' && o.file !== undefined ? `  action(type="omfile" file="${o.file}" template="RSYSLOG_TraditionalFileFormat")` : ''}
}`;
  return `
global(workDirectory="${join(dir, 'work')}" maxMessageSize="512k" defaultNetstreamDriverCAFile="${o.ca}")
module(load="imptcp")
${forward('tcp-counted', `port="${o.port}" protocol="tcp" tcp_framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"`)}
${forward('tcp-lines', `port="${o.port}" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat"`)}
${forward('udp', `port="${o.port}" protocol="udp" template="RSYSLOG_ForwardFormat"`)}
${
  hasGtls
    ? forward(
        'tls',
        `port="${o.tlsPort}" protocol="tcp" tcp_framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format" streamDriver="gtls" streamDriverMode="1" streamDriverAuthMode="anon"`,
      )
    : ''
}
`;
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const s = connect(port, '127.0.0.1', () => {
      s.destroy();
      done(true);
    });
    s.once('error', () => done(false));
  });
}

function send(port: number, lines: readonly string[]): Promise<void> {
  return new Promise((done, failed) => {
    const s = connect(port, '127.0.0.1', () => s.end(lines.map((l) => `${l}\n`).join('')));
    s.once('error', failed);
    s.once('close', () => done());
    s.resume();
  });
}

async function stop(child: ChildProcess, dir: string): Promise<void> {
  const gone = new Promise((r) => child.once('exit', r));
  if (child.exitCode === null) {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(late);
  }
  rmSync(dir, { recursive: true, force: true });
}
