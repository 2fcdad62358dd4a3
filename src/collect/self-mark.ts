/**
 * Recognises lines of Vigil's own log where Vigil collects the file or journal that they land in, so that it does not
 * feed itself. Strict on purpose: were any line that merely contains the mark dropped, an attacker could hide by
 * putting it into a user name. Only a line that *is* such a log entry counts: the entry stands at the start of the
 * line, or right after a syslog header whose program is Vigil's, or is the MESSAGE of a journal entry of this
 * executable. Held by self-mark.test.ts.
 */
import { SELF_MARK } from '../base/log.ts';

const MARK = Buffer.from(SELF_MARK);
const MARK_IN_JSON = Buffer.from(JSON.stringify(SELF_MARK).slice(1, -1));
/** The mark stands this early in a line, or not at all. */
const HEAD_BYTES = 400;
const ENTRY = `\\{"level":\\d{1,3},"time":"[0-9TZ:.-]{20,30}",${SELF_MARK}`;
const FILE_LINE = new RegExp(
  `^(?:(?:<\\d{1,3}>)?(?:[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d|\\d{4}-\\d\\d-\\d\\dT[0-9:.Z+-]{8,24}) [^ ]{1,255} (?:vigil|node|npm)(?:\\[\\d{1,10}\\])?: )?${ENTRY}`,
);
/** In the journal's JSON every quote inside a value is escaped, so these texts cannot stand inside another value. */
const JOURNAL_MESSAGE = `"MESSAGE":${JSON.stringify('{"level":').slice(0, -1)}`;

/** True for a line of a file that is Vigil's own log entry. */
export function isOwnLine(raw: Uint8Array): boolean {
  const head = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, HEAD_BYTES));
  return head.includes(MARK) && FILE_LINE.test(head.toString('latin1'));
}

/** True for a journal entry (`journalctl -o json`) written by this process or executable that is a log entry of Vigil's. */
export function isOwnJournalEntry(raw: Uint8Array, pid: number, executable: string): boolean {
  const line = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  if (!line.includes(MARK_IN_JSON) || !line.includes(JOURNAL_MESSAGE)) return false;
  return line.includes(`"_PID":"${pid}"`) || line.includes(`"_EXE":${JSON.stringify(executable)}`);
}
