/** Every family. */
import type { Family } from '../harness.ts';
import { addresses } from './addresses.ts';
import { bytes } from './bytes.ts';
import { caps } from './caps.ts';
import { escapes } from './escapes.ts';
import { keys } from './keys.ts';
import { letters } from './letters.ts';
import { lines } from './lines.ts';
import { names } from './names.ts';
import { types } from './types.ts';

export const FAMILIES: readonly Family[] = [
  caps,
  keys,
  escapes,
  types,
  bytes,
  letters,
  addresses,
  names,
  lines,
];
