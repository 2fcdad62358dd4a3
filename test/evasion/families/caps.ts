/** The needle before, across and after every bound on size; what lies behind one must at least be named. */
import { AUDIT_LINES_MAX } from '../../../src/collect/audit-joiner.ts';
import { VALUE_CHARS_MAX } from '../../../src/model/event.ts';
import { RECORD_BYTES_MAX } from '../../../src/model/record.ts';
import { SD_PARAMS_MAX, TOKEN_CHARS_MAX } from '../../../src/normalize/envelope.ts';
import {
  FIELD_NAME_CHARS_MAX,
  FLATTEN_DEPTH_MAX,
  FLATTEN_FIELDS_MAX,
  FLATTEN_LIST_MAX,
  JSON_DEPTH_MAX,
  JSON_NODES_MAX,
} from '../../../src/normalize/json.ts';
import { JOURNAL_EXTRA_MAX } from '../../../src/normalize/journald.ts';
import { HEAD_CHARS } from '../../../src/normalize/text.ts';
import type { EvasionCase, Family } from '../harness.ts';
import { app, auditExec, cef, filling, json, netfilter, sshd, sudo, sysmon } from './records.ts';

const N = 'mimikatz';
/** A text of `size` characters with the needle at `at`. */
const at = (size: number, place: number, needle = N): string =>
  `${filling(place - 1)} ${needle} ${filling(Math.max(0, size - place - needle.length - 1))}`;
/** `n` further keys; `before` says how many of them come first. */
function keys(n: number, before: number, attack: Record<string, unknown>): string {
  const all: [string, unknown][] = Array.from({ length: n }, (_, i) => [`k${i}`, i]);
  all.splice(before, 0, ...Object.entries(attack));
  return json(Object.fromEntries(all));
}
const nested = (depth: number, inner: unknown): string =>
  `${'{"a":'.repeat(depth)}${json(inner)}${'}'.repeat(depth)}`;

/** A document of exactly the bound on records, each value within its own. */
function full(): string {
  const doc: Record<string, unknown> = { app: { command: N } };
  for (let i = 0; i < 17; i++) doc[`f${i}`] = filling(60_000);
  const spare = RECORD_BYTES_MAX - json(doc).length - ',"last":""'.length;
  return json({ ...doc, last: 'x'.repeat(spare) });
}

const V = VALUE_CHARS_MAX;
const value: EvasionCase[] = [
  { name: 'value bound: ends at it', rule: 'command', raw: json(app(at(V, V - N.length))) },
  {
    name: 'value bound: across',
    rule: 'command',
    raw: json(app(at(V + 100, V - 4))),
    named: 'truncated',
    word: N,
  },
  {
    name: 'value bound: behind',
    rule: 'command',
    raw: json(app(at(V + 100, V + 12))),
    named: 'truncated',
    word: N,
  },
  { name: 'value bound: before, with a tail beyond', rule: 'command', raw: json(app(at(V * 2, 12))) },
  {
    name: 'value bound: Windows, behind',
    rule: 'process',
    raw: json(sysmon({ CommandLine: at(V + 100, V + 12) })),
    named: 'truncated',
    word: N,
  },
  {
    name: 'value bound: keyword behind it is in the raw text',
    rule: 'keyword',
    raw: json(app(at(V + 100, V + 12))),
  },
  {
    name: 'value bound: in a list of one field',
    rule: 'command',
    raw: json(app(['ls', at(V + 100, V + 12)])),
    named: 'truncated',
  },
];

const H = HEAD_CHARS;
const head: EvasionCase[] = [
  {
    name: 'head of a line: before its end',
    rule: 'command_line',
    raw: sudo(`/usr/bin/cat ${at(H - 100, H - 150, ' /etc/shadow ')}`),
  },
  {
    name: 'head of a line: across',
    rule: 'command_line',
    raw: sudo(`/usr/bin/cat ${at(H + 100, H - 68, '/etc/shadow')}`),
    named: 'truncated',
  },
  {
    name: 'head of a line: behind',
    rule: 'command_line',
    raw: sudo(`/usr/bin/cat ${at(H + 100, H + 50, ' /etc/shadow ')}`),
    named: 'truncated',
    word: 'shadow',
  },
  {
    name: 'head of a line: an address pushed behind it',
    rule: 'ssh_root',
    raw: sshd(`Failed password for root from ${' '.repeat(H)}203.0.113.66 port 4 ssh2`),
    named: 'truncated',
  },
  {
    name: 'head of a line: a keyword behind it',
    rule: 'keyword',
    raw: sshd(`Invalid user ${filling(H + 10)} ${N} from 203.0.113.66`),
  },
];

