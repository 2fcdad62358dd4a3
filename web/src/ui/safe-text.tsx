/** Text from outside: always a text node, with control and bidirectional characters as visible escapes. */
import { printable } from '../../../src/base/printable.ts';

export const safe = (text: string): string => printable(text);

/** Several lines stay lines; every other control character is shown. */
export const safeLines = (text: string): string =>
  text
    .split('\n')
    .map((l) => printable(l))
    .join('\n');
