/**
 * Snapshots of detection state: one file per snapshot, `<through>.state`, a JSON header line and the bytes. The newest
 * two are kept; an unreadable one is passed over with a warning, and the journal is replayed from the one before.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../base/durable-file.ts';
import { free } from '../base/free.ts';
import type { Log } from '../base/log.ts';
import { errorText } from '../base/result.ts';

export const STATE_FORMAT = 1;
const KEPT = 2;
const NAME = /^(\d{15})\.state$/;

export type Snapshot = { readonly through: number; readonly content: string; readonly bytes: Uint8Array };
type Header = {
  readonly format: number;
  readonly through: number;
  readonly content: string;
  readonly sha256: string;
};

export class Snapshots {
  readonly #dir: string;
  readonly #log: Log;
  constructor(dir: string, log: Log) {
    this.#dir = dir;
    this.#log = log;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // What a write that failed or was killed left behind.
    for (const name of readdirSync(dir)) if (name.endsWith('.state.tmp')) unlinkSync(join(dir, name));
  }

  /** The snapshot's bytes are given up. */
  save(s: Snapshot): void {
    const header: Header = {
      format: STATE_FORMAT,
      through: s.through,
      content: s.content,
      sha256: sha256(s.bytes),
    };
    const file = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`, 'utf8'), s.bytes]);
    writeDurably(join(this.#dir, `${String(s.through).padStart(15, '0')}.state`), file);
    free(file);
    free(s.bytes);
    for (const name of this.#names().slice(KEPT)) unlinkSync(join(this.#dir, name));
  }

  /** Batch up to which every kept snapshot is: the journal may forget what is before the older one. */
  oldest(): number {
    const n = NAME.exec(this.#names().at(-1) ?? '')?.[1];
    return n === undefined ? -1 : Number(n);
  }

  /** The newest readable snapshot not after `through`. Throws where a newer Vigil wrote it. */
  load(through: number): Snapshot | undefined {
    for (const name of this.#names()) {
      if (Number(NAME.exec(name)?.[1]) > through) continue;
      const read = this.#read(name);
      if (read !== undefined) return read;
    }
    return undefined;
  }

  /** Hashes of the contents that the kept snapshots were taken under. */
  contents(): string[] {
    return this.#names().flatMap((name) => {
      const header = this.#open(name)?.header;
      return header === undefined ? [] : [header.content];
    });
  }

  #open(name: string): { readonly header: Header; readonly bytes: Buffer } | undefined {
    try {
      const file = readFileSync(join(this.#dir, name));
      const end = file.indexOf(10);
      const header = JSON.parse(file.toString('utf8', 0, Math.max(end, 0))) as Header;
      return { header: { ...header }, bytes: file.subarray(end + 1) };
    } catch (e) {
      this.#log.error('a detection state snapshot cannot be read', { file: name, cause: errorText(e) });
      return undefined;
    }
  }

  /** A damaged one must not count as one of those that the journal may be cut behind. */
  #setAside(name: string): undefined {
    this.#log.error('a detection state snapshot is damaged; an older one is used', { file: name });
    renameSync(join(this.#dir, name), join(this.#dir, `${name}.damaged`));
    return undefined;
  }

  #read(name: string): Snapshot | undefined {
    const opened = this.#open(name);
    if (opened === undefined) return this.#setAside(name);
    const { header, bytes } = opened;
    if (header.format > STATE_FORMAT) {
      throw new Error(
        `the detection state (format ${header.format}) was written by a newer Vigil; start that version`,
      );
    }
    if (sha256(bytes) !== header.sha256) return this.#setAside(name);
    return { through: header.through, content: header.content, bytes };
  }

  #names(): string[] {
    return readdirSync(this.#dir)
      .filter((n) => NAME.test(n))
      .sort()
      .reverse();
  }
}

const sha256 = (b: Uint8Array): string => createHash('sha256').update(b).digest('hex');
