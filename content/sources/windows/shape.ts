/**
 * One Windows event out of its many JSON and XML spellings: winlogbeat, evtx_dump, NXLog-like flat JSON, and the
 * event's own XML. The schema is Microsoft's event schema (System, EventData, UserData).
 */
import { at, isObject, list, number, text } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';
import type { Json, JsonObject } from '../../../src/normalize/source.ts';

export type WinEvent = {
  readonly id: number;
  readonly channel: string;
  readonly provider: string;
  readonly computer: string;
  /** Microseconds. */
  readonly time: number | undefined;
  readonly recordId: string;
  readonly level: string;
  readonly keywords: string;
  readonly task: string;
  readonly opcode: string;
  readonly pid: number | undefined;
  /** SID of System/Security. */
  readonly sid: string;
  readonly message: string;
  /** EventData and UserData by name; like a Map because the names are a sender's. */
  readonly data: WinData;
};
export type WinData = Pick<ReadonlyMap<string, string>, 'get' | 'has' | 'size'> & {
  [Symbol.iterator](): Iterator<readonly [string, string]>;
};

/** Entries of EventData kept per event. */
export const DATA_MAX = 500;

/** Text of `x`, of `{"#text": x}`, or of an attribute. */
const val = (v: Json | undefined): string => text(v) ?? text(at(v, '#text')) ?? text(at(v, 'Value')) ?? '';
const firstOf = (v: Json | undefined): Json | undefined => (Array.isArray(v) ? (v as readonly Json[])[0] : v);
const attr = (v: Json | undefined, name: string): string =>
  text(at(v, '#attributes', name)) ??
  text(at(v, '_attributes', name)) ??
  text(at(v, `@${name}`)) ??
  text(at(v, name)) ??
  '';

/** The document as a Windows event, undefined where it is none. */
export function fromJson(doc: JsonObject): WinEvent | undefined {
  if (isObject(at(doc, 'winlog'))) return fromWinlogbeat(doc);
  const event = at(doc, 'Event') ?? doc;
  if (isObject(event) && isObject(at(event, 'System'))) return fromEvtx(event);
  return fromFlat(doc);
}

function fromWinlogbeat(doc: JsonObject): WinEvent | undefined {
  const w = at(doc, 'winlog');
  const id = number(at(w, 'event_id')) ?? number(at(doc, 'event', 'code'));
  if (id === undefined) return undefined;
  const data = new Map<string, string>();
  addData(data, at(w, 'event_data'));
  addData(data, at(w, 'user_data'));
  const keywords = at(w, 'keywords');
  return {
    id,
    channel: val(at(w, 'channel')) || val(at(w, 'log')),
    provider: val(at(w, 'provider_name')) || val(at(doc, 'event', 'provider')),
    computer: val(at(w, 'computer_name')) || val(at(doc, 'host', 'name')),
    time:
      stampMicros(at(w, 'time_created')) ??
      stampMicros(at(doc, '@timestamp')) ??
      stampMicros(at(doc, 'event', 'created')),
    recordId: val(at(w, 'record_id')),
    level: val(at(doc, 'log', 'level')) || val(at(w, 'level')),
    keywords: Array.isArray(keywords) ? list(keywords).join(',') : val(keywords),
    task: val(at(w, 'task')),
    opcode: val(at(w, 'opcode')),
    pid: number(at(w, 'process', 'pid')),
    sid: val(at(w, 'user', 'identifier')),
    message: val(at(doc, 'message')),
    data,
  };
}

function fromEvtx(event: JsonObject): WinEvent | undefined {
  const s = at(event, 'System');
  const id = number(val(firstOf(at(s, 'EventID'))));
  if (id === undefined) return undefined;
  const data = new Map<string, string>();
  addData(data, at(event, 'EventData'), true);
  addData(data, at(event, 'UserData'));
  return {
    id,
    channel: val(at(s, 'Channel')),
    provider: attr(at(s, 'Provider'), 'Name'),
    computer: val(at(s, 'Computer')),
    time: stampMicros(attr(at(s, 'TimeCreated'), 'SystemTime')),
    recordId: val(at(s, 'EventRecordID')),
    level: levelName(val(at(s, 'Level'))),
    keywords: val(at(s, 'Keywords')),
    task: val(at(s, 'Task')),
    opcode: val(at(s, 'Opcode')),
    pid: number(attr(at(s, 'Execution'), 'ProcessID')),
    sid: attr(at(s, 'Security'), 'UserID'),
    message: val(at(event, 'RenderingInfo', 'Message')),
    data,
  };
}

/** Keys of the envelope in flat documents; everything else there is event data. */
export const FLAT_ENVELOPE: ReadonlySet<string> = new Set(
  'EventID Channel Hostname Computer ComputerName SourceName ProviderName Provider_Name ProviderGuid EventTime EventReceivedTime TimeCreated SystemTime UtcTimeCreated @timestamp RecordNumber EventRecordID Severity SeverityValue Level LevelText Keywords Task Category Opcode OpcodeValue Message Version SourceModuleName SourceModuleType EventType EventTypeName ExecutionProcessID ExecutionThreadID UserID ActivityID EventData UserData product category'.split(
    ' ',
  ),
);

