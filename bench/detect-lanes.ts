/**
 * The lanes that `detect.ts` times: files of another project's benchmark where they are at hand, a natural Windows mix made
 * of real events, and our own mixed lane.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Rng, rngOf } from '../src/demo/random.ts';
import { makeLane } from './lane.ts';

export type DetectLane = { readonly name: string; readonly records: readonly Buffer[] };

/** Events of the natural mix that are shorter are left out, bytes. */
export const NATURAL_BYTES_MIN = 1500;

export function laneFiles(dir: string, max: number): DetectLane[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((f) => f.endsWith('.ndjson.gz') || f.endsWith('.ndjson'))
    .sort()
    .map((f) => {
      const bytes = readFileSync(join(dir, f));
      const lines = (f.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8').trim().split('\n');
      return {
        name: f.replace(/\.ndjson(\.gz)?$/, ''),
        records: lines.slice(0, max).map((l) => Buffer.from(l)),
      };
    });
}

/** Of the natural mix so many stay as they are: they are attacks, all of them, which no natural stream is. */
export const ATTACKS_SHARE = 0.02;

type Doc = { Event: { System: Record<string, unknown>; EventData?: Record<string, unknown> } };

/**
 * Real events of at least NATURAL_BYTES_MIN bytes, again and again with other values (numbers, identifiers, users, and but for
 * ATTACKS_SHARE harmless programs, command lines and files), so that no cache sees the same event twice.
 */
export function naturalWindows(file: string, count: number): DetectLane | undefined {
  if (!existsSync(file)) return undefined;
  const texts = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .flatMap((l) => (JSON.parse(l) as { events: unknown[] }).events.map((e) => JSON.stringify(e)))
    .filter((t) => Buffer.byteLength(t) >= NATURAL_BYTES_MIN);
  if (texts.length === 0) return undefined;
  const rng = rngOf(20260305);
  const records: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const doc = JSON.parse(texts[i % texts.length] as string) as Doc;
    if (rng() >= ATTACKS_SHARE) harmless(doc, rng);
    records.push(Buffer.from(vary(JSON.stringify(doc), rng)));
  }
  return { name: 'natural_windows', records };
}

function vary(t: string, rng: Rng): string {
  const digit = (): string => String(Math.floor(rng() * 10));
  const hex = (c: string): string => {
    const d = Math.floor(rng() * 16).toString(16);
    return c >= 'A' && c <= 'F' ? d.toUpperCase() : d;
  };
  return t
    .replace(/\b(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{8,64}\b/g, (m) => m.replace(/[0-9A-Fa-f]/g, hex))
    .replace(
      /("(?:ProcessId|ParentProcessId|EventRecordID|ThreadID|ProcessID|SourcePort)":"?)(\d+)/g,
      (_, k: string, n: string) => `${k}1${n.slice(1).replace(/\d/g, digit)}`,
    );
}

/** Program, arguments, description, and who starts it. */
const SERVICES = 'C:\\Windows\\System32\\services.exe';
const EXPLORER = 'C:\\Windows\\explorer.exe';
const SVCHOST = 'C:\\Windows\\System32\\svchost.exe';
const PROGRAMS = [
  ['svchost.exe', ' -k netsvcs -p -s Schedule', 'Host Process for Windows Services', SERVICES],
  ['taskhostw.exe', ' Install $(Arg0)', 'Host Process for Windows Tasks', SVCHOST],
  ['SearchIndexer.exe', ' /Embedding', 'Microsoft Windows Search Indexer', SERVICES],
  [
    'backgroundTaskHost.exe',
    ' -ServerName:App.AppXmtcan0h2tfbfy7k9kn8hbxb6dmzz1zh0.mca',
    'Background Task Host',
    SVCHOST,
  ],
  ['msiexec.exe', ' /V', 'Windows installer', SERVICES],
  ['WmiPrvSE.exe', ' -secured -Embedding', 'WMI Provider Host', SVCHOST],
  ['cmd.exe', ' /d /c npm run build --if-present', 'Windows Command Processor', EXPLORER],
  ['powershell.exe', ' -NoLogo -Command Get-ChildItem env:PATH', 'Windows PowerShell', EXPLORER],
  ['dllhost.exe', ' /Processid:{AB8902B4-09CA-4BB6-B78D-A8F59079A8D5}', 'COM Surrogate', SVCHOST],
  ['notepad.exe', ' C:\\Users\\tove\\Documents\\todo.txt', 'Notepad', EXPLORER],
] as const;
const USERS = ['olav', 'priya', 'tove', 'mikkel', 'sara', 'lukas'];
const FOLDERS = ['AppData\\Local\\Temp', 'Documents', 'AppData\\Roaming\\Code\\Cache', 'Downloads'];

function harmless(doc: Doc, rng: Rng): void {
  const data = doc.Event.EventData;
  if (data === undefined) return;
  const one = <T>(list: readonly T[]): T => list[Math.floor(rng() * list.length)] as T;
  const id = (): string => Math.floor(rng() * 1e9).toString(36);
  const [name, given, about, parent] = one(PROGRAMS);
  const exe = `C:\\Windows\\System32\\${name}`;
  const parentLine = parent === SVCHOST ? `${parent} -k DcomLaunch -p` : parent;
  const file = (): string => `C:\\Users\\${one(USERS)}\\${one(FOLDERS)}\\${id()}.tmp`;
  const with_: Record<string, () => string> = {
    Image: () => exe,
    CommandLine: () => `${exe}${given} ${id()}`,
    Description: () => about,
    OriginalFileName: () => name,
    NewProcessName: () => exe,
    SourceImage: () => exe,
    ParentImage: () => parent,
    ParentProcessName: () => parent,
    ParentCommandLine: () => parentLine,
    TargetImage: () => parent,
    TargetFilename: file,
    ImageLoaded: () => `C:\\Windows\\System32\\${one(['kernel32', 'ntdll', 'user32', 'combase'])}.dll`,
    TargetObject: () => `HKU\\S-1-5-21-1\\Software\\Vendor\\Settings\\${id()}`,
    Details: () => `DWORD (0x${id()})`,
    QueryName: () => `cdn${id()}.example.com`,
    PipeName: () => `\\${id()}`,
  };
  for (const key of Object.keys(data)) {
    const v = data[key];
    if (typeof v !== 'string') continue;
    const made = with_[key];
    data[key] = made !== undefined ? made() : v.length > 200 ? words(v, rng) : v;
  }
}

/** Long text (scripts): its longer words become others of the same length. */
const words = (text: string, rng: Rng): string =>
  text.replace(/[A-Za-z]{5,}/g, (w) => {
    const by = 1 + Math.floor(rng() * 25);
    return w.replace(/[a-z]/g, (c) => String.fromCharCode(97 + ((c.charCodeAt(0) - 97 + by) % 26)));
  });

/** Our own lane; lines that are not JSON are put into a document, as shippers do, so that the baseline can read them. */
export function ownLane(count: number): DetectLane {
  const { records } = makeLane(7, count);
  return {
    name: 'own_mixed',
    records: records.map((r) =>
      r[0] === 0x7b ? r : Buffer.from(JSON.stringify({ message: r.toString('utf8') })),
    ),
  };
}
