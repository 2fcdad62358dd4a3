/**
 * Any JSON object that no other source takes: its names become dotted fields as they are; time, text and level are
 * taken from the names that applications commonly use. ECS names in it therefore land in their own columns.
 */
import { type Json, type JsonObject, defineSource } from '../../../src/normalize/source.ts';
import { at, flatten, textOf } from '../../../src/normalize/json.ts';
import { parseTime } from '../../../src/normalize/time.ts';

const TIME_KEYS = [
  '@timestamp',
  'timestamp',
  'time',
  'ts',
  'eventTime',
  'date',
  'datetime',
  '@t',
  'created_at',
];
const MESSAGE_KEYS = ['message', 'msg', 'log', 'text', '@m', 'short_message'];
const LEVEL_KEYS = ['level', 'severity', 'loglevel', 'lvl', '@l'];

function firstOf(doc: JsonObject, keys: readonly string[]): Json | undefined {
  for (const k of keys) {
    const v = doc[k];
    if (typeof v === 'string' || typeof v === 'number') return v;
  }
  return undefined;
}

export default defineSource({
  name: 'generic-json',
  version: 1,
  title: 'Any other JSON object',
  recognise: {},
  parse: (input, out) => {
    const doc = input.json;
    if (doc === undefined) return 'no';
    flatten(doc, out);
    for (const key of TIME_KEYS) {
      const us = parseTime(doc[key], input);
      if (us === undefined) continue;
      out.setOurs('@timestamp', us);
      break;
    }
    const message = textOf(firstOf(doc, MESSAGE_KEYS));
    if (message !== undefined) out.set('message', message);
    const level = textOf(firstOf(doc, LEVEL_KEYS) ?? at(doc, 'log', 'level'));
    if (level !== undefined && /^[A-Za-z]{1,32}$/.test(level)) out.set('log.level', level.toLowerCase());
    const host = textOf(firstOf(doc, ['hostname', 'host']));
    if (host !== undefined && !out.has('host.name')) out.set('host.name', host);
    return 'parsed';
  },
});
