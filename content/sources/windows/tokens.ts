/**
 * A Windows event read from the tokens of its document (flat JSON, or evtx_dump's), value by value when it is asked for. The
 * same event as `fromJson` gives; undefined where the document is of another spelling or nested in a way not known here.
 * Held by `src/normalize/quick.prop.test.ts`.
 */
import { number } from '../../lib/json.ts';
import { stampMicros } from '../../lib/times.ts';
import { ROOT, type Tokens } from '../../../src/normalize/tokens.ts';
import type { FieldFamily } from '../../../src/model/event.ts';
import { FLAT_ENVELOPE, levelName, type WinData, type WinEvent } from './shape.ts';

/** Data that is made when it is asked for. */
export type TokenEvent = WinEvent & { readonly data: WinData & FieldFamily };

export function fromTokens(t: Tokens): TokenEvent | undefined {
  const p = pathsOf(t);
  if (t.isObject(p.winlog)) return undefined;
  return t.isObject(p.event) ? evtx(t, p) : flat(t, p);
}

/** Event ids as all tools write them. */
const ID = /^[0-9]{1,6}$/;

function flat(t: Tokens, p: Paths): TokenEvent | undefined {
  for (let i = 0; i < t.n; i++) if (t.isObject(t.paths[i] as number)) return undefined;
  const id = t.textOf(p.flat.EventID) ?? '';
  return ID.test(id) ? new FlatEvent(t, p, Number(id)) : undefined;
}

function evtx(t: Tokens, p: Paths): TokenEvent | undefined {
  const s = p.system;
  if (!t.isObject(s.self) || t.isObject(p.userData)) return undefined;
  for (const path of s.scalars) if (t.isObject(path)) return undefined;
  for (const a of [s.Provider, s.TimeCreated, s.Execution, s.Security]) {
    if (!t.isObject(a.self)) continue;
    for (const other of a.others) if (t.has(other)) return undefined;
    if (t.textOf(a.value) === '') return undefined;
  }
  if (t.isObject(p.message)) return undefined;
  if (t.isObject(p.eventData))
    for (let i = 0; i < t.n; i++) {
      const path = t.paths[i] as number;
      if (t.parentOf(path) === p.eventData && t.isObject(path) && !NO_DATA.has(t.keyOf(path)))
        return undefined;
    }
  const id = t.textOf(s.EventID) ?? '';
  return ID.test(id) ? new EvtxEvent(t, p, Number(id)) : undefined;
}

/** Keys of EventData that are no data. */
const NO_DATA: ReadonlySet<string> = new Set(['#attributes', '_attributes', 'xmlns']);

/** The values of one object of the document. */
class Data implements WinData, FieldFamily {
  readonly #t: Tokens;
  readonly #parent: number;
  readonly #leftOut: ReadonlySet<string>;
  readonly #epoch: number;

  constructor(t: Tokens, parent: number, leftOut: ReadonlySet<string>) {
    this.#t = t;
    this.#parent = parent;
    this.#leftOut = leftOut;
    this.#epoch = t.epoch;
  }

  #check(): void {
    if (this.#t.epoch !== this.#epoch) throw new Error('bug: an event is read after the next one was');
  }
  get(name: string): string | undefined {
    this.#check();
    const path = this.#t.find(this.#parent, name);
    return path < 0 || this.#leftOut.has(name) ? undefined : this.#t.textOf(path);
  }
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }
  get size(): number {
    let n = 0;
    for (const _ of this) n++;
    return n;
  }
  /** Of the whole document, not of these values alone: fields are made of the others, too. */
  escaped(see: (value: string) => void): void {
    this.#check();
    const t = this.#t;
    for (let i = 0; i < t.n; i++) {
      const path = t.paths[i] as number;
      if (t.isEscaped(path)) see(t.textOf(path) as string);
    }
  }
  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    this.#check();
    const t = this.#t;
    for (let i = 0; i < t.n; i++) {
      const path = t.paths[i] as number;
      if (t.parentOf(path) !== this.#parent) continue;
      const name = t.keyOf(path);
      if (this.#leftOut.has(name)) continue;
      const value = t.textOf(path);
      if (value !== undefined) yield [name, value];
    }
  }
}

class FlatEvent implements TokenEvent {
  readonly id: number;
  readonly channel: string;
  readonly data: Data;
  readonly #t: Tokens;
  readonly #p: Paths['flat'];

