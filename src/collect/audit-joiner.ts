/**
 * Joins the lines of one audit event (`type=SYSCALL msg=audit(1700000000.123:456): ...` and those that follow with the
 * same stamp and serial) into one record, the lines separated by LF. Anything else passes through unchanged.
 *
 * A group ends at another serial, at another kind of line, at EOE or PROCTITLE (the kernel's last record of an
 * event), at its bounds, or when `flush` is called (the tail does so after AUDIT_IDLE_MS).
 * Held by audit-joiner.test.ts.
 */
export const AUDIT_IDLE_MS = 2000;
/** Lines and bytes of one joined event; the rest becomes a further record. */
export const AUDIT_LINES_MAX = 512;
export const AUDIT_BYTES_MAX = 512 * 1024;

const HEAD_BYTES = 320;
const HEAD = /^(?:node=[^ ]{1,255} )?type=([A-Z0-9_[\]]{1,64}) msg=(audit\(\d{1,12}\.\d{1,6}:\d{1,20}\))/;
const LAST = new Set(['EOE', 'PROCTITLE']);

/** `pos`: position after the record's last line. */
export type Joined = (raw: Uint8Array, pos: number) => void;

export class AuditJoiner {
  readonly #sink: Joined;
  #key = '';
  #lines: Uint8Array[] = [];
  #bytes = 0;
  #pos = 0;

  constructor(sink: Joined) {
    this.#sink = sink;
  }

  /** Lines that wait for the rest of their event. */
  get waiting(): number {
    return this.#lines.length;
  }

  line(raw: Uint8Array, pos: number): void {
    const head = auditHead(raw);
    if (head === undefined) {
      this.flush();
      this.#sink(raw, pos);
      return;
    }
    if (
      head.key !== this.#key ||
      this.#bytes + raw.length > AUDIT_BYTES_MAX ||
      this.#lines.length >= AUDIT_LINES_MAX
    )
      this.flush();
    this.#key = head.key;
    this.#lines.push(raw);
    this.#bytes += raw.length + 1;
    this.#pos = pos;
    if (LAST.has(head.type)) this.flush();
  }

  flush(): void {
    if (this.#lines.length === 0) return;
    const raw = this.#lines.length === 1 ? this.#lines[0]! : joinLines(this.#lines, this.#bytes - 1);
    const pos = this.#pos;
    this.#key = '';
    this.#lines = [];
    this.#bytes = 0;
    this.#sink(raw, pos);
  }
}

function auditHead(raw: Uint8Array): { type: string; key: string } | undefined {
  // Cheap refusal first: `t` of type or `n` of node.
  if (raw[0] !== 0x74 && raw[0] !== 0x6e) return undefined;
  const text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, HEAD_BYTES)).toString('latin1');
  const m = HEAD.exec(text);
  return m === null ? undefined : { type: m[1]!, key: m[2]! };
}

function joinLines(lines: readonly Uint8Array[], bytes: number): Uint8Array {
  const out = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const l of lines) {
    if (at > 0) out[at++] = 10;
    out.set(l, at);
    at += l.length;
  }
  return out;
}
