/**
 * Snapshots of detection state: one file per snapshot, `<through>.state`, a JSON header line and the bytes. The newest
 * two are kept; an unreadable one is passed over with a warning, and the journal is replayed from the one before.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../base/durable-file.ts';
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
  }

  save(s: Snapshot): void {
    const header: Header = {
      format: STATE_FORMAT,
      through: s.through,
      content: s.content,
      sha256: sha256(s.bytes),
    };
    writeDurably(
      join(this.#dir, `${String(s.through).padStart(15, '0')}.state`),
      Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`, 'utf8'), s.bytes]),
    );
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

  #read(name: string): Snapshot | undefined {
    const file = readFileSync(join(this.#dir, name));
    const end = file.indexOf(10);
    let header: Header;
    try {
      header = JSON.parse(file.toString('utf8', 0, Math.max(end, 0))) as Header;
    } catch (e) {
      this.#log.error('a detection state snapshot is damaged; an older one is used', {
        file: name,
        cause: errorText(e),
      });
      return undefined;
    }
    if (header.format > STATE_FORMAT) {
      throw new Error(
        `the detection state (format ${header.format}) was written by a newer Vigil; start that version`,
      );
    }
    const bytes = file.subarray(end + 1);
    if (sha256(bytes) !== header.sha256) {
      this.#log.error('a detection state snapshot is damaged; an older one is used', { file: name });
      return undefined;
    }
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
