/**
 * Weeks of history as files for the import path: one file a week, lines of syslog and NDJSON in order of time, as a
 * collector's archive holds them. The claimed times lie in the past, the receive time is that of the import.
 * An audit event that devices write as several lines stands as several lines. Held by `files.int.test.ts`.
 */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { WEEK_US } from './rhythm.ts';
import { history } from './traffic.ts';

/** Weeks and records of one call. */
export const HISTORY_WEEKS_MAX = 60;
export const HISTORY_RECORDS_MAX = 20_000_000;
/** What five weeks hold by default: imported in under 90 s on two cores. */
export const HISTORY_RECORDS = 250_000;
const CHUNK_CHARS = 256 * 1024;

export type HistoryFilesOptions = {
  readonly seed: number;
  /** End of the history, microseconds. */
  readonly nowUs: number;
  /** Default 5. */
  readonly weeks?: number;
  /** Records in all, about; default HISTORY_RECORDS. */
  readonly eventsTotal?: number;
  readonly signal?: AbortSignal;
};
export type HistoryFile = {
  readonly path: string;
  /** Lines: records as the import path counts them. */
  readonly records: number;
  readonly bytes: number;
  readonly fromUs: number;
  readonly toUs: number;
};

/** Writes the files, oldest first; the folder is made. Throws what the file system throws. */
export async function demoHistoryFiles(dir: string, o: HistoryFilesOptions): Promise<readonly HistoryFile[]> {
  const weeks = Math.min(Math.max(Math.floor(o.weeks ?? 5), 1), HISTORY_WEEKS_MAX);
  const total = Math.min(o.eventsTotal ?? HISTORY_RECORDS, HISTORY_RECORDS_MAX);
  const startUs = o.nowUs - weeks * WEEK_US;
  await mkdir(dir, { recursive: true });
  const items = history({ seed: o.seed, fromUs: startUs, toUs: o.nowUs, perDay: total / (weeks * 7) });
  const out: HistoryFile[] = [];
  let next = items.next();
  for (let week = 0; week < weeks && o.signal?.aborted !== true; week++) {
    const fromUs = startUs + week * WEEK_US;
    const toUs = fromUs + WEEK_US;
    const day = new Date(fromUs / 1000).toISOString().slice(0, 10);
    const path = join(dir, `week-of-${day}.log`);
    const file = createWriteStream(path, { mode: 0o600 });
    let records = 0;
    let bytes = 0;
    let chunk = '';
    const flush = async (): Promise<void> => {
      const b = Buffer.from(chunk);
      chunk = '';
      bytes += b.length;
      if (!file.write(b)) await once(file, 'drain');
    };
    for (; next.done !== true && next.value.atUs < toUs; next = items.next()) {
      const { raw } = next.value;
      records++;
      for (let i = raw.indexOf('\n'); i >= 0; i = raw.indexOf('\n', i + 1)) records++;
      chunk += `${raw}\n`;
      if (chunk.length >= CHUNK_CHARS) await flush();
    }
    await flush();
    file.end();
    await finished(file);
    out.push({ path, records, bytes, fromUs, toUs });
  }
  return out;
}
