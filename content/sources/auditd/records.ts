/**
 * The Linux audit system's record text: `type=T msg=audit(sec.ms:serial): k=v ...`, one or more records of one event
 * joined by newlines; the kernel's own form (`audit: type=1400 audit(...)`); enriched values after GS (0x1d).
 */
export type AuditRecord = { readonly type: string; readonly values: ReadonlyMap<string, string> };
export type AuditEvent = {
  readonly records: readonly AuditRecord[];
  /** Microseconds. */
  readonly time: number;
  readonly serial: string;
  readonly node: string;
};

/** Records of one event that are read. */
export const RECORDS_MAX = 128;
/** Values of one record that are read (EXECVE can have thousands of arguments). */
export const VALUES_MAX = 512;

const HEAD =
  /(?:^|\s)type=([A-Z0-9_]{1,40}|UNKNOWN\[\d{1,6}\]) (?:msg=)?audit\((\d{1,12})\.(\d{3}):(\d{1,20})\):[ ]?/;
/** Kernel numbers of the records that are forwarded without a name (linux/audit.h). */
const NUMBERED: ReadonlyMap<string, string> = new Map([
  ['1100', 'USER_AUTH'],
  ['1101', 'USER_ACCT'],
  ['1112', 'USER_LOGIN'],
  ['1300', 'SYSCALL'],
  ['1302', 'PATH'],
  ['1305', 'CONFIG_CHANGE'],
  ['1309', 'EXECVE'],
  ['1327', 'PROCTITLE'],
  ['1400', 'AVC'],
  ['1130', 'SERVICE_START'],
  ['1131', 'SERVICE_STOP'],
]);

/** The event of a text, undefined where it holds no audit record. */
export function parseAudit(text: string): AuditEvent | undefined {
  const records: AuditRecord[] = [];
  let first: RegExpExecArray | undefined;
  for (const line of text.split('\n', RECORDS_MAX)) {
    const m = HEAD.exec(line);
    if (m === null) continue;
    first ??= m;
    const type = NUMBERED.get(m[1] ?? '') ?? m[1] ?? '';
    records.push({ type, values: values(line.slice(m.index + m[0].length)) });
  }
  if (first === undefined) return undefined;
  const node = /(?:^|\s)node=(\S{1,255})\s/.exec(text.slice(0, 400))?.[1] ?? '';
  const time = Number(first[2]) * 1e6 + Number(first[3]) * 1e3;
  return { records, time, serial: first[4] ?? '', node };
}

/** `key=value`: quoted by " or ', `{ ... }`, or bare. Keys of `msg='...'` stand beside the outer ones. */
const PAIR = /([A-Za-z][\w.[\]-]{0,60})=(?:"([^"]*)"|'([^']*)'|\{ ([^}]*)\}|([^\s\x1d]*))/g;

function values(body: string): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  // `old auid=1 new auid=2` (LOGIN) and `op=adding user id=7` (shadow tools) have blanks in the wrong places.
  const text = body
    .replace(/\bold (auid|ses)=/g, 'old_$1=')
    .replace(/\bnew (auid|ses)=/g, '$1=')
    .replace(/\bop=([a-z][a-z/ -]*?)(?= (?:[a-zA-Z_]+=))/g, 'op="$1"');
  add(out, text);
  return out;
}

function add(out: Map<string, string>, text: string): void {
  for (const m of text.matchAll(PAIR)) {
    if (out.size >= VALUES_MAX) return;
    const key = m[1] ?? '';
    if (key === 'msg' && m[3] !== undefined) add(out, m[3]);
    else if (m[4] !== undefined) add(out, m[4]);
    else out.set(key, m[2] ?? m[3] ?? decode(key, m[5] ?? ''));
  }
}

/** Values that the kernel writes as hex when they hold blanks, quotes or control characters; quoted otherwise. */
const ENCODED =
  /^(?:proctitle|cmd|exe|comm|name|cwd|acct|data|path|key|ocomm|watch|file|a\d{1,5}(?:\[\d+\])?)$/;

function decode(key: string, value: string): string {
  if (!ENCODED.test(key) || value.length < 2 || value.length % 2 !== 0 || !/^[0-9A-F]+$/.test(value))
    return value;
  return Buffer.from(value, 'hex').toString('utf8');
}

/** Address and port of a hex `saddr` (struct sockaddr, little-endian family). */
export function sockaddr(hex: string): { ip: string; port: number } | undefined {
  if (!/^(?:[0-9A-Fa-f]{2}){8,128}$/.test(hex)) return undefined;
  const b = Buffer.from(hex, 'hex');
  const family = b.readUInt16LE(0);
  if (family === 2) return { ip: [...b.subarray(4, 8)].join('.'), port: b.readUInt16BE(2) };
  if (family !== 10 || b.length < 24) return undefined;
  const words = Array.from({ length: 8 }, (_, i) => b.readUInt16BE(8 + i * 2).toString(16));
  return { ip: words.join(':'), port: b.readUInt16BE(2) };
}
