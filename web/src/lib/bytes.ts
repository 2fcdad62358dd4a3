/** Exact bytes as a hex dump. Held by bytes.test.ts. */

/** Bytes shown at most; the rest is said. */
export const DUMP_BYTES_MAX = 16_384;

/** Lines of `offset  16 hex bytes  ASCII`, dots for what is not printable ASCII. */
export function hexDump(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const shown = bytes.subarray(0, DUMP_BYTES_MAX);
  const lines: string[] = [];
  for (let i = 0; i < shown.length; i += 16) {
    const row = [...shown.subarray(i, i + 16)];
    const hex = row.map((b) => b.toString(16).padStart(2, '0'));
    const text = row.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('');
    lines.push(
      `${i.toString(16).padStart(6, '0')}  ${hex.slice(0, 8).join(' ').padEnd(23)}  ${hex.slice(8).join(' ').padEnd(23)}  ${text}`,
    );
  }
  if (bytes.length > shown.length) lines.push(`(${bytes.length - shown.length} more bytes)`);
  return lines.join('\n');
}