function fromFlat(doc: JsonObject): WinEvent | undefined {
  const id = number(val(firstOf(at(doc, 'EventID'))));
  if (id === undefined) return undefined;
  const data = new Map<string, string>();
  addData(data, at(doc, 'EventData'));
  addData(data, at(doc, 'UserData'));
  for (const key of Object.keys(doc)) {
    if (!FLAT_ENVELOPE.has(key)) addOne(data, key, doc[key]);
  }
  const first = (...names: string[]): string => {
    for (const n of names) {
      const v = val(at(doc, n));
      if (v !== '') return v;
    }
    return '';
  };
  const channel = first('Channel');
  const sysmonLike = channel === '' && data.has('ProcessGuid') && id < 256;
  return {
    id,
    channel: sysmonLike ? 'Microsoft-Windows-Sysmon/Operational' : channel,
    provider: first('SourceName', 'ProviderName', 'Provider_Name'),
    computer: first('Hostname', 'Computer', 'ComputerName'),
    time: stampMicros(
      first('SystemTime', 'TimeCreated', 'UtcTimeCreated', 'EventTime', '@timestamp') || data.get('UtcTime'),
    ),
    recordId: first('RecordNumber', 'EventRecordID'),
    level: first('Severity', 'LevelText') || levelName(first('Level')),
    keywords: first('Keywords', 'EventType'),
    task: first('Category', 'Task'),
    opcode: first('Opcode'),
    pid: number(first('ExecutionProcessID')),
    sid: first('UserID'),
    message: first('Message'),
    data,
  };
}

export const LEVELS = ['information', 'critical', 'error', 'warning', 'information', 'verbose'] as const;
export const levelName = (n: string): string => (/^[0-5]$/.test(n) ? (LEVELS[Number(n)] as string) : n);

/** `values`: what is nested is a value, too, and stays as its JSON under its own name. */
function addData(data: Map<string, string>, v: Json | undefined, values = false): void {
  if (!isObject(v)) return;
  for (const key of Object.keys(v)) {
    if (key === '#attributes' || key === '_attributes' || key === 'xmlns') continue;
    const inner = v[key];
    // UserData wraps its values in one element named after the event: {"LogFileCleared": {...}}.
    if (isObject(inner) && inner['#text'] === undefined) {
      if (values) addOne(data, key, inner);
      addData(data, inner);
    } else if (key === 'Data' && Array.isArray(inner)) addNamed(data, inner as readonly Json[]);
    else addOne(data, key, inner);
  }
}

/** `Data: [{"#attributes": {Name}, "#text"}]`, or values without names. */
function addNamed(data: Map<string, string>, items: readonly Json[]): void {
  for (const [i, item] of items.entries()) {
    addOne(
      data,
      attr(item, 'Name') || `param${i + 1}`,
      isObject(item) ? (at(item, '#text') ?? at(item, 'Value') ?? '') : item,
    );
  }
}

function addOne(data: Map<string, string>, key: string, v: Json | undefined): void {
  if (v === undefined || v === null || data.size >= DATA_MAX) return;
  data.set(key, typeof v === 'object' ? val(v) || JSON.stringify(v) : String(v));
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescapeXml(s: string): string {
  return s.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{1,4});/g, (all, name: string) => {
    if (!name.startsWith('#')) return ENTITIES.get(name) ?? all;
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** The event's own XML (one `<Event>`), read by its fixed shape: no DTD, no entities but the five, no recursion. */
export function fromXml(xml: string): WinEvent | undefined {
  const one = (re: RegExp): string => unescapeXml(re.exec(xml)?.[1] ?? '');
  const id = number(one(/<EventID[^>]*>(\d{1,10})</));
  if (id === undefined) return undefined;
  const data = new Map<string, string>();
  const named = /<Data(?:\s+Name=(?:"([^"]*)"|'([^']*)'))?\s*(?:\/>|>([^<]*)<\/Data>)/g;
  let n = 0;
  for (const m of xml.matchAll(named))
    addOne(data, unescapeXml(m[1] ?? m[2] ?? `param${++n}`), unescapeXml(m[3] ?? ''));
  const userData = /<UserData>([\s\S]*)<\/UserData>/.exec(xml)?.[1] ?? '';
  for (const m of userData.matchAll(/<(\w[\w.-]*)[^<>]*>([^<]*)<\/\1>/g))
    addOne(data, m[1] ?? '', unescapeXml(m[2] ?? ''));
  return {
    id,
    channel: one(/<Channel>([^<]*)</),
    provider: one(/<Provider [^>]*?Name=["']([^"']*)["']/),
    computer: one(/<Computer>([^<]*)</),
    time: stampMicros(one(/<TimeCreated [^>]*?SystemTime=["']([^"']*)["']/)),
    recordId: one(/<EventRecordID>(\d*)</),
    level: levelName(one(/<Level>(\d*)</)),
    keywords: one(/<Keywords>([^<]*)</),
    task: one(/<Task>([^<]*)</),
    opcode: one(/<Opcode>([^<]*)</),
    pid: number(one(/<Execution [^>]*?ProcessID=["'](\d+)["']/)),
    sid: one(/<Security [^>]*?UserID=["']([^"']*)["']/),
    message: one(/<RenderingInfo[\s\S]*?<Message>([^<]*)<\/Message>/),
    data,
  };
}