const fields: EvasionCase[] = [
  { name: '1,001 keys: the attack first', rule: 'command', raw: keys(1000, 0, { 'app.command': N }) },
  {
    name: '1,001 keys: the attack last',
    rule: 'command',
    raw: keys(1000, 1000, { 'app.command': N }),
    named: 'truncated',
    word: N,
  },
  {
    name: '1,001 keys: the last that is kept',
    rule: 'command',
    raw: keys(1000, FLATTEN_FIELDS_MAX - 1, { 'app.command': N }),
  },
  {
    name: '1,001 keys: the first that is not',
    rule: 'command',
    raw: keys(1000, FLATTEN_FIELDS_MAX, { 'app.command': N }),
    named: 'truncated',
  },
  { name: '1,001 keys: keyword', rule: 'keyword', raw: keys(1000, 1000, { 'app.command': N }) },
  {
    name: '1,001 keys: nested in one object',
    rule: 'command',
    raw: `{"x":${keys(1000, 500, {})},"app":{"command":"${N}"}}`,
    named: 'truncated',
  },
  {
    name: '600 entries of EventData before the command line',
    rule: 'process',
    raw: json({
      Event: {
        System: (sysmon({}) as { Event: { System: object } }).Event.System,
        EventData: {
          ...Object.fromEntries(Array.from({ length: 600 }, (_, i) => [`P${i}`, 'x'])),
          CommandLine: N,
        },
      },
    }),
    named: 'truncated',
    word: N,
  },
  {
    name: 'a name of 600 characters beside it',
    rule: 'command',
    raw: json(app(N, { ['n'.repeat(600)]: 1 })),
  },
  {
    name: 'the needle in a name that is cut',
    rule: 'keyword',
    raw: json({ [`${'n'.repeat(FIELD_NAME_CHARS_MAX)}${N}`]: 1 }),
  },
  {
    name: 'a path whose names together are too long',
    rule: 'command',
    raw: json({ ['n'.repeat(FIELD_NAME_CHARS_MAX + 1)]: { app: 1 }, 'app.command': ['ls'], x: N }),
    named: 'truncated',
    word: N,
  },
];

const structure: EvasionCase[] = [
  {
    name: 'list bound: last kept',
    rule: 'command',
    raw: json(app([...Array(FLATTEN_LIST_MAX - 1).fill('ls'), N])),
  },
  {
    name: 'list bound: first left out',
    rule: 'command',
    raw: json(app([...Array(FLATTEN_LIST_MAX).fill('ls'), N])),
    named: 'truncated',
    word: N,
  },
  {
    name: 'list bound: in objects',
    rule: 'command',
    raw: json({ app: [...Array(FLATTEN_LIST_MAX).fill({ command: 'ls' }), { command: N }] }),
    named: 'truncated',
  },
  {
    name: 'list bound: two spellings of one name',
    rule: 'command',
    raw: json({ 'app.command': Array(FLATTEN_LIST_MAX).fill('ls'), app: { command: N } }),
    named: 'truncated',
  },
  {
    name: 'nodes: before the bound',
    rule: 'command',
    raw: `{"app":{"command":"${N}"},"x":[${'0,'.repeat(JSON_NODES_MAX)}0]}`,
  },
  {
    name: 'nodes: behind the bound',
    rule: 'command',
    raw: `{"x":[${'0,'.repeat(JSON_NODES_MAX)}0],"app":{"command":"${N}"}}`,
    named: 'truncated',
    word: N,
  },
  {
    name: 'nodes: behind the bound of a long text',
    rule: 'command',
    raw: `{"x":[${'0,'.repeat(150_000)}0],"app":{"command":"${N}"}}`,
    named: 'truncated',
    word: N,
  },
  { name: 'depth: kept as text', rule: 'keyword', raw: nested(FLATTEN_DEPTH_MAX + 5, { command: N }) },
  {
    name: 'depth: escaped below the depth that is flattened',
    rule: 'keyword',
    raw: nested(FLATTEN_DEPTH_MAX + 5, 1).replace('1}', '{"c":"mimi\\u006batz"}}'),
  },
  {
    name: 'depth: below the depth that is read',
    rule: 'keyword',
    raw: nested(JSON_DEPTH_MAX + 20, { command: N }),
  },
  {
    name: 'depth: beside a deep document',
    rule: 'command',
    raw: `{"deep":${nested(300, 1)},"app":{"command":"${N}"}}`,
  },
];

