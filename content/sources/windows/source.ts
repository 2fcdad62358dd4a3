/**
 * Windows events: winlogbeat JSON, evtx_dump JSON, flat JSON (NXLog and the like) the event's own XML,
 * and Snare's lines.
 * All of EventData/UserData stays under `winlog.event_data.<Name>` (Sigma's Windows field names live there).
 */
import type { EventFields } from '../../../src/model/event.ts';
import { ACTIONS } from '../../../src/model/vocabulary.ts';
import { defineSource } from '../../../src/normalize/source.ts';
import { stampMicros } from '../../lib/times.ts';
import { KERBEROS, LOGON_TYPES, type Mapper, STATUS, subject } from './logon.ts';
import { audited, PROTOCOLS, SECURITY, SYSTEM } from './security.ts';
import { DATA_MAX, fromJson, fromXml, LEVELS, type WinEvent } from './shape.ts';
import { fromSnare, SNARE } from './snare.ts';
import { fromTokens } from './tokens.ts';
import { DEFENDER, POWERSHELL, SYSMON } from './sysmon.ts';
import { baseName, put, qualified } from './values.ts';

const CHANNELS: readonly (readonly [RegExp, ReadonlyMap<number, Mapper>])[] = [
  [/^Security$/i, SECURITY],
  [/sysmon/i, SYSMON],
  [/^System$/i, SYSTEM],
  [/powershell/i, POWERSHELL],
  [/Windows Defender/i, DEFENDER],
];

export default defineSource({
  name: 'windows',
  version: 1,
  title: 'Windows events (Security, Sysmon, System, PowerShell, Defender)',
  recognise: {
    prefixes: ['<Event ', '<Event>', SNARE],
    jsonKeys: [
      ['winlog'],
      ['Event'],
      ['EventID', 'Channel'],
      ['EventID', 'Computer'],
      ['EventID', 'Hostname'],
      ['System', 'EventData'],
    ],
  },
  parse: (input, out) => {
    const event =
      input.json === undefined ? (fromSnare(input.message) ?? fromXml(input.message)) : fromJson(input.json);
    if (event === undefined) return 'no';
    envelope(event, out);
    if (event.data.size >= DATA_MAX) out.overflow++;
    for (const [name, value] of event.data) out.set(`${DATA}${name}`, value);
    return map(event, out);
  },
  fromTokens: (doc, out) => {
    const event = fromTokens(doc);
    if (event === undefined) return undefined;
    envelope(event, out);
    out.defer(DATA, event.data);
    const read = map(event, out);
    if (derives(event, out)) out.derived(WORDS);
    return read;
  },
});

const DATA = 'winlog.event_data.';
/** Security events whose mapping only takes values apart; others join values or write certificates' numbers anew. */
const TAKEN_APART: ReadonlySet<number> = new Set([
  4624, 4625, 4634, 4647, 4648, 4656, 4663, 4672, 4673, 4674, 4688, 4689, 4697, 4698, 4699, 4700, 4701, 4702,
  5140, 5145, 5156, 5157,
]);

/** Does all text of the mapped fields stand in the record, or in WORDS? IPv6 addresses are written anew. */
function derives(e: WinEvent, out: EventFields): boolean {
  const security = kinds.get(e.channel) === SECURITY;
  if (security ? !TAKEN_APART.has(e.id) : kinds.get(e.channel) !== SYSMON) return false;
  return out.text('source.ip')?.includes(':') !== true && out.text('destination.ip')?.includes(':') !== true;
}
/** Text that the mapping sets and the record need not hold; held complete by `src/normalize/quick.prop.test.ts`. */
const WORDS = [
  ...[...ACTIONS.values()].flatMap((a) => [a.name, ...a.category, ...a.type]),
  ...LOGON_TYPES.values(),
  ...STATUS.values(),
  ...KERBEROS.values(),
  ...PROTOCOLS.values(),
  ...LEVELS,
  'event alert success failure unknown dns Microsoft-Windows-Sysmon/Operational',
].join('\n');

function map(event: WinEvent, out: EventFields): 'parsed' | 'partial' {
  const known = mapperOf(event.channel, event.id);
  audited(event, out);
  known?.(event, out);
  if (known === undefined) who(event, out);
  if (!out.has('user.id')) put(out, 'user.id', event.sid);
  return known === undefined ? 'partial' : 'parsed';
}

/** Channels seen, so that their kind is found once; at most CHANNELS_MAX. */
const kinds = new Map<string, ReadonlyMap<number, Mapper> | undefined>();
const CHANNELS_MAX = 1000;
function mapperOf(channel: string, id: number): Mapper | undefined {
  let of = kinds.get(channel);
  if (of === undefined && !kinds.has(channel)) {
    of = CHANNELS.find(([re]) => re.test(channel))?.[1];
    if (kinds.size >= CHANNELS_MAX) kinds.clear();
    kinds.set(channel, of);
  }
  return of?.get(id);
}

/** Who acted, for events that nothing else is known of. */
function who(e: WinEvent, out: EventFields): void {
  subject(e, out);
  if (!out.has('user.name')) qualified(out, 'user', e.data.get('User'));
  put(out, 'process.executable', e.data.get('Image') ?? e.data.get('ProcessName'));
  put(out, 'process.name', baseName(e.data.get('Image') ?? e.data.get('ProcessName')));
}

/** Sysmon says when it happened apart from when it was logged. */
const happened = (e: WinEvent): number | undefined =>
  (/sysmon/i.test(e.channel) ? stampMicros(e.data.get('UtcTime')) : undefined) ?? e.time;

function envelope(e: WinEvent, out: EventFields): void {
  const time = happened(e);
  if (time !== undefined) out.setOurs('@timestamp', time);
  out.set('event.kind', 'event');
  out.set('event.code', String(e.id));
  put(out, 'event.provider', e.provider === '' ? e.channel : e.provider);
  put(out, 'host.name', e.computer);
  put(out, 'log.level', e.level.toLowerCase());
  put(out, 'message', e.message);
  put(out, 'winlog.channel', e.channel);
  put(out, 'winlog.event_id', String(e.id));
  put(out, 'winlog.provider_name', e.provider);
  put(out, 'winlog.computer_name', e.computer);
  put(out, 'winlog.record_id', e.recordId);
  put(out, 'winlog.keywords', e.keywords);
  put(out, 'winlog.task', e.task);
  put(out, 'winlog.opcode', e.opcode);
  put(out, 'winlog.process.pid', e.pid);
  put(out, 'winlog.user.identifier', e.sid);
}
