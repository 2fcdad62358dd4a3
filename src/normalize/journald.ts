/**
 * Entries of the systemd journal as `journalctl -o json` writes them -> the same envelope as syslog gets. Field names:
 * systemd.journal-fields(7). Contract: never throws; a MESSAGE given as a byte array is decoded as UTF-8. Held by
 * `journald.test.ts`.
 */
import type { EventFields } from '../model/event.ts';
import type { Envelope } from './envelope.ts';
import { FIELD_NAME_CHARS_MAX } from './json.ts';
import type { Json, JsonObject } from './source.ts';

/** Fields of one's own (not of the journal's) that are kept per entry. */
export const JOURNAL_EXTRA_MAX = 64;

/** True where the document is an entry of the journal. */
export const isJournal = (doc: JsonObject): boolean =>
  doc['__REALTIME_TIMESTAMP'] !== undefined &&
  (doc['MESSAGE'] !== undefined || doc['_HOSTNAME'] !== undefined);

/** A value of the journal as text: strings as they are, byte arrays decoded, several values: the first. */
function text(v: Json | undefined): string {
  if (typeof v === 'string') return v;
  if (typeof v === 'number') return String(v);
  if (!Array.isArray(v)) return '';
  const list = v as readonly Json[];
  if (typeof list[0] === 'string' || Array.isArray(list[0])) return text(list[0]);
  const bytes = new Uint8Array(list.length);
  for (let i = 0; i < list.length; i++) {
    const b = list[i];
    bytes[i] = typeof b === 'number' ? b & 255 : 0x3f;
  }
  return Buffer.from(bytes.buffer).toString('utf8');
}

function micros(v: Json | undefined): number | undefined {
  const t = text(v);
  return /^\d{1,16}$/.test(t) ? Number(t) : undefined;
}

export function journalEnvelope(doc: JsonObject): Envelope {
  const priority = Number(text(doc['PRIORITY']) || '-1');
  const facility = Number(text(doc['SYSLOG_FACILITY']) || '-1');
  const known = priority >= 0 && priority <= 7;
  return {
    kind: 'journald',
    message: text(doc['MESSAGE']),
    program: text(doc['SYSLOG_IDENTIFIER']) || text(doc['_COMM']),
    pid: text(doc['_PID']) || text(doc['SYSLOG_PID']),
    host: text(doc['_HOSTNAME']),
    pri: known ? (facility >= 0 && facility <= 23 ? facility : 3) * 8 + priority : -1,
    time: micros(doc['_SOURCE_REALTIME_TIMESTAMP']) ?? micros(doc['__REALTIME_TIMESTAMP']),
    msgid: '',
    data: [],
  };
}

const MAPPED: readonly (readonly [string, string])[] = [
  ['_EXE', 'process.executable'],
  ['_UID', 'process.user.id'],
  ['_TRANSPORT', 'journald.transport'],
  ['MESSAGE_ID', 'journald.message_id'],
  ['JOB_TYPE', 'systemd.job.type'],
  ['JOB_RESULT', 'systemd.job.result'],
  ['_CONTAINER_NAME', 'container.name'],
  ['CONTAINER_NAME', 'container.name'],
];
/** What syslog and the journal themselves add; the rest without a leading underscore is the program's own. */
const STANDARD =
  /^(?:_|(?:MESSAGE|PRIORITY|CODE_FILE|CODE_LINE|CODE_FUNC|MESSAGE_ID|UNIT|USER_UNIT|INVOCATION_ID|USER_INVOCATION_ID|JOB_ID|JOB_TYPE|JOB_RESULT|TID|CONTAINER_NAME)$|SYSLOG_)/;

/** Sets what the entry says beyond the envelope: unit, executable, and the program's own fields under `journald.`. */
export function journalFields(doc: JsonObject, out: EventFields): void {
  for (const [from, to] of MAPPED) {
    const v = text(doc[from]);
    if (v !== '') out.set(to, v);
  }
  const about = text(doc['UNIT']) || text(doc['USER_UNIT']);
  const unit = about || text(doc['_SYSTEMD_UNIT']);
  if (unit !== '') out.set('systemd.unit', unit);
  let extra = 0;
  for (const key in doc) {
    if (STANDARD.test(key)) continue;
    if (++extra > JOURNAL_EXTRA_MAX) {
      out.overflow++;
      break;
    }
    out.set(`journald.${key.toLowerCase()}`.slice(0, FIELD_NAME_CHARS_MAX), text(doc[key]));
  }
}