const sources: EvasionCase[] = [
  {
    name: 'CEF: the last extension that is read',
    rule: 'admin_port',
    raw: cef(`${Array.from({ length: 499 }, (_, i) => `k${i}=x`).join(' ')} dpt=4444`),
  },
  {
    name: 'CEF: the first that is not',
    rule: 'admin_port',
    raw: cef(`${Array.from({ length: 500 }, (_, i) => `k${i}=x`).join(' ')} dpt=4444`),
    named: 'truncated',
  },
  {
    name: 'audit: 300 arguments',
    rule: 'command_line',
    raw: auditExec([...Array.from({ length: 300 }, () => '"x"'), '"/etc/shadow"']),
    named: 'truncated',
    word: 'shadow',
  },
  {
    name: 'audit: 200 arguments',
    rule: 'command_line',
    raw: auditExec([...Array.from({ length: 200 }, () => '"x"'), '"/etc/shadow"']),
  },
  {
    name: 'audit: more records than are read',
    rule: 'command_line',
    raw: auditExec(['"cat"', '"/etc/shadow"']).replace(
      '\n',
      `\n${'type=PATH msg=audit(1772719200.123:77): item=0 name="/x"\n'.repeat(Math.min(AUDIT_LINES_MAX, 200))}`,
    ),
    named: 'truncated',
    word: 'shadow',
  },
  {
    name: 'structured data: more parameters than are kept',
    rule: 'command',
    raw: `<86>1 2026-03-05T14:00:00Z web01 app 1 - [x@1 ${Array.from({ length: SD_PARAMS_MAX }, (_, i) => `k${i}="v"`).join(' ')} command="${N}"] text`,
    named: 'truncated',
    word: N,
  },
  {
    name: 'journal: more fields of its own than are kept',
    rule: 'keyword',
    raw: json({
      __REALTIME_TIMESTAMP: '1772719200000000',
      MESSAGE: 'x',
      _HOSTNAME: 'web01',
      ...Object.fromEntries(Array.from({ length: JOURNAL_EXTRA_MAX + 5 }, (_, i) => [`F${i}`, 'x'])),
      LAST: N,
    }),
  },
  {
    name: 'a host name longer than any',
    rule: 'ssh_root',
    raw: sshd('Failed password for root from 203.0.113.66 port 4 ssh2', 'h'.repeat(TOKEN_CHARS_MAX + 10)),
  },
  {
    name: 'an entity for each of 70 addresses',
    rule: 'command',
    raw: json(app(N, { related: { ip: Array.from({ length: 70 }, (_, i) => `10.9.0.${i}`) } })),
    word: N,
  },
  // Nothing in it is cut, but what came behind it may be.
  {
    name: 'record bound: whole, and as long as a record can be',
    rule: 'command',
    raw: full(),
    named: 'truncated',
  },
  {
    name: 'record bound: a record that fills it',
    rule: 'command',
    raw: json(app(`${filling(RECORD_BYTES_MAX - 40)}${N}`)).slice(0, RECORD_BYTES_MAX),
    named: 'truncated',
  },
];

export const caps: Family = {
  name: 'bounds',
  plain: [
    { name: 'value', rule: 'command', raw: json(app(N)) },
    { name: 'line', rule: 'command_line', raw: sudo('/usr/bin/cat /etc/shadow') },
    { name: 'process', rule: 'process', raw: json(sysmon({ CommandLine: N })) },
    { name: 'CEF', rule: 'admin_port', raw: cef('dpt=4444') },
    { name: 'netfilter', rule: 'bad_address', raw: netfilter('203.0.113.66') },
    { name: 'audit', rule: 'command_line', raw: auditExec(['"cat"', '"/etc/shadow"']) },
    { name: 'sshd', rule: 'ssh_root', raw: sshd('Failed password for root from 203.0.113.66 port 4 ssh2') },
    { name: 'keyword', rule: 'keyword', raw: sshd(`Invalid user ${N} from 203.0.113.66`) },
  ],
  harmless: [
    { name: 'long and whole', rule: 'command', raw: json(app(filling(V - 1))) },
    { name: '800 keys', rule: 'command', raw: keys(800, 0, { 'app.command': 'ls' }) },
  ],
  cases: [...value, ...head, ...fields, ...structure, ...sources],
};
