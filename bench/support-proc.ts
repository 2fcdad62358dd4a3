/** What processes used, from /proc (proc(5), Linux only): CPU seconds by kind of thread, PSS, bytes in a folder. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Clock ticks of a second as /proc counts them (USER_HZ). */
const TICKS = 100;

const read = (path: string): string => {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
};
/** Fields from the third (state) on. */
const stat = (path: string): string[] => {
  const s = read(path);
  return s.slice(s.lastIndexOf(')') + 2).split(' ');
};
const seconds = (s: readonly string[], from: number): number =>
  (Number(s[from] ?? 0) + Number(s[from + 1] ?? 0)) / TICKS;

export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const n of readdirSync('/proc')) {
    if (!/^\d+$/.test(n)) continue;
    const parent = Number(stat(`${n}/stat`)[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(n)]);
  }
  const out: number[] = [];
  for (let todo = [pid]; todo.length > 0; ) {
    const p = todo.pop() as number;
    out.push(p);
    todo = todo.concat(children.get(p) ?? []);
  }
  return out;
}

export type Cpu = {
  readonly total: number;
  /** The process given. */
  readonly main: number;
  /** All others together (the engine). */
  readonly rest: number;
  /** Its main thread and its other threads, by name. */
  readonly threads: Readonly<Record<string, number>>;
};

/** CPU seconds, user and system, of a process, its descendants, and those of them that have ended. */
export function cpuOf(pid: number): Cpu {
  let main = 0;
  let rest = 0;
  for (const p of descendants(pid)) {
    const s = stat(`${p}/stat`);
    if (p === pid) {
      main = seconds(s, 11);
      rest += seconds(s, 13);
    } else rest += seconds(s, 11) + seconds(s, 13);
  }
  const threads: Record<string, number> = {};
  for (const t of readdirSync(`/proc/${pid}/task`)) {
    const name = Number(t) === pid ? 'main thread' : read(`${pid}/task/${t}/comm`).trim() || 'ended';
    threads[name] = (threads[name] ?? 0) + seconds(stat(`${pid}/task/${t}/stat`), 11);
  }
  return { total: main + rest, main, rest, threads };
}

export function cpuBetween(a: Cpu, b: Cpu): Cpu {
  const threads = Object.fromEntries(
    Object.entries(b.threads).map(([n, s]) => [n, s - (a.threads[n] ?? 0)] as const),
  );
  return { total: b.total - a.total, main: b.main - a.main, rest: b.rest - a.rest, threads };
}

/** Proportional set size in bytes: of the process, and of its descendants. */
export function pssOf(pid: number): { readonly main: number; readonly rest: number } {
  let main = 0;
  let rest = 0;
  for (const p of descendants(pid)) {
    const n = 1024 * Number(/^Pss:\s+(\d+)/m.exec(read(`${p}/smaps_rollup`))?.[1] ?? 0);
    if (p === pid) main = n;
    else rest += n;
  }
  return { main, rest };
}

/** Bytes of the blocks of all files under a folder; files with several names count once. */
export function diskBytes(folder: string): number {
  const seen = new Set<number>();
  let n = 0;
  for (const e of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!e.isFile()) continue;
    try {
      const s = statSync(join(e.parentPath, e.name));
      if (seen.has(s.ino)) continue;
      seen.add(s.ino);
      n += s.blocks * 512;
    } catch {
      // Merged away meanwhile.
    }
  }
  return n;
}

export const cores = (): string => /^model name\s*:\s*(.+)$/m.exec(read('cpuinfo'))?.[1] ?? 'unknown';
