/**
 * Text from outside made safe for a terminal or a log line: C0 (but for tab), DEL, C1, line separators, bidirectional
 * controls and lone surrogates become `\u{..}` (an attacker's escape sequence must not reach the reader's terminal).
 */
const UNSAFE =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\u061c]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

export const printable = (text: string): string =>
  text.replace(UNSAFE, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);