  constructor(t: Tokens, p: Paths, id: number) {
    this.#t = t;
    this.#p = p.flat;
    this.id = id;
    this.data = new Data(t, ROOT, FLAT_ENVELOPE);
    const channel = this.#first(p.flat.Channel);
    const sysmonLike = channel === '' && id < 256 && this.data.has('ProcessGuid');
    this.channel = sysmonLike ? 'Microsoft-Windows-Sysmon/Operational' : channel;
  }
  #first(...paths: number[]): string {
    for (const path of paths) {
      const v = this.#t.textOf(path);
      if (v !== undefined && v !== '') return v;
    }
    return '';
  }
  get provider(): string {
    return this.#first(this.#p.SourceName, this.#p.ProviderName, this.#p.Provider_Name);
  }
  get computer(): string {
    return this.#first(this.#p.Hostname, this.#p.Computer, this.#p.ComputerName);
  }
  get time(): number | undefined {
    const p = this.#p;
    return stampMicros(
      this.#first(p.SystemTime, p.TimeCreated, p.UtcTimeCreated, p.EventTime, p['@timestamp']) ||
        this.data.get('UtcTime'),
    );
  }
  get recordId(): string {
    return this.#first(this.#p.RecordNumber, this.#p.EventRecordID);
  }
  get level(): string {
    return this.#first(this.#p.Severity, this.#p.LevelText) || levelName(this.#first(this.#p.Level));
  }
  get keywords(): string {
    return this.#first(this.#p.Keywords, this.#p.EventType);
  }
  get task(): string {
    return this.#first(this.#p.Category, this.#p.Task);
  }
  get opcode(): string {
    return this.#first(this.#p.Opcode);
  }
  get pid(): number | undefined {
    return number(this.#first(this.#p.ExecutionProcessID));
  }
  get sid(): string {
    return this.#first(this.#p.UserID);
  }
  get message(): string {
    return this.#first(this.#p.Message);
  }
}

class EvtxEvent implements TokenEvent {
  readonly id: number;
  readonly channel: string;
  readonly data: Data;
  readonly #t: Tokens;
  readonly #p: Paths;

  constructor(t: Tokens, p: Paths, id: number) {
    this.#t = t;
    this.#p = p;
    this.id = id;
    this.channel = this.#val(p.system.Channel);
    this.data = new Data(t, p.eventData, NO_DATA);
  }
  #val(path: number): string {
    return this.#t.textOf(path) ?? '';
  }
  get provider(): string {
    return this.#val(this.#p.system.Provider.value);
  }
  get computer(): string {
    return this.#val(this.#p.system.Computer);
  }
  get time(): number | undefined {
    return stampMicros(this.#val(this.#p.system.TimeCreated.value));
  }
  get recordId(): string {
    return this.#val(this.#p.system.EventRecordID);
  }
  get level(): string {
    return levelName(this.#val(this.#p.system.Level));
  }
  get keywords(): string {
    return this.#val(this.#p.system.Keywords);
  }
  get task(): string {
    return this.#val(this.#p.system.Task);
  }
  get opcode(): string {
    return this.#val(this.#p.system.Opcode);
  }
  get pid(): number | undefined {
    return number(this.#val(this.#p.system.Execution.value));
  }
  get sid(): string {
    return this.#val(this.#p.system.Security.value);
  }
  get message(): string {
    return this.#val(this.#p.message);
  }
}

const FLAT_KEYS = [
  'EventID',
  'Channel',
  'SourceName',
  'ProviderName',
  'Provider_Name',
  'Hostname',
  'Computer',
  'ComputerName',
  'SystemTime',
  'TimeCreated',
  'UtcTimeCreated',
  'EventTime',
  '@timestamp',
  'RecordNumber',
  'EventRecordID',
  'Severity',
  'LevelText',
  'Level',
  'Keywords',
  'EventType',
  'Category',
  'Task',
  'Opcode',
  'ExecutionProcessID',
  'UserID',
  'Message',
] as const;
type Attribute = { readonly self: number; readonly value: number; readonly others: readonly number[] };
type Paths = ReturnType<typeof makePaths>;

function makePaths(t: Tokens) {
  const flatPaths = Object.fromEntries(FLAT_KEYS.map((k) => [k, t.path(ROOT, k)])) as Record<
    (typeof FLAT_KEYS)[number],
    number
  >;
  const event = t.path(ROOT, 'Event');
  const self = t.path(event, 'System');
  const attribute = (of: string, name: string): Attribute => {
    const path = t.path(self, of);
    return {
      self: path,
      value: t.path(t.path(path, '#attributes'), name),
      others: ['_attributes', `@${name}`, name].map((k) => t.path(path, k)),
    };
  };
  const system = {
    self,
    EventID: t.path(self, 'EventID'),
    Channel: t.path(self, 'Channel'),
    Computer: t.path(self, 'Computer'),
    EventRecordID: t.path(self, 'EventRecordID'),
    Level: t.path(self, 'Level'),
    Keywords: t.path(self, 'Keywords'),
    Task: t.path(self, 'Task'),
    Opcode: t.path(self, 'Opcode'),
    Provider: attribute('Provider', 'Name'),
    TimeCreated: attribute('TimeCreated', 'SystemTime'),
    Execution: attribute('Execution', 'ProcessID'),
    Security: attribute('Security', 'UserID'),
  };
  return {
    flat: flatPaths,
    winlog: t.path(ROOT, 'winlog'),
    event,
    system: {
      ...system,
      scalars: Object.values(system)
        .filter((v) => typeof v === 'number')
        .slice(1),
    },
    eventData: t.path(event, 'EventData'),
    userData: t.path(event, 'UserData'),
    message: t.path(t.path(event, 'RenderingInfo'), 'Message'),
  };
}

/** The numbers of the paths hold until the tokens forget them. */
let known: { readonly t: Tokens; readonly generation: number; readonly paths: Paths } | undefined;
function pathsOf(t: Tokens): Paths {
  if (known?.t !== t || known.generation !== t.generation)
    known = { t, generation: t.generation, paths: makePaths(t) };
  return known.paths;
}
