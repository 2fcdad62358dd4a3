/**
 * Follows the systemd journal through `journalctl -o json --follow`: one JSON line, one record, its cursor is its
 * position. At the first start the last 24 hours are read, where journalctl honours `--lines` beside `--since` at most
 * FIRST_LINES_MAX entries of them (older versions show all). When journalctl ends it is started again after the last
 * record handed on, with a growing delay.
 * Held by journald.int.test.ts (with a stand-in for journalctl).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';
import type { Intake, RecordMeta } from '../model/record.ts';
import { type Door, type DoorState, handOver, sleep } from './door.ts';
import { LineCutter } from './line-cutter.ts';
import { isOwnJournalEntry } from './self-mark.ts';

export type JournaldOptions = {
  readonly tenant: string;
  /** Last stored position of the stream `journal:` (a cursor). */
  readonly positions: (stream: string) => string | undefined;
  /** Program to run; default `journalctl`. */
  readonly journalctl?: string;
  readonly firstHours?: number;
  readonly firstLinesMax?: number;
  readonly backoffMs?: number;
  /** Leave out what the kernel's audit put there, because audit.log is collected. */
  readonly withoutAudit?: boolean;
};

export const JOURNAL_STREAM = 'journal:';
const FIRST_HOURS = 24;
const FIRST_LINES_MAX = 50_000;
const BACKOFF_MS = 1000;
const BACKOFF_MS_MAX = 60_000;
/** A run that lasted this long was a good one: the delay starts small again. */
const GOOD_RUN_MS = 30_000;
const STDERR_CHARS_MAX = 500;
const KILL_AFTER_MS = 2000;
const CURSOR_CHARS_MAX = 512;
/** Quotes inside values are escaped in the JSON, so this text cannot stand inside another field. */
const CURSOR = /"__CURSOR"\s*:\s*"([^"\\]{1,512})"/;
const CURSOR_HEAD_BYTES = 4096;
/** systemd.journal-fields(7), _TRANSPORT; journalctl reads several matches on one field as OR. */
const TRANSPORTS_BUT_AUDIT = ['driver', 'syslog', 'journal', 'stdout', 'kernel'];

export async function openJournald(o: JournaldOptions, intake: Intake, log: Log): Promise<Door> {
  const f = new JournalFollower(o, intake, log);
  f.start();
  return {
    name: 'journal',
    address: o.journalctl ?? 'journalctl',
    state: () => f.state(),
    close: () => f.close(),
    [Symbol.asyncDispose]: () => f.close(),
  };
}

class JournalFollower {
  readonly #o: JournaldOptions;
  readonly #intake: Intake;
  readonly #log: Log;
  readonly #meta: RecordMeta;
  readonly #stop = new AbortController();
  #state: DoorState = { state: 'waiting', note: 'starting journalctl' };
  #cursor: string | undefined;
  #loop: Promise<void> = Promise.resolve();
  #read = 0;

  constructor(o: JournaldOptions, intake: Intake, log: Log) {
    this.#o = o;
    this.#intake = intake;
    this.#log = log;
    this.#cursor = o.positions(JOURNAL_STREAM);
    this.#meta = {
      tenant: o.tenant,
      origin: 'live',
      door: 'journal',
      sender: 'journal',
      token: '',
      format: 'journald',
      source: '',
      zone: '',
      stream: JOURNAL_STREAM,
    };
  }

  state(): DoorState {
    return this.#state;
  }
  start(): void {
    this.#loop = this.#run();
  }
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const first = this.#o.backoffMs ?? BACKOFF_MS;
    let delay = first;
    let lastWhy = '';
    while (!this.#stop.signal.aborted) {
      const began = performance.now();
      const end = await this.#once();
      if (this.#stop.signal.aborted) return;
      if (end.absent) {
        this.#state = { state: 'failed', note: 'journalctl is not on this machine' };
        this.#log.info('no systemd journal on this machine');
        return;
      }
      if (performance.now() - began > GOOD_RUN_MS) delay = first;
      this.#state = {
        state: 'waiting',
        note: `journalctl ended (${end.why}), again in ${Math.ceil(delay / 1000)} s`,
      };
      if (end.why !== lastWhy) this.#log.warn('journalctl ended', { why: end.why });
      lastWhy = end.why;
      await sleep(delay, this.#stop.signal);
      delay = Math.min(delay * 2, BACKOFF_MS_MAX);
    }
  }

  /** One run of journalctl, to its end. */
  async #once(): Promise<{ absent: boolean; why: string }> {
    const child = spawn(this.#o.journalctl ?? 'journalctl', this.#arguments(), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (t: string) => {
      errors = (errors + t).slice(0, STDERR_CHARS_MAX);
    });
    const exit = new Promise<{ absent: boolean; why: string }>((resolve) => {
      child.once('error', (e) => resolve({ absent: 'code' in e && e.code === 'ENOENT', why: errorText(e) }));
      child.once('close', (code, signal) =>
        resolve({ absent: false, why: errors.trim().split('\n')[0] || `exit ${code ?? signal}` }),
      );
    });
    const onStop = (): void => endChild(child);
    this.#stop.signal.addEventListener('abort', onStop, { once: true });
    if (child.pid !== undefined) await this.#follow(child.stdout);
    endChild(child);
    const end = await exit;
    this.#stop.signal.removeEventListener('abort', onStop);
    return end;
  }

  #arguments(): string[] {
    const common = ['--output=json', '--follow', '--all', '--quiet', '--no-pager'];
    if (this.#o.withoutAudit === true) common.push(...TRANSPORTS_BUT_AUDIT.map((t) => `_TRANSPORT=${t}`));
    if (this.#cursor !== undefined && this.#cursor.length <= CURSOR_CHARS_MAX)
      return [...common, '--no-tail', `--after-cursor=${this.#cursor}`];
    return [
      ...common,
      `--since=-${this.#o.firstHours ?? FIRST_HOURS}h`,
      `--lines=${this.#o.firstLinesMax ?? FIRST_LINES_MAX}`,
    ];
  }

  async #follow(out: AsyncIterable<Uint8Array>): Promise<void> {
    let lines: { raw: Uint8Array; pos: string }[] = [];
    let cursor = '';
    const cutter = new LineCutter((raw, _end, last) => {
      if (cursor === '') cursor = cursorOf(raw);
      // Only the last piece of a cut entry moves the position.
      lines.push({ raw, pos: last ? cursor : '' });
      if (last) cursor = '';
    });
    this.#state = this.#reading();
    try {
      for await (const chunk of out) {
        cutter.push(chunk);
        const batch = lines;
        lines = [];
        if (!(await this.#hand(batch))) return;
        this.#state = this.#reading();
      }
    } catch (e) {
      if (!this.#stop.signal.aborted)
        this.#log.warn('reading from journalctl failed', { error: errorText(e) });
    }
  }

  async #hand(lines: readonly { raw: Uint8Array; pos: string }[]): Promise<boolean> {
    const done = await handOver(this.#intake, this.#meta, lines, {
      own: (raw) => isOwnJournalEntry(raw, process.pid, process.execPath),
      signal: this.#stop.signal,
      onFull: (full) => {
        this.#state = full ? { state: 'waiting', note: 'journal full' } : this.#reading();
      },
    });
    for (let i = 0; i < done; i++) if (lines[i]!.pos !== '') this.#cursor = lines[i]!.pos;
    this.#read += done;
    return done === lines.length;
  }

  #reading(): DoorState {
    return { state: 'reading', note: `${this.#read} entries read` };
  }
}

function cursorOf(raw: Uint8Array): string {
  const head = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, CURSOR_HEAD_BYTES));
  const m =
    CURSOR.exec(head.toString('latin1')) ??
    (raw.length > CURSOR_HEAD_BYTES
      ? CURSOR.exec(Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1'))
      : null);
  return m?.[1] ?? '';
}

function endChild(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
}
